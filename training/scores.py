"""Scores of texts against references and against the session, with bootstrap intervals.

ROUGE is rouge-score's, F-measure; "stemmer" says whether Porter's stemmer was on, and RLsum splits sentences at line
ends as that package does, after one sentence was put on each line. BLEU is sacrebleu's, over the corpus, with
the tokenizer and the smoothing that are named below.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from models.catalog.intervals import Interval, bootstrap, bootstrap_of
from models.clinical.coverage import coverage, holds_something
from models.clinical.evidence import index_of
from models.clinical.markers import risk_words, strip_markers
from models.clinical.risk_rule import unspoken_risk
from models.clinical.sentences import split_sentences
from models.clinical.session import session_of
from models.clinical.words import numbers
from models.transcript import Turn
from training.cases import Case

_BLEU_ROUNDS = 1000
BLEU_TOKENIZER, BLEU_SMOOTHING = "13a", "exp"

ROUGE = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def difference(first: Mapping[str, float], second: Mapping[str, float]) -> Interval:
    """``first`` minus ``second``, session by session over those that both have: paired, so that the sessions' own
    difficulty falls out."""
    return bootstrap([first[name] - second[name] for name in sorted(first.keys() & second.keys())])


def rouge(cases: Sequence[Case], stemmer: bool = True) -> dict[str, dict[str, float]]:
    """F-measure by variant and session; a session with several cases has their mean."""
    from rouge_score import rouge_scorer

    scorer = rouge_scorer.RougeScorer(list(ROUGE), use_stemmer=stemmer)
    found: dict[str, dict[str, list[float]]] = {name: {} for name in ROUGE}
    for case in cases:
        scores = scorer.score(_lines(case.reference), _lines(case.text))
        for name in ROUGE:
            found[name].setdefault(case.session, []).append(scores[name].fmeasure)
    return {name: {s: statistics.fmean(values) for s, values in by.items()} for name, by in found.items()}


def _lines(text: str) -> str:
    return "\n".join(split_sentences(strip_markers(text)))


def bleu(cases: Sequence[Case]) -> Interval:
    """Corpus BLEU, 0 to 100, with its interval: BLEU of sessions drawn with repetition, for it is no mean of theirs."""
    from sacrebleu.metrics import BLEU

    metric = BLEU(
        tokenize=BLEU_TOKENIZER, smooth_method=BLEU_SMOOTHING, effective_order=True
    )  # of one text alone; what is counted is the same as for a corpus
    counts: dict[str, list[list[int]]] = {}
    for case in cases:
        one = metric.sentence_score(strip_markers(case.text), [strip_markers(case.reference)])
        counts.setdefault(case.session, []).append([one.sys_len, one.ref_len, *one.counts, *one.totals])
    sessions = [_sum(of) for of in counts.values()]

    def of_corpus(places: Sequence[int]) -> float:
        written, wanted, *rest = _sum([sessions[place] for place in places])
        half = len(rest) // 2
        return float(BLEU.compute_bleu(rest[:half], rest[half:], written, wanted, smooth_method=BLEU_SMOOTHING).score)

    return bootstrap_of(of_corpus, len(sessions), _BLEU_ROUNDS)


def _sum(rows: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]


def support_rate(text: str, turns: tuple[Turn, ...]) -> float | None:
    """The share of sentences that the session bears out, None for no sentence: of nothing nothing is borne out."""
    evidence = index_of(turns).sentences(text)
    return sum(one.supported for one in evidence) / len(evidence) if evidence else None


def invented_numbers(text: str, turns: tuple[Turn, ...]) -> int:
    """How many numbers of the text nobody said."""
    said = {number for turn in turns for number in numbers(turn.text)}
    return sum(number not in said for number in numbers(strip_markers(text)))


def unspoken_dangers(text: str, turns: tuple[Turn, ...]) -> int:
    """How many sentences state or deny a danger otherwise than the session does (``models.clinical.risk_rule``)."""
    session = session_of(turns)
    return sum(unspoken_risk(sentence, session) is not None for sentence in split_sentences(strip_markers(text)))


def omissions(text: str, turns: tuple[Turn, ...]) -> float:
    """The share of the turns that hold something which no sentence of the text rests on; 0 where none does."""
    wanted = sum(holds_something(turn) for turn in turns)
    return len(coverage(turns, index_of(turns).sentences(text))) / wanted if wanted else 0.0


def risk_recall(case: Case) -> float | None:
    """The share of the reference's risk words that the text has, None when it has none."""
    wanted = {word.lower() for word in risk_words(case.reference)}
    found = {word.lower() for word in risk_words(case.text)}
    return len(wanted & found) / len(wanted) if wanted else None


def repeats(text: str) -> bool:
    """Whether a sentence of the text occurs twice."""
    sentences = [sentence.lower() for sentence in split_sentences(text)]
    return len(set(sentences)) < len(sentences)


def words_within(text: str, low: int, high: int) -> bool:
    return low <= len(strip_markers(text).split()) <= high


def by_session(cases: Sequence[Case], measure: Callable[[Case], float | None]) -> dict[str, float]:
    """A measure's mean over the cases of each session, those without a value left out."""
    found: dict[str, list[float]] = {}
    for case in cases:
        if (value := measure(case)) is not None:
            found.setdefault(case.session, []).append(float(value))
    return {name: statistics.fmean(values) for name, values in found.items()}
