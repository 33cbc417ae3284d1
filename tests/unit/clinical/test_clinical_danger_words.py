"""The words of danger in German, Spanish and English, and the everyday words beside them that mean none."""

from __future__ import annotations

import pytest

from models.clinical.gates import holds
from models.clinical.grounding import check_section
from models.clinical.risk import RiskMention, find_risk
from models.clinical.risk_rule import unspoken_risk
from models.clinical.session import session_of
from models.formats import Gate
from models.transcript import Turn, parse_transcript


def said(text: str, speaker: str = "client") -> list[RiskMention]:
    return list(find_risk([Turn(0, speaker, text)]))


def is_danger(text: str, category: str) -> bool:
    return any(one.category == category and not one.negated for one in said(text))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Ich habe mich gestern geschnitten.", "self_harm"),
        ("Ich habe mich am Handgelenk geschnitten.", "self_harm"),
        ("Gestern hab ich mich wieder tief geschnitten.", "self_harm"),
        ("Ich ritze mich.", "self_harm"),
        ("Ich verletze mich selbst.", "self_harm"),
        ("Ich habe mir absichtlich weh getan.", "self_harm"),
        ("Haben Sie den Drang, sich zu schneiden?", "self_harm"),
        ("Ich wollte sterben.", "suicide"),
        ("Ich will einfach nur noch sterben.", "suicide"),
        ("Wollten Sie sterben?", "suicide"),
        ("Gestern wollte ich mir etwas antun.", "suicide"),
        ("Haben Sie Gedanken, sich etwas anzutun?", "suicide"),
        ("Ich wäre lieber tot.", "suicide"),
        ("Ich wünschte, ich wäre tot.", "suicide"),
        ("Ich will nicht mehr aufwachen.", "suicide"),
        ("Ich will einschlafen und nie mehr aufwachen.", "suicide"),
        ("Ich wollte von der Brücke springen.", "suicide"),
        ("Ich denke daran, vor den Zug zu springen.", "suicide"),
        ("Ich wollte mich vor die U-Bahn werfen.", "suicide"),
        ("Ich habe alle Tabletten genommen.", "overdose"),
        ("Ohne mich wären alle besser dran.", "suicide"),
        ("Ich habe einen Abschiedsbrief geschrieben.", "suicide"),
        ("Ich wollte mich erhängen.", "suicide"),
        ("Er schlägt mich.", "violence"),
        ("Er hat mich vergewaltigt.", "abuse"),
        ("Haben Sie eine Waffe im Haus?", "weapon"),
    ],
)
def test_danger_is_known_in_german(text: str, category: str) -> None:
    assert is_danger(text, category)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Quiero morir.", "suicide"),
        ("Sí, quería morir.", "suicide"),
        ("¿Quería morir?", "suicide"),
        ("Me quiero morir.", "suicide"),
        ("Quisiera estar muerta.", "suicide"),
        ("Ojalá no despertara.", "suicide"),
        ("Quería no despertar.", "suicide"),
        ("Estarían mejor sin mí.", "suicide"),
        ("Me quiero tirar del puente.", "suicide"),
        ("Escribí una carta de despedida a mis hijos.", "suicide"),
        ("Sí, el martes me corté en la pierna.", "self_harm"),
        ("Me corto los brazos.", "self_harm"),
        ("Me corté anoche con una cuchilla.", "self_harm"),
        ("Me hago daño.", "self_harm"),
        ("Me hice daño otra vez.", "self_harm"),
        ("Me tomé todas las pastillas.", "overdose"),
        ("Me tomé las pastillas de mi madre.", "overdose"),
        ("Anoche tomé diez pastillas de más.", "overdose"),
        ("Mi marido me pegó.", "violence"),
        ("Me violó mi tío.", "abuse"),
        ("Tengo una pistola.", "weapon"),
    ],
)
def test_danger_is_known_in_spanish(text: str, category: str) -> None:
    assert is_danger(text, category)


@pytest.mark.parametrize(
    "text",
    [
        "Ich habe mich beim Kochen geschnitten.",
        "Beim Rasieren habe ich mich geschnitten.",
        "Ich habe mich am Papier geschnitten.",
        "Ich habe mich in den Finger geschnitten.",
        "Da haben Sie sich geschnitten.",
        "Die Sache ist geritzt.",
        "Ich bin gestürzt und habe mir wehgetan.",
        "Ich könnte sterben vor Scham.",
        "Ich bin fast gestorben vor Lachen.",
        "Mein Vater liegt im Sterben.",
        "Ich hatte Angst zu sterben.",
        "Meine Oma ist gestorben.",
        "Ich habe mir die Haare schneiden lassen.",
        "Ich möchte mir die Haare schneiden lassen.",
        "Ich möchte nachts nicht mehr aufwachen.",
        "Ich habe Brot geschnitten.",
        "Wir sind vom Beckenrand gesprungen.",
        "Ich bin ins Wasser gesprungen.",
        "Ich wäre fast tot umgefallen.",
        "Ich habe alle Tabletten genommen, wie die Ärztin es wollte.",
        "Ich nehme die Tabletten jeden Morgen.",
        "Humor ist seine stärkste Waffe.",
        "Wir waren Waffeln essen.",
        "Er schlägt mir einen Spaziergang vor.",
        "Er schlägt mich immer beim Schach.",
        "Schreiben Sie einen Abschiedsbrief an den Alkohol.",
        "Das Auto ist vor den Zug gefahren.",
        "Ich habe mich über ihn geärgert und Brot geschnitten.",
        "Die Linien schneiden sich.",
        "Das bringt mich um.",
        "Ich würde es meinen Kindern nie antun.",
        "Ich war todmüde und habe mich hingelegt.",
        "Der Computer hat sich aufgehängt.",
        "Ich verletze mich oft beim Sport.",
        "Ich muss mich von ihm trennen.",
    ],
)
def test_everyday_german_is_no_danger(text: str) -> None:
    assert not said(text)


@pytest.mark.parametrize(
    "text",
    [
        "Me muero de risa.",
        "Me quiero morir de vergüenza.",
        "Quiero morirme de risa con él.",
        "Me corté el pelo.",
        "Me corté el dedo cocinando.",
        "Quiero cortarme el pelo.",
        "Me corto mucho hablando en público.",
        "Me hice daño en la rodilla jugando.",
        "Me hice daño al caer.",
        "Eso no tiene sentido sin mí.",
        "No quiero despertar a mi hijo.",
        "Quiero despertarme temprano.",
        "Me tomé las pastillas esta mañana.",
        "Me tomé todas las pastillas como me dijo el médico.",
        "Me pegó un susto.",
        "Me pegó la gripe.",
        "Violó la ley.",
        "Es un arma de doble filo.",
        "Tiré la basura por la ventana.",
        "Mi madre me va a matar cuando vea la nota.",
        "Mi abuelo murió en mayo.",
        "Escribí una carta de despedida a la empresa.",
        "Tengo miedo a morir.",
        "Vamos a cortar el pan.",
        "Mi jefe me mata a trabajar.",
    ],
)
def test_everyday_spanish_is_no_danger(text: str) -> None:
    assert not said(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ich habe mich nicht geschnitten.",
        "Ich habe mich seit Mai nicht mehr geschnitten.",
        "Ich ritze mich nicht mehr.",
        "Ich wollte nicht sterben.",
        "Ich würde mir nie etwas antun.",
        "Ich werde mir nichts antun.",
        "Ich verletze mich nicht selbst.",
        "No quiero morir.",
        "No me corté.",
        "Nunca me hago daño.",
    ],
)
def test_a_no_between_the_words_of_danger_denies_it(text: str) -> None:
    found = said(text)

    assert found
    assert all(one.negated for one in found)


@pytest.mark.parametrize(
    "talk",
    [
        "Therapeut: Wie war die Woche?\nKlientin: Ich habe mich gestern geschnitten.",
        "Therapeut: Haben Sie Gedanken, sich etwas anzutun?\nKlientin: Nein.",
        "Terapeuta: ¿Qué pasó?\nPaciente: Quería morir.",
    ],
)
def test_danger_in_german_and_spanish_is_no_silence(talk: str) -> None:
    assert holds(Gate.RISK, parse_transcript(talk))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I tied the rope in the garage and put it round my neck.", "suicide"),
        ("On Sunday I tied the rope in the garage and put it round my neck.", "suicide"),
        ("I think about driving my car into a tree on the way home.", "suicide"),
        ("Sometimes I think about just driving into the bridge.", "suicide"),
        ("I've thought of steering into oncoming traffic.", "suicide"),
        ("I wrote goodbye letters to the kids.", "suicide"),
        ("I've written a goodbye note.", "suicide"),
        ("I don't want to live.", "suicide"),
        ("I don't want to live without him.", "suicide"),
        ("I never wanted to live after that.", "suicide"),
        ("I took all the pills.", "overdose"),
        ("I took all of my sleeping pills.", "overdose"),
        ("I cut again last night.", "self_harm"),
        ("I cut last night and needed stitches.", "self_harm"),
        ("I cut on Tuesday.", "self_harm"),
        ("I've cut twice this month.", "self_harm"),
        ("I cut again on Tuesday, four times.", "self_harm"),
        ("I think about jumping from the bridge near my house.", "suicide"),
        ("Since the layoff I think about jumping from the parking garage at work.", "suicide"),
        ("I drank bleach.", "suicide"),
        ("I have pills saved in the bathroom.", "suicide"),
        ("I've been saving up my pills.", "suicide"),
        ("Sometimes I think he'd be better off if I was dead.", "suicide"),
        ("They'd all be better off without me.", "suicide"),
        ("I put the gun in my mouth on Friday and pulled it out again.", "suicide"),
        ("Honestly I put my service gun to my head last week.", "suicide"),
        ("I held the knife against my throat.", "suicide"),
        ("Did you put the gun to your head?", "suicide"),
        ("Put gun to head last week.", "suicide"),
    ],
)
def test_danger_is_known_by_how_it_is_planned_or_was_done(text: str, category: str) -> None:
    assert is_danger(text, category)
    assert all(one.about == "client" for one in said(text) if one.category == category)


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to live with him.",
        "I don't want to live there anymore than you do.",
        "I don't want to live in the city.",
        "That's the house where I don't want to live.",
        "I don't want to live like this.",
        "I took all the pills he prescribed.",
        "I took all the pills as directed.",
        "I took all the pills to the pharmacy.",
        "I cut class on Tuesday.",
        "I cut sugar again.",
        "I cut the grass on Tuesday.",
        "I cut again on carbs.",
        "I cut last night's call short.",
        "We cut again the cake.",
        "I cut back on Friday nights out.",
        "They cut on Tuesdays and colour on Fridays.",
        "He cut me off last night.",
        "I tied the rope to the boat.",
        "I wore the scarf round my neck.",
        "I jumped from job to job.",
        "We went bungee jumping from the bridge.",
        "The cat jumped from the balcony.",
        "My son jumped from the pier into the water.",
        "I drank coffee.",
        "I cleaned the bath with bleach.",
        "The pills saved my life.",
        "I saved the receipt for the pills.",
        "I'm saving my pills for the flight.",
        "He looked at me as if I was dead.",
        "If I was dead tired I would sleep.",
        "I drove into a tree by accident.",
        "I think about driving to the lake.",
        "I want to drive into town.",
        "I worry the car runs into a wall.",
        "We could write a goodbye letter to your father.",
        "I wrote a goodbye letter to alcohol.",
        "I got a goodbye card from my colleagues.",
        "The team wrote goodbye letters to my colleagues.",
        "He put a pillow under my head.",
        "I put the phone to my ear.",
        "There is a cutting board on the table.",
    ],
)
def test_everyday_english_is_no_danger(text: str) -> None:
    assert not said(text)


@pytest.mark.parametrize(
    "text",
    [
        "I haven't cut in three months.",
        "I haven't cut since May.",
        "No cutting this week.",
        "I didn't drink bleach.",
        "It's not that I don't want to live.",
    ],
)
def test_a_no_to_how_it_is_done_denies_it(text: str) -> None:
    found = said(text)

    assert found
    assert all(one.negated for one in found)


@pytest.mark.parametrize(
    "text", ["He held a knife to my throat.", "She wrote goodbye letters.", "My brother put a gun in his mouth."]
)
def test_what_another_did_is_not_the_speakers(text: str) -> None:
    assert {one.about for one in said(text)} == {"other"}


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("Meine Mutter hat sich umgebracht, als ich zwölf war.", "other"),
        ("Meine Frau hat sich etwas angetan.", "other"),
        ("Mein Mann hat mich geschlagen.", "other"),
        ("Mein Vater hat mich früher geschlagen.", "other"),
        ("Er hat gesagt, er bringt sich um, wenn ich gehe.", "other"),
        ("Er hat gesagt, er bringt mich um.", "other"),
        ("Mein Ehemann wollte mich umbringen.", "other"),
        ("Meine Mutter ist krank, sie wollte sterben.", "other"),
        ("Damals wollte sie sterben.", "other"),
        ("Sie hat sich umgebracht.", "other"),
        ("Mein Opa hat sich erhängt.", "other"),
        ("Me dijo que me iba a matar.", "other"),
        ("Me amenazó con matarme.", "other"),
        ("Mi marido me quería matar.", "other"),
        ("Mi marido me pegó otra vez.", "other"),
        ("Mi mujer quería morir.", "other"),
        ("Me violó mi tío.", "other"),
        ("Er hat mich vergewaltigt.", "other"),
        ("Mi hermana se corta los brazos.", "other"),
        ("Me pegó.", "other"),
        ("Ich habe meinen Mann belogen und habe mich geschnitten.", "client"),
        ("Wegen meiner Frau habe ich mich geschnitten.", "client"),
        ("Ich will mich umbringen.", "client"),
        ("Wollten Sie sterben?", "client"),
        ("Haben Sie daran gedacht, sich das Leben zu nehmen?", "client"),
        ("Mi marido se fue y me corté en la pierna.", "client"),
        ("Cuando mi novio grita, quiero morir.", "client"),
        ("Por mi pareja me tomé todas las pastillas.", "client"),
        ("Ich könnte meinen Mann umbringen.", "client"),
        ("Quiero matarlo.", "client"),
        ("Mi hermano dijo que no, pero yo quería morir.", "client"),
        ("Hatten Sie Gedanken, sich umzubringen?", "client"),
    ],
)
def test_whose_danger_it_is_is_known_in_german_and_spanish(text: str, whose: str) -> None:
    assert {one.about for one in said(text)} == {whose}


def test_a_note_makes_no_attempt_of_the_patients_of_a_suicide_in_the_family() -> None:
    talk = "Therapeut: Was ist passiert?\nKlientin: Meine Mutter hat sich umgebracht, als ich zwölf war."
    session = session_of(parse_transcript(talk))

    assert unspoken_risk("Suizidversuch in der Vergangenheit.", session) == "risk_of_another"
    assert unspoken_risk("Mutter verstarb durch Suizid.", session) is None


def test_a_cut_that_was_told_in_spanish_stands_in_a_note() -> None:
    talk = "Terapeuta: ¿Volvió a cortarse?\nPaciente: Sí, el martes me corté en la pierna."

    assert check_section("Se cortó en la pierna el martes.", parse_transcript(talk), Gate.RISK).removed == ()
