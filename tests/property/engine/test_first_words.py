"""Several sessions that close together: who gets the first rows."""

from __future__ import annotations

from itertools import repeat

from hypothesis import example, given
from hypothesis import strategies as st
from simulated_runner import LETTERS, SimulatedRunner

from models.engine.api import Branch, GenerationRequest, Token
from models.engine.scheduler import Limits, Scheduler
from models.engine.sequence import make_generation
from models.segments import Segment

SECTIONS = 6
N_CTX, N_SEQ, N_BATCH = 400, 40, 64
KV_TOKENS = 6 * N_CTX

letters = st.integers(0, len(LETTERS) - 1).map(LETTERS.__getitem__)


def words(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=letters, min_size=least, max_size=most)


@example(["a", "a"], ["a" * 37, *["a" * 20] * 5])  # before the length of a step is known
@given(
    tails=st.lists(words(1, 40), min_size=2, max_size=5),
    primes=st.lists(words(20, 40), min_size=SECTIONS, max_size=SECTIONS),
)
def test_each_session_has_its_first_words_before_any_has_all_its_sections_begun(
    tails: list[str], primes: list[str]
) -> None:
    runner = SimulatedRunner(KV_TOKENS, N_CTX, N_SEQ, N_BATCH, repeat(0))
    scheduler = Scheduler(runner, runner, Limits(N_CTX, KV_TOKENS, N_SEQ, N_BATCH))

    for place, tail in enumerate(tails):
        scheduler.submit(
            make_generation(
                GenerationRequest(
                    id=f"note {place}",
                    session=f"session {place}",
                    prefix=(Segment(LETTERS[place] + tail),),
                    branches=tuple(
                        Branch(f"section {number}", (Segment(prime),), 50, min_tokens=50)
                        for number, prime in enumerate(primes)
                    ),
                ),
                runner,
                0.0,
                place,
            )
        )
    speaking: dict[str, set[str]] = {f"note {place}": set() for place in range(len(tails))}
    for number in range(1, 1000):
        step = scheduler.plan(float(number))
        assert step is not None
        assert runner.decode(step.batch) == 0
        scheduler.advance(step, runner.logits, float(number), 0.05)
        for name, events in scheduler.progress.take_events().items():
            speaking[name] |= {event.branch for event in events if isinstance(event, Token)}
        if all(speaking.values()):
            break
    assert all(speaking.values())
    assert all(len(sections) < SECTIONS for sections in speaking.values())
