"""Following several continuations gives what a plain beam search over the same model gives, whatever runs beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_runner import END, LETTERS, N_VOCAB, SimulatedRunner, doubtful, searched, tokens_of

from models.engine.api import Branch, BranchEnded, EngineEvent, Finished, GenerationRequest, StopReason, Token
from models.engine.ports import Floats
from models.engine.scheduler import Limits, Scheduler
from models.engine.sequence import make_generation
from models.segments import Segment

N_CTX, KV_TOKENS, N_SEQ, N_BATCH = 120, 600, 40, 64

words = st.text(alphabet=LETTERS, min_size=1, max_size=12)


@given(
    prefix=words,
    primes=st.lists(st.tuples(words, st.integers(1, 4), st.integers(1, 25), st.integers(0, 5)), min_size=1, max_size=5),
    others=st.lists(words, max_size=3),
)
def test_the_text_is_that_of_a_plain_beam_search(
    prefix: str, primes: list[tuple[str, int, int, int]], others: list[str]
) -> None:
    runner = SimulatedRunner(KV_TOKENS, N_CTX, N_SEQ, N_BATCH, repeat(0), doubtful)
    scheduler = Scheduler(runner, runner, Limits(N_CTX, KV_TOKENS, N_SEQ, N_BATCH))
    note = GenerationRequest(
        "note",
        "session",
        (Segment(prefix),),
        tuple(
            Branch(f"b{place}", (Segment(prime),), most, beams=width, min_tokens=min(least, most))
            for place, (prime, width, most, least) in enumerate(primes)
        ),
    )
    beside = [
        GenerationRequest(f"other {place}", f"s{place}", (Segment(text),), (Branch("b", (Segment("a"),), 20, beams=2),))
        for place, text in enumerate(others)
    ]
    for order, request in enumerate([note, *beside]):
        scheduler.submit(make_generation(request, runner, 0.0, order))
    told: list[EngineEvent] = []
    for now in range(2000):
        step = scheduler.plan(float(now))
        if step is None:
            break
        assert runner.decode(step.batch) == 0
        scheduler.advance(step, runner.logits, float(now), 0.05)
        told += scheduler.progress.take_events().get("note", [])

    assert isinstance(told[-1], Finished)
    for place, (prime, width, most, least) in enumerate(primes):
        text = "".join(event.text for event in told if isinstance(event, Token) and event.branch == f"b{place}")
        said = searched(doubtful, tokens_of(prefix + prime), width, most, min(least, most))
        assert text == "".join(LETTERS[token - 1] for token in said)
    assert all(len(event.text) == 1 for event in told if isinstance(event, Token))


def written(model: Callable[[Sequence[int]], Floats], beams: int, budget: int) -> tuple[str, StopReason]:
    """What one branch says, alone, and why it ended."""
    runner = SimulatedRunner(KV_TOKENS, N_CTX, N_SEQ, N_BATCH, repeat(0), model)
    scheduler = Scheduler(runner, runner, Limits(N_CTX, KV_TOKENS, N_SEQ, N_BATCH))
    branch = Branch("b", (Segment("a"),), budget, beams=beams)
    scheduler.submit(make_generation(GenerationRequest("note", "s", (Segment("b"),), (branch,)), runner, 0.0, 0))
    told: list[EngineEvent] = []
    for now in range(200):
        if (step := scheduler.plan(float(now))) is None:
            break
        runner.decode(step.batch)
        scheduler.advance(step, runner.logits, float(now), 0.05)
        told += scheduler.progress.take_events().get("note", [])
    assert isinstance(told[-1], Finished)
    assert scheduler.cache.free_sequences >= N_SEQ - 1
    text = "".join(event.text for event in told if isinstance(event, Token))
    return text, next(event.reason for event in told if isinstance(event, BranchEnded))


def test_an_empty_text_is_not_likelier_than_a_long_one_that_the_model_is_sure_of() -> None:
    def hesitant(tokens: Sequence[int]) -> Floats:
        logits = np.full(N_VOCAB, -20.0, np.float32)
        logits[1] = 8.0
        logits[END] = 1.0 if len(tokens) == 2 else -20.0
        return logits

    assert written(hesitant, 1, 40) == written(hesitant, 4, 40) == ("a" * 40, StopReason.LENGTH)


def test_a_stock_phrase_does_not_win_over_a_word_that_goes_on_in_many_ways() -> None:
    """Of "a" the model thinks 0.6, and of six ways to go on from it the same; of "b" 0.4, and "bb" is sure."""

    def phrased(tokens: Sequence[int]) -> Floats:
        logits = np.full(N_VOCAB, -20.0, np.float32)
        said = list(tokens)[2:]
        if not said:
            logits[[1, 2]] = np.log([0.6, 0.4])
        elif said == [1]:
            logits[3:N_VOCAB] = 0.0
            logits[END] = -20.0
        else:
            logits[2 if len(said) < 3 and said[0] == 2 else END] = 8.0
        return logits

    text, _ = written(phrased, 4, 40)
    assert text[0] == "a"


@pytest.mark.parametrize("good", [2, 5])
def test_a_model_that_gives_no_numbers_any_more_ends_the_branch(good: int) -> None:
    def broken(tokens: Sequence[int]) -> Floats:
        return doubtful(tokens) if len(tokens) < good else np.full(N_VOCAB, np.nan, np.float32)

    text, reason = written(broken, 3, 40)

    assert len(text) <= good
    assert reason is StopReason.END
