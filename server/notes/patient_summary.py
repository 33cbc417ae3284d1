"""The overview of a patient over several sessions: what their notes say, latest first, each claim with its session.

No model is asked: the text is sentences of the notes (of an extractive note where a session has none), so nothing
stands in it that no session holds. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.clinical.cut import cut_to_words
from models.clinical.exchanges import turns_of
from models.clinical.markers import mark_risk, strip_markers
from models.clinical.risk_rule import affirms_danger
from models.clinical.sentences import word_count
from models.clinical.text import legacy_text
from models.formats.format import SectionSpec, Topic, load_patient_format
from server.notes.digest import Digest

KEY_POINTS = 5
_LATEST_SECTION = "latest_session"
_WORDS_IN_KEY_POINT = 30
_WORDS_IN_KEY_EXCHANGE = 60  # a question with its answer
# The section on danger says at least this much, whatever its budget, and names the sessions that did not fit.
_RISK_WORDS = 150
_SESSIONS_NAMED = 10
_KEY_TOPICS = (Topic.RISK, Topic.PRESENTATION, Topic.EMOTION, Topic.PROGRESS, Topic.PLAN)
_OF_A_SESSION = (Topic.PRESENTATION, Topic.EMOTION, Topic.INTERVENTION, Topic.PROGRESS, Topic.PLAN)


@dataclass(frozen=True, slots=True)
class OverviewSection:
    """``claims`` in order, a space between two, are its text."""

    id: str
    heading: str
    claims: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.claims)


@dataclass(frozen=True, slots=True)
class PatientSummary:
    """``text`` has the headings of contract 5, and is made of ``sections``; ``key_points`` are at most five."""

    text: str
    sections: tuple[OverviewSection, ...]
    key_points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence and the number of the session that it is from."""

    session: int
    text: str

    def cited(self) -> str:
        return mark_risk(f"{_without_stop(self.text)} (session {self.session}).")


# A session's number with this patient, and what it says.
Sessions = Sequence[tuple[int, Digest]]


def summarise(sessions: Sessions) -> PatientSummary:
    """The overview of one or more sessions, given newest first."""
    overview = load_patient_format()
    sections = tuple(_section(spec, sessions) for spec in overview.sections)
    text = legacy_text(overview, {section.id: section.text for section in sections})
    return PatientSummary(text, sections, tuple(_key_points(sessions)))


def _section(spec: SectionSpec, sessions: Sessions) -> OverviewSection:
    if spec.id == _LATEST_SECTION:
        said = _cited(_fitted(_latest(sessions), spec.words))
    elif spec.topic is Topic.RISK:
        said = _on_danger(sessions)
    else:
        said = _cited(_fitted(_claims(spec.topic, sessions), spec.words))
    return OverviewSection(spec.id, spec.heading, said or (spec.absent,))


def _latest(sessions: Sessions) -> list[_Claim]:
    """The latest session that says anything: its paragraph, or one sentence on each topic."""
    number, digest = next((one for one in sessions if not one[1].is_empty), sessions[0])
    of_topics = [sentence for topic in _OF_A_SESSION for sentence in digest.on(topic)[:1]]
    return [_Claim(number, sentence) for sentence in dict.fromkeys(digest.summary or of_topics)]


def _on_danger(sessions: Sessions) -> tuple[str, ...]:
    """What was said of danger, and where the rest of it stands: none of it is cut away unseen."""
    claims = _claims(Topic.RISK, sessions)
    told = _fitted(claims, _RISK_WORDS)
    left = list(dict.fromkeys(claim.session for claim in claims[len(told) :]))
    if not left:
        return _cited(told)
    named = ", ".join(str(number) for number in left[:_SESSIONS_NAMED])
    earlier = f" and {len(left) - _SESSIONS_NAMED} earlier ones" if len(left) > _SESSIONS_NAMED else ""
    return (*_cited(told), f"More on this in the notes of sessions {named}{earlier}.")


def _claims(topic: Topic, sessions: Sessions) -> list[_Claim]:
    """Every sentence on a topic once, newest session first. A plan is what somebody wrote down as one; what was only
    said counts where nobody did."""
    if topic is Topic.PLAN and any(digest.from_note and digest.on(topic) for _, digest in sessions):
        sessions = [one for one in sessions if one[1].from_note]
    claims: dict[str, _Claim] = {}
    for number, digest in sessions:
        for sentence in digest.on(topic):
            claims.setdefault(_without_stop(strip_markers(sentence)).casefold(), _Claim(number, sentence))
    return list(claims.values())


def _fitted(claims: Sequence[_Claim], words: int) -> list[_Claim]:
    """Claims from the first on while they fit; of a first one that does not, as much as does."""
    told: list[_Claim] = []
    room = words
    for claim in claims:
        room -= word_count(claim.text)
        if room < 0:
            break
        told.append(claim)
    return told or [_Claim(claim.session, cut_to_words(claim.text, words)) for claim in claims[:1]]


def _cited(claims: Sequence[_Claim]) -> tuple[str, ...]:
    return tuple(claim.cited() for claim in claims)


def _key_points(sessions: Sessions) -> Iterator[str]:
    """The first claim of each topic that matters, the latest session's where it has one. Of danger the latest that is
    affirmed: what was denied since takes nothing of it back."""
    told: set[str] = set()
    for topic in _KEY_TOPICS[:KEY_POINTS]:
        claims = _claims(topic, sessions)
        if topic is Topic.RISK:
            claims.sort(key=lambda claim: not affirms_danger(strip_markers(claim.text)))
        for claim in claims:
            most = _WORDS_IN_KEY_EXCHANGE if turns_of(claim.text) else _WORDS_IN_KEY_POINT
            if claim.text not in told and word_count(claim.text) <= most:
                told.add(claim.text)
                yield claim.cited()
                break


def _without_stop(sentence: str) -> str:
    return sentence.rstrip().rstrip(".").rstrip()
