"""Which turns of a session reached no sentence of its note, so that an omission shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from models.clinical.danger import risk_spans
from models.clinical.evidence import Evidence
from models.clinical.language import language_of
from models.clinical.sentences import split_sentences
from models.clinical.words import BACKCHANNEL, content_stems, words
from models.transcript import Turn

_FEWEST_STEMS = 3  # words of meaning that a sentence of the therapist needs to say anything: "I'm glad you came."


def coverage(turns: Sequence[Turn], evidences: Iterable[Evidence]) -> tuple[int, ...]:
    """Indexes of the turns that hold something a note could be about, and that no sentence rests on."""
    used = {index for evidence in evidences for index in evidence.turns}
    return tuple(turn.index for turn in turns if turn.index not in used and holds_something(turn))


def holds_something(turn: Turn) -> bool:
    """Whether a turn tells, offers or agrees on anything. What a client says does, unless it only keeps the talk going.
    What a therapist asks does not, for its answer does; a question about danger always does."""
    told = [sentence for sentence in split_sentences(turn.text) if not is_backchannel(sentence)]
    if turn.speaker != "therapist":
        return bool(told)
    return any(risk_spans(sentence) or _says(sentence) for sentence in told)


def _says(sentence: str) -> bool:
    if sentence.rstrip("\"'”“»)").endswith("?"):
        return bool(_PROPOSES.match(sentence))
    return len(content_stems(sentence, language_of(sentence) or "en")) >= _FEWEST_STEMS


# Questions that offer something: what was proposed is no small thing.
_PROPOSES = re.compile(
    r"\W*(?:(?:and|so|okay|then),? )*(?:could|can|would|shall|will|what about|how about|könnten|können|würden|wollen"
    r"|podría|puede|quiere)(?!\w)",
    re.IGNORECASE,
)


def is_backchannel(text: str) -> bool:
    """Whether a text holds nothing a note could be about: "Mm-hm.", a greeting."""
    spoken = [word for part in words(text) for word in re.split(r"['-]", part)]
    return all(word in BACKCHANNEL for word in spoken)
