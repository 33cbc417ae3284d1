"""Following several continuations gives what a plain beam search over the same model gives, whatever runs beside it."""

from __future__ import annotations

import hashlib
from itertools import repeat

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from simulated_runner import END, LETTERS, N_VOCAB, SimulatedRunner, tokens_of

from models.engine.api import Branch, EngineEvent, Finished, GenerationRequest, Token
from models.engine.ports import Batch, Floats
from models.engine.scheduler import Limits, Scheduler
from models.engine.sequence import make_generation
from models.segments import Segment

N_CTX, KV_TOKENS, N_SEQ, N_BATCH = 120, 600, 40, 64

words = st.text(alphabet=LETTERS, min_size=1, max_size=12)


def doubtful(tokens: list[int]) -> Floats:
    """Logits after ``tokens``: a hash of all of them, with many continuations about as likely as the best."""
    drawn = [hashlib.blake2b(bytes([*tokens, token]), digest_size=2).digest() for token in range(N_VOCAB)]
    logits = np.array([int.from_bytes(one, "big") / 20000 for one in drawn], np.float32)
    logits[END] -= 1.0
    return logits


class DoubtfulRunner(SimulatedRunner):
    """A model that is sure of nothing."""

    def decode(self, batch: Batch) -> int:
        code = super().decode(batch)
        rows = enumerate(zip(batch.sequences, batch.outputs, strict=True))
        self._logits = {row: doubtful(self.sequences[int(sequence)]) for row, (sequence, output) in rows if output}
        return code

    def logits(self, row: int) -> Floats:
        return self._logits[row]


def searched(context: list[int], width: int, most: int, least: int) -> str:
    """The text by beam search, written as simply as can be."""
    alive, ended = [(0.0, [])], (-np.inf, [])
    for written in range(most):
        found = []
        for score, tokens in alive:
            logits = doubtful([*context, *tokens]).astype(float)
            logs = logits - np.log(np.exp(logits).sum())
            if written < least:
                logs[END] = -np.inf
            found += [(score + logs[token], [*tokens, token]) for token in range(N_VOCAB)]
        found.sort(key=lambda one: -one[0])
        alive = []
        for one in found:
            if one[1][-1] != END:
                alive.append(one)
            elif one[0] > ended[0]:
                ended = one
            if len(alive) == width:
                break
        if ended[0] >= alive[0][0]:
            break
    best = ended[1][:-1] if ended[1] else alive[0][1]
    return "".join(LETTERS[token - 1] for token in best)


@given(
    prefix=words,
    primes=st.lists(st.tuples(words, st.integers(1, 4), st.integers(1, 25), st.integers(0, 5)), min_size=1, max_size=5),
    others=st.lists(words, max_size=3),
)
def test_the_text_is_that_of_a_plain_beam_search(
    prefix: str, primes: list[tuple[str, int, int, int]], others: list[str]
) -> None:
    runner = DoubtfulRunner(KV_TOKENS, N_CTX, N_SEQ, N_BATCH, repeat(0))
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
        assert text == searched(tokens_of(prefix + prime), width, most, min(least, most))
    assert all(len(event.text) == 1 for event in told if isinstance(event, Token))
