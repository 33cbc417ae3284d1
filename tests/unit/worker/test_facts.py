"""What is kept of turns that do not fit: facts that name their turns, danger first, no more than there is room for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.clinical.risk import find_risk
from models.transcript import Turn, parse_transcript, render_turn
from server.worker.facts import Fact, chosen, facts_of, fitting
from tests.support.transcripts import SHORT_SESSION

TALK = st.text(max_size=120) | st.just("I want to hurt myself. Today I walked to the lake with my brother.")
CALM = (
    "Therapist: What would you like to talk about today?\n"
    "Patient: I argued with my sister about the garden, and I have slept badly since Monday.\n"
    "Therapist: Let us practise what you could say to her next time.\n"
    "Patient: I will ask her for one evening without talking about the garden."
)


def length(fact: Fact) -> int:
    return len(render_turn(fact.as_turn()))


def test_a_fact_is_what_was_said_with_the_number_of_its_turn_in_the_session() -> None:
    turns = [Turn(200 + turn.index, turn.speaker, turn.text) for turn in parse_transcript(CALM)]

    facts = facts_of(turns)

    lines = [render_turn(fact.as_turn()) for fact in facts]
    assert any(line.startswith("Turn 201: Patient ") and "sister about the garden" in line for line in lines)
    assert {index for fact in facts for index in fact.turns} <= {200, 201, 202, 203}


def test_what_was_said_of_danger_comes_first_and_word_for_word() -> None:
    facts = facts_of(parse_transcript(SHORT_SESSION))

    assert facts[0].danger
    assert "No, nothing like that." in facts[0].text
    assert set(facts[0].turns) <= {4, 5}
    assert not any(fact.danger for fact in facts[1:])


DANGERS = (
    "Therapist: Any thoughts of ending your life in the past two weeks, even fleeting ones, at night?\n"
    "Client: Most nights I think about ending my life with the insulin, I have six pens saved.\n"
    "Therapist: And have you hurt yourself?\n"
    "Client: I burned my arm with the iron on Thursday, twice, and I hid it from my wife.\n"
    "Therapist: You said your brother is staying.\n"
    "Client: He hit me with a belt on Sunday and he said he would kill my dog.\n"
    "Client: I took too many pills in 2019, I was in intensive care.\n"
)


def test_each_exchange_about_danger_is_a_fact_that_names_the_turns_it_tells() -> None:
    facts = facts_of(parse_transcript(DANGERS))

    told = {fact.turns: fact.text for fact in facts if fact.danger}
    assert sorted(told) == [(0, 1), (2, 3), (5,), (6,)]
    for turns, words in {(0, 1): "six pens saved", (2, 3): "burned my arm", (5,): "with a belt", (6,): "2019"}.items():
        assert words in told[turns]
    # What the client affirmed comes first, and nothing of danger is told twice.
    assert facts[0].turns == (0, 1)
    assert [fact.turns for fact in facts if not fact.danger] == [(4,)]


def test_two_questions_about_danger_that_are_answered_alike_each_have_their_answer() -> None:
    facts = facts_of(
        parse_transcript(
            "Therapist: Any thoughts of suicide?\nClient: No.\nTherapist: Any self-harm?\nClient: No.\n"
            "Therapist: Do you want to hurt anybody else?\nClient: No."
        )
    )

    assert [fact.turns for fact in facts if fact.danger] == [(0, 1), (2, 3), (4, 5)]
    assert all(fact.text.endswith('Patient said: "No."') for fact in facts if fact.danger)


def test_danger_behind_the_end_of_a_quotation_is_a_fact_of_its_own() -> None:
    long = "I did something with a knife on Monday when I could not sleep and everybody was away and nobody called me"
    facts = facts_of(parse_transcript(f"Therapist: Any self-harm?\nClient: Well. {long} at all. Then I cut my leg."))

    assert facts[0].turns == (0, 1)
    assert "cut my leg" not in facts[0].text
    assert any(fact.danger and fact.turns == (1,) and "cut my leg" in fact.text for fact in facts)


SAID = [
    "I want to kill myself.",
    "I cut my arm on Monday.",
    "He beat me with a belt.",
    "Any thoughts of suicide?",
    "Have you hurt yourself?",
    "No.",
    "Yes, I took an overdose in May.",
    "I slept badly, and the garden is dry.",
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["client", "therapist", "mother", "unknown"]),
            st.lists(st.sampled_from(SAID), min_size=1, max_size=3, unique=True),
        ),
        max_size=8,
    )
)
def test_all_that_is_said_of_danger_stands_in_some_fact(spoken: list[tuple[str, list[str]]]) -> None:
    window = [Turn(place, speaker, " ".join(said)) for place, (speaker, said) in enumerate(spoken)]

    facts = facts_of(window)

    for turn, (_, said) in zip(window, spoken, strict=True):
        for sentence in said:
            if find_risk([Turn(turn.index, turn.speaker, sentence)]):
                assert any(fact.danger and sentence.rstrip(".?") in fact.text for fact in facts), sentence


def test_no_mark_of_a_risk_word_reaches_the_prompt() -> None:
    turns = [Turn(0, "client", "I thought of {{RED:suicide}} on Monday, and of {{RED:self-harm}}.")]

    assert not any("{{" in fact.text for fact in facts_of(turns))


@given(st.lists(st.builds(Turn, st.just(0), st.sampled_from(["client", "therapist", "unknown"]), TALK), max_size=6))
def test_every_fact_names_turns_of_its_window_and_none_is_empty(spoken: list[Turn]) -> None:
    window = [Turn(index, turn.speaker, turn.text) for index, turn in enumerate(spoken)]

    facts = facts_of(window)

    assert all(fact.text and fact.turns and set(fact.turns) <= set(range(len(window))) for fact in facts)
    assert len({fact.text for fact in facts}) == len(facts)


def test_a_fact_of_many_turns_names_the_first_and_the_last() -> None:
    assert render_turn(Fact("Patient felt better.", (3, 5, 9)).as_turn()) == "Turns 3, 5 and 9: Patient felt better."
    assert render_turn(Fact("Patient felt better.", (3, 5, 9, 40)).as_turn()) == "Turns 3 to 40: Patient felt better."


FACTS = st.builds(Fact, st.text("ab .", min_size=1, max_size=80), st.tuples(st.integers(0, 500)), st.booleans())


@given(st.lists(FACTS, max_size=8), st.integers(20, 300))
def test_what_is_kept_of_a_window_fits_and_is_something(facts: list[Fact], most: int) -> None:
    kept = fitting(facts, most, length)

    assert sum(map(length, kept)) <= most
    assert bool(kept) == bool(facts)


def test_much_danger_leaves_a_quarter_of_the_room_to_what_else_was_said() -> None:
    danger = [Fact(f"Patient said: number {place} of what is dangerous.", (place,), danger=True) for place in range(9)]
    other = [Fact("Patient slept badly.", (20,)), Fact("Patient reads.", (21,))]

    kept = fitting([*danger, *other], 300, length)

    assert kept[:3] == tuple(danger[:3])
    assert kept[-2:] == tuple(other)
    # Where nothing else was said, danger has all of it.
    assert sum(map(length, fitting(danger, 300, length))) > 225


def test_a_danger_that_is_too_long_is_shortened_and_not_left_out_for_what_is_short() -> None:
    kept = fitting([Fact("Patient said: " + "very " * 40, (1,), danger=True), Fact("Patient reads.", (2,))], 80, length)

    assert [fact.danger for fact in kept][:1] == [True]


@given(st.lists(st.lists(FACTS, max_size=4), max_size=30), st.integers(20, 3000))
def test_what_stands_in_the_prompt_fits_and_gives_every_window_a_fact_before_any_has_two(
    windows: list[list[Fact]], most: int
) -> None:
    kept = chosen(windows, most, length)

    firsts = [facts[0] for facts in windows if facts]
    assert sum(length(fact) for facts in kept for fact in facts) <= most
    if 24 * len(firsts) <= most:
        assert [bool(some) for some in kept] == [bool(facts) for facts in windows]
    if sum(map(length, firsts)) <= most:
        assert all(set(some) <= set(facts) for some, facts in zip(kept, windows, strict=True))
    else:
        assert all(len(some) <= 1 for some in kept)


def test_a_fact_is_shortened_after_a_word() -> None:
    fact = Fact("Patient reported that they walked to the lake before work.", (7,))

    (short,) = fitting([fact], 42, length)

    assert short.text == "Patient reported that they walked…"


def test_where_not_all_windows_have_room_danger_stays_and_the_others_are_spread() -> None:
    windows = [[Fact("Same.", (100 + place,), danger=place == 40)] for place in range(64)]
    assert length(windows[0][0]) <= 24

    kept = [place for place, facts in enumerate(chosen(windows, 9 * length(windows[0][0]), length)) if facts]

    assert 40 in kept
    assert max(after - before for before, after in zip([0, *kept], [*kept, 63], strict=True)) <= 16
