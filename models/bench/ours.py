"""This engine on one session or several: what a person waits for after the session closed."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, field, replace

from models import prompts
from models.chat import FAMILIES, ChatFormat
from models.engine.api import Branch, Engine, Failed, Generation, GenerationRequest, Priority, Token
from models.formats import load_format
from models.transcript import Turn

__all__ = ["Heard", "close_after_silence", "close_together", "close_while_one_writes", "feed_live", "note_request"]

_POLL = 0.02
_STEPS_SEEN = 8  # of the running note before the others arrive


@dataclass(slots=True)
class Heard:
    """What one watcher of a note saw: seconds from submission to each step with text, and to the end."""

    begun: float
    times: list[float] = field(default_factory=list)
    total: float = 0.0
    tokens: int = 0
    work_begun: float = 0.0
    work_first: float = 0.0  # processor seconds of the process, of all threads, from submission
    work_total: float = 0.0

    @property
    def first(self) -> float:
        return self.times[0] if self.times else self.total

    def gaps(self) -> list[float]:
        return [later - sooner for sooner, later in zip(self.times, self.times[1:], strict=False)]


def note_request(
    name: str, chat: ChatFormat, turns: tuple[Turn, ...], tokens: int, *, parallel: bool = True
) -> GenerationRequest:
    """A note of exactly ``tokens`` tokens in all: the sections of the default format and the summary."""
    note_format = load_format()
    primes = [(section.id, prompts.section_prime(chat, note_format, section)) for section in note_format.sections]
    primes.append((prompts.SUMMARY_ID, prompts.summary_prime(chat, note_format)))
    shares = [tokens // len(primes) + (place < tokens % len(primes)) for place in range(len(primes))]
    return GenerationRequest(
        id=name,
        session=name,
        prefix=prompts.note_prefix(chat, turns),
        branches=tuple(
            Branch(branch, prime, share, min_tokens=share)
            for (branch, prime), share in zip(primes, shares, strict=True)
        ),
        parallel=parallel,
    )


async def feed_live(engine: Engine, name: str, turns: tuple[Turn, ...]) -> float:
    """Gives the turns one by one, as they are spoken, and waits until all are computed. Returns the seconds."""
    chat = FAMILIES[engine.info.chat]
    begun = time.perf_counter()
    known = engine.stats().live_prefixes
    for count in range(1, len(turns) + 1):
        engine.prefill(name, prompts.growing_prefix(chat, turns[:count]))
        await asyncio.sleep(0)
    while engine.stats().live_prefixes <= known or engine.stats().extra["live_missing"]:  # noqa: ASYNC110
        await asyncio.sleep(_POLL)
    return time.perf_counter() - begun


async def listen(
    engine: Engine,
    request: GenerationRequest,
    started: asyncio.Event | None = None,
    begun: Generation | None = None,
) -> Heard:
    """Runs a request, or what was ``begun`` of it, to its end. Raises RuntimeError when it fails."""
    heard = Heard(time.perf_counter(), work_begun=time.process_time())
    if begun is not None:
        begun.hurry(None)
    async for step in begun or engine.submit(request):
        if any(isinstance(event, Token) for event in step):
            heard.times.append(time.perf_counter() - heard.begun)
            heard.work_first = heard.work_first or time.process_time() - heard.work_begun
            if started is not None and len(heard.times) == _STEPS_SEEN:
                started.set()
        if isinstance(step[-1], Failed):
            raise RuntimeError(f"the generation failed: {step[-1].detail}")
    if started is not None:
        started.set()  # a note of a few steps only
    heard.total = time.perf_counter() - heard.begun
    heard.work_total = time.process_time() - heard.work_begun
    heard.tokens = sum(branch.max_tokens for branch in request.branches)
    return heard


async def close_together(engine: Engine, requests: list[GenerationRequest]) -> tuple[list[Heard], float]:
    """All requests at once; what each heard, and the seconds until the last had ended."""
    begun = time.perf_counter()
    heard = await asyncio.gather(*(listen(engine, request) for request in requests))
    return list(heard), time.perf_counter() - begun


async def close_after_silence(engine: Engine, request: GenerationRequest, silence: float) -> Heard:
    """The note of a session that closes ``silence`` seconds after it was begun unasked."""
    begun = engine.submit(replace(request, priority=Priority.BACKFILL))
    await asyncio.sleep(silence)
    return await listen(engine, request, begun=begun)


async def close_while_one_writes(engine: Engine, requests: list[GenerationRequest]) -> float:
    """The longest pause of the first note's stream while the others' prompts are computed, in its median steps."""
    started = asyncio.Event()
    first = asyncio.create_task(listen(engine, requests[0], started))
    await started.wait()
    others = [asyncio.create_task(listen(engine, request)) for request in requests[1:]]
    heard = await first
    await asyncio.gather(*others)
    gaps = heard.gaps()
    return max(gaps) / statistics.median(gaps)
