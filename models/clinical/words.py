"""Words reduced to what they have in common: stems, groups of near meaning, numbers. For English; other languages
fall back to the first letters of a word."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")

STOP = frozenset(
    """a an the and or but if then so as of at by for with about into through during before after to from in on off out over
    under again further once here there when where why how all any both each few more most other some such only own same than
    too very can will just should now i me my myself we our ours ourselves you your yours yourself he him his himself she her
    hers herself it its itself they them their theirs themselves what which who whom this that these those am is are was were
    be been being have has had having do does did doing would could might may must shall also really well like got get gets
    getting thing things lot kind sort going go went much many um uh yeah yes okay ok oh mm hm right know mean maybe
    i'm i've i'll i'd it's that's there's he's she's they're you're we're let's don't didn't can't won't isn't wasn't aren't
    weren't haven't hasn't hadn't doesn't wouldn't couldn't shouldn't ain't not no nor never none nothing without
    patient client pt therapist clinician session sessions reports reported report states stated describes described
    discussed discuss explored explore noted notes endorsed endorses expressed expresses shared shares mentioned mentions
    acknowledged acknowledges identified identifies presented presents said says say told tell tells denies denied deny
    reviewed addressed provided used encouraged invited offered introduced experiencing experienced experiences
    que el la los las un una de en y con por para me mi te se lo le su es no si muy pero como más esta este eso
    der die das und ich nicht ein eine ist es zu mit auf für im den dem sie er wir mir mich
    le les des du et je ne pas un une est en que qui pour avec dans ce il elle on nous vous""".split()
)

# Words a clinician puts for what a client says in others. Each line is one meaning.
_GROUPS = """
sleep slept sleeping asleep insomnia awake waking woke bed night nights tired rest rested
anxious anxiety anxiously worry worried worries worrying nervous panic panicky panicked panicking fear fears afraid scared tense tension dread stress stressed stressful apprehension apprehensive
sad sadness down low depressed depression depressive blue cry crying cried tearful tears hopeless hopelessness unhappy miserable
angry anger mad furious irritable irritability irritated snapping snapped frustrated frustration annoyed yell yelled yelling
work job office boss manager workplace colleague colleagues coworker coworkers deadline deadlines shift occupational employment
mother mom mum mama parent parents
father dad papa parent parents
spouse husband wife partner marriage married marital relationship couple
boyfriend girlfriend partner relationship dating
child children kid kids son daughter
sibling brother sister siblings
homework assignment assigned practice practise practicing practising practiced task worksheet
drink drinking drank drunk alcohol wine beer beers sober sobriety drinks
eat eating ate appetite food meal meals hungry
friend friends social socially socializing people
alone lonely loneliness isolated isolating isolation isolate withdrawn withdrawal withdraw avoid avoiding avoidance avoided avoids
grief grieving grieve loss lost died death dead passed funeral mourning bereavement
breathe breathing breath breaths
thought thoughts think thinking thinks cognitive belief beliefs
journal journaling log record diary write writing written wrote track tracking tracks
medication medications meds medicine pill pills tablet tablets dose doses dosage
suicide suicidal kill die dying dead
argue argument arguments argued arguing fight fights fought fighting conflict conflicts
improve improved improvement improving better progress
worse worsen worsened worsening
tired fatigue fatigued exhausted exhaustion energy drained
guilt guilty blame blamed blaming ashamed shame
overwhelm overwhelmed overwhelming much
doctor physician psychiatrist gp prescriber
weekly week weeks
exercise walk walks walking run running gym
focus concentrate concentration concentrating distracted
safe safety
cut cutting self-harm harm hurt harming hurting
boundary boundaries limit limits
school class classes university college exam exams student study studying studies
money financial finances debt rent bills pay paying
pain painful hurts ache aches
happy happiness joy glad pleased
calm calmer relaxed relax relaxation relaxing grounded grounding
proud pride
agree agreed agrees willing plan planned plans planning
follow-up followup next return appointment scheduled schedule
mood feel feels feeling feelings felt emotional emotion emotions
goal goals aim aims
coping cope copes
house home apartment flat
separate separated separation divorce divorced
"""

_IRREGULAR = {
    "slept": "sleep", "felt": "feel", "went": "go", "took": "take", "taken": "take", "wrote": "write", "written": "write",
    "thought": "think", "thoughts": "think", "said": "say", "told": "tell", "began": "begin", "begun": "begin", "left": "leave",
    "lost": "lose", "met": "meet", "kept": "keep", "made": "make", "came": "come", "gave": "give", "given": "give", "saw": "see",
    "seen": "see", "found": "find", "woke": "wake", "woken": "wake", "fought": "fight", "bought": "buy", "brought": "bring",
    "drove": "drive", "driven": "drive", "ate": "eat", "eaten": "eat", "drank": "drink", "drunk": "drink", "spoke": "speak",
    "spoken": "speak", "died": "die", "dying": "die", "lying": "lie", "children": "child", "women": "woman", "men": "man",
    "people": "person", "worse": "bad", "better": "good", "best": "good", "hid": "hide", "quit": "quit", "broke": "break",
    "broken": "break", "fell": "fall", "fallen": "fall", "ran": "run", "sat": "sit", "spent": "spend", "taught": "teach",
    "caught": "catch", "held": "hold", "heard": "hear", "paid": "pay", "sent": "send", "built": "build", "understood": "understand",
}  # fmt: skip

NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
        " eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100",
     "twice": "2", "once": "1", "half": "0.5", "dozen": "12", "couple": "2"}  # fmt: skip

_SUFFIXES = (
    "ational", "fulness", "ousness", "iveness", "ization", "isation", "ations", "ation", "ements", "ement", "ments", "ment", "nesses",
    "ness", "ingly", "edly", "ities", "ity", "ives", "ive", "ical", "ally", "ions", "ion", "ings", "ing", "ied", "ies", "est", "ers",
    "er", "ed", "es", "ly", "al", "ic", "ful", "s", "e", "y",
)  # fmt: skip


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """What inflections of a word share. ``word`` in lower case."""
    word = _IRREGULAR.get(word, word)
    if len(word) <= 3:
        return word
    for suffix in _SUFFIXES:
        root = word[: -len(suffix)]
        if word.endswith(suffix) and len(root) >= 3:
            word = root
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


def _groups() -> dict[str, tuple[int, ...]]:
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(_GROUPS.strip().splitlines()):
        for word in line.split():
            groups.setdefault(stem(word), set()).add(number)
    return {key: tuple(sorted(value)) for key, value in groups.items()}


_GROUP_OF = _groups()


def groups(stemmed: str) -> tuple[int, ...]:
    """The numbers of the groups of near meaning that a stem belongs to."""
    return _GROUP_OF.get(stemmed, ())


def words(text: str) -> list[str]:
    """The words and numbers of ``text``, in lower case."""
    return [match.group(0).replace("’", "'") for match in _WORD.finditer(text.casefold())]


def content_stems(text: str) -> list[str]:
    """Stems of the words of ``text`` that carry meaning."""
    stems = []
    for word in words(text):
        word = word.removesuffix("'s")
        if word not in STOP:
            stems.append(stem(word) if not word[0].isdigit() else word)
    return stems


def numbers(text: str) -> list[str]:
    """The numbers of ``text`` as digits, in order; "one" is left out: it is mostly a pronoun."""
    return [NUMBERS.get(word, word) for word in words(text) if word[0].isdigit() or (word in NUMBERS and word not in _NO_NUMBERS)]


_NO_NUMBERS = frozenset({"one", "once", "half", "couple", "hundred", "dozen"})
