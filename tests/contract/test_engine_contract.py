"""What every engine promises, checked on the one that runs a model and on the scripted one."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from models.engine.api import (
    Branch,
    BranchEnded,
    BranchStarted,
    Engine,
    EngineEvent,
    EngineFailure,
    Failed,
    Finished,
    Generation,
    GenerationRequest,
    Prefill,
    Priority,
    Queued,
    StopReason,
    Token,
)
from models.engine.engine import LlamaEngine
from models.engine.scripted import ScriptedEngine
from models.engine.settings import EngineSettings
from models.segments import Segment

OPENING = (
    Segment("<|im_start|>system\n", control=True),
    Segment("You count and tell."),
    Segment("<|im_end|>\n<|im_start|>user\n", control=True),
)
TURNS = tuple(Segment(f"Patient: number {n} is what I said about sleep and work.\n") for n in range(20))
CLOSING = (Segment("<|im_end|>\n<|im_start|>assistant\n", control=True),)
PREFIX = (*OPENING, *TURNS, *CLOSING)
TEXT = " The patient spoke of sleep, of work, and of what to do about both in the weeks that come after this one." * 20
WAIT = 60.0

MakeEngine = Callable[..., Engine]


def embedded_model() -> Path:
    try:
        catalog = importlib.import_module("models.catalog")
        return Path(catalog.embedded())
    except (ImportError, AttributeError, TypeError):
        return Path(__file__).parents[2] / "build" / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"


class WideEngine(LlamaEngine):
    """Follows several continuations of everything."""

    def submit(self, request: GenerationRequest) -> Generation:
        wide = tuple(replace(one, beams=3) for one in request.branches)
        return super().submit(replace(request, branches=wide))


@pytest.fixture(params=["scripted", "llama", "llama, several continuations"])
def make_engine(request: pytest.FixtureRequest) -> MakeEngine:
    def make(**limits: int) -> Engine:
        if request.param == "scripted":
            return ScriptedEngine(lambda _request, _branch: TEXT, delay=0.002, **limits)
        kind = LlamaEngine if request.param == "llama" else WideEngine
        return kind(EngineSettings(embedded_model(), kv_tokens=4096, **limits))

    return make


@pytest_asyncio.fixture
async def engine(make_engine: MakeEngine) -> AsyncIterator[Engine]:
    made = make_engine()
    await made.start()
    yield made
    await made.stop()


def branch(name: str, max_tokens: int = 12, **more: object) -> Branch:
    return replace(Branch(name, (Segment(f"**{name}:**"),), max_tokens), **more)  # type: ignore[arg-type]


def request(name: str = "r", *branches: Branch, **more: object) -> GenerationRequest:
    chosen = branches or (branch("one"), branch("two"))
    return replace(GenerationRequest(name, f"session-{name}", PREFIX, chosen), **more)  # type: ignore[arg-type]


async def all_events(generation: Generation) -> list[EngineEvent]:
    async with asyncio.timeout(WAIT):
        return [event async for step in generation for event in step]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not condition():  # noqa: ASYNC110 - the engine tells its statistics only when asked
            await asyncio.sleep(0.01)


def text_of(events: list[EngineEvent], name: str) -> str:
    return "".join(event.text for event in events if isinstance(event, Token) and event.branch == name)


def reasons(events: list[EngineEvent]) -> dict[str, StopReason]:
    return {event.branch: event.reason for event in events if isinstance(event, BranchEnded)}


async def test_a_generation_ends_in_finished_with_every_branch_started_and_ended(engine: Engine) -> None:
    events = await all_events(engine.submit(request()))
    assert isinstance(events[-1], Finished)
    assert [event.branch for event in events if isinstance(event, BranchStarted)] == ["one", "two"]
    assert set(reasons(events)) == {"one", "two"}
    assert events[-1].output_tokens >= 2
    assert events[-1].input_tokens == engine.count_tokens(PREFIX) + engine.count_tokens(
        (Segment("**one:**"),)
    ) + engine.count_tokens((Segment("**two:**"),))


async def test_what_was_written_is_counted(engine: Engine) -> None:
    generation = engine.submit(request())
    events = await all_events(generation)
    assert generation.written == sum(len(event.text) for event in events if isinstance(event, Token)) > 0
    assert not generation.failed


async def test_every_text_lies_between_the_start_and_the_end_of_its_branch(engine: Engine) -> None:
    events = await all_events(engine.submit(request()))
    running: set[str] = set()
    for event in events:
        if isinstance(event, BranchStarted):
            running.add(event.branch)
        elif isinstance(event, BranchEnded):
            running.remove(event.branch)
        elif isinstance(event, Token):
            assert event.branch in running
            assert event.text
    assert running == set()


async def test_branches_in_order_do_not_overlap(engine: Engine) -> None:
    events = await all_events(engine.submit(request("r", branch("one"), branch("two"), parallel=False)))
    kinds = [(type(event), event.branch) for event in events if isinstance(event, BranchStarted | BranchEnded)]
    assert kinds == [(BranchStarted, "one"), (BranchEnded, "one"), (BranchStarted, "two"), (BranchEnded, "two")]


async def test_branches_side_by_side_all_start_before_the_first_ends(engine: Engine) -> None:
    events = await all_events(engine.submit(request("r", branch("one", 3), branch("two", 3), branch("three", 3))))
    kinds = [type(event) for event in events if isinstance(event, BranchStarted | BranchEnded)]
    assert kinds == [BranchStarted] * 3 + [BranchEnded] * 3


async def test_a_budget_of_tokens_ends_a_branch_with_length(engine: Engine) -> None:
    events = await all_events(engine.submit(request("r", branch("one", 2))))
    assert reasons(events) == {"one": StopReason.LENGTH}
    assert isinstance(events[-1], Finished)
    assert events[-1].output_tokens == 2


async def test_the_same_request_gives_the_same_text(engine: Engine) -> None:
    first = await all_events(engine.submit(request("a")))
    second = await all_events(engine.submit(request("b", session="session-a")))
    third = await all_events(engine.submit(request("c")))
    assert text_of(first, "one") == text_of(second, "one") == text_of(third, "one") != ""


async def test_a_prefilled_session_is_a_full_hit_at_close(engine: Engine) -> None:
    for count in (5, 10, 20):
        engine.prefill("live", (*OPENING, *TURNS[:count]))
    known = engine.count_tokens((*OPENING, *TURNS))
    await until(lambda: engine.stats().kv_used >= known)
    events = await all_events(engine.submit(request("r", session="live")))
    assert isinstance(events[-1], Finished)
    assert events[-1].cached_tokens == known
    again = await all_events(engine.submit(request("r", session="live")))
    prefills = [event for event in again if isinstance(event, Prefill)]
    assert prefills == [Prefill(engine.count_tokens(PREFIX), engine.count_tokens(PREFIX))]


async def test_how_far_a_live_session_is_read_is_told_until_its_note_is_written(engine: Engine) -> None:
    for count in (5, 20):
        engine.prefill("live", (*OPENING, *TURNS[:count]))
    known = engine.count_tokens((*OPENING, *TURNS))
    await until(lambda: engine.stats().reading.get("live") == Prefill(known, known))
    await all_events(engine.submit(request("r", session="live")))
    await until(lambda: "live" not in engine.stats().reading)


async def test_prefilling_changes_nothing_in_the_text(engine: Engine) -> None:
    at_once = await all_events(engine.submit(request("a", session="first")))
    for count in range(1, 21):
        engine.prefill("second", (*OPENING, *TURNS[:count]))
    live = await all_events(engine.submit(request("b", session="second")))
    assert text_of(live, "one") == text_of(at_once, "one")


async def test_a_released_session_leaves_the_cache(engine: Engine) -> None:
    engine.prefill("live", PREFIX)
    await until(lambda: engine.stats().kv_used == engine.count_tokens(PREFIX))
    engine.release("live")
    await until(lambda: engine.stats().kv_used == 0)
    assert engine.stats().live_prefixes == 0


async def test_prefill_progress_grows_to_the_total(engine: Engine) -> None:
    events = await all_events(engine.submit(request()))
    prefills = [event for event in events if isinstance(event, Prefill)]
    total = engine.count_tokens(PREFIX)
    assert [event.done for event in prefills] == sorted({event.done for event in prefills})
    assert prefills[-1] == Prefill(total, total)


async def test_cancelling_ends_in_failed_cancelled_and_frees_the_memory_of_the_branches(engine: Engine) -> None:
    generation = engine.submit(request("r", branch("one", 400), branch("two", 400)))
    events: list[EngineEvent] = []
    async with asyncio.timeout(WAIT):
        async for step in generation:
            events += step
            if any(isinstance(event, Token) for event in step):
                generation.cancel()
    assert events[-1] == Failed(EngineFailure.CANCELLED, "cancelled")
    assert set(reasons(events).values()) <= {StopReason.CANCELLED, StopReason.END}
    engine.release("session-r")
    await until(lambda: engine.stats().kv_used == 0 and engine.stats().active == 0)


async def test_cancelling_twice_or_after_the_end_is_nothing(engine: Engine) -> None:
    generation = engine.submit(request())
    generation.cancel()
    generation.cancel()
    events = await all_events(generation)
    generation.cancel()
    assert sum(isinstance(event, Failed) for event in events) == 1
    assert isinstance((await all_events(engine.submit(request("r2"))))[-1], Finished)


async def test_one_branch_can_be_stopped_while_the_others_go_on(engine: Engine) -> None:
    generation = engine.submit(request("r", branch("one", 20), branch("two", 20)))
    events: list[EngineEvent] = []
    async with asyncio.timeout(WAIT):
        async for step in generation:
            if not events:
                generation.stop_branch("one")
            events += step
    assert reasons(events)["one"] is StopReason.STOP
    assert reasons(events)["two"] in {StopReason.LENGTH, StopReason.END}
    assert isinstance(events[-1], Finished)


async def test_a_stop_string_is_never_shown(engine: Engine) -> None:
    plain = text_of(await all_events(engine.submit(request("a", branch("one", 12)))), "one")
    words = plain.split()
    stop = words[2] if words[2] not in plain[: plain.find(words[2])] else words[0]
    events = await all_events(engine.submit(request("b", branch("one", 12, stop=(stop,)))))
    assert reasons(events) == {"one": StopReason.STOP}
    assert text_of(events, "one") == plain[: plain.find(stop)]


async def test_a_prompt_that_cannot_fit_fails_at_once_as_too_long(engine: Engine) -> None:
    events = await all_events(engine.submit(request("r", branch("one", engine.info.n_ctx))))
    assert len(events) == 1
    assert isinstance(events[0], Failed)
    assert events[0].reason is EngineFailure.TOO_LONG
    assert str(engine.info.n_ctx) in events[0].detail


async def test_a_deadline_that_passes_fails_the_generation(engine: Engine) -> None:
    events = await all_events(engine.submit(request("r", branch("one", 1000), deadline=0.01, prefix=OPENING)))
    assert isinstance(events[-1], Failed)
    assert events[-1].reason is EngineFailure.DEADLINE


async def test_a_full_queue_refuses_and_those_who_wait_are_told_their_place(make_engine: MakeEngine) -> None:
    engine = make_engine(max_active=1, max_waiting=2)
    await engine.start()
    running = engine.submit(request("r0", branch("one", 200)))
    await anext(aiter(running))
    generations = [engine.submit(request(f"r{n}", branch("one", 2))) for n in range(1, 4)]
    refused = await all_events(generations[2])
    assert isinstance(refused[-1], Failed)
    assert refused[-1].reason is EngineFailure.OVERLOADED
    told = await anext(aiter(generations[1]))
    assert [event.position for event in told if isinstance(event, Queued)] == [2]
    running.cancel()
    second = await all_events(generations[1])
    assert [event.position for event in second if isinstance(event, Queued)] == [1]
    assert isinstance(second[-1], Finished)
    await engine.stop()


async def test_a_person_who_waits_goes_before_a_backfill(make_engine: MakeEngine) -> None:
    engine = make_engine(max_active=1)
    await engine.start()
    running = engine.submit(request("r0", branch("one", 200)))
    await anext(aiter(running))
    backfill = engine.submit(request("back", branch("one", 2), priority=Priority.BACKFILL))
    waited = engine.submit(request("person", branch("one", 2)))
    ended: list[str] = []

    async def finish(generation: Generation) -> None:
        await all_events(generation)
        ended.append(generation.id)

    running.cancel()
    await asyncio.gather(finish(backfill), finish(waited))
    assert ended == ["person", "back"]
    await engine.stop()


async def test_a_backfill_that_somebody_begins_to_wait_for_goes_first(make_engine: MakeEngine) -> None:
    engine = make_engine(max_active=1)
    await engine.start()
    first = engine.submit(request("first", branch("a", 40)))
    backfill = engine.submit(request("backfill", priority=Priority.BACKFILL))
    person = engine.submit(request("person"))
    hurried = engine.submit(request("hurried", priority=Priority.BACKFILL))
    hurried.hurry(60.0)
    person.cancel()
    order: list[str] = []

    async def note(generation: Generation) -> None:
        async for step in generation:
            if isinstance(step[-1], Finished):
                order.append(generation.id)

    async with asyncio.timeout(WAIT):
        await asyncio.gather(*(note(one) for one in (first, backfill, person, hurried)))
    await engine.stop()
    assert order == ["first", "hurried", "backfill"]


async def test_a_backfill_leaves_its_session_live_until_somebody_waits_for_it(engine: Engine) -> None:
    engine.prefill("s", PREFIX)
    generation = engine.submit(request("r", branch("a", 30), session="s", priority=Priority.BACKFILL))
    steps = aiter(generation)
    async with asyncio.timeout(WAIT):
        while not any(isinstance(event, Token) for event in await anext(steps)):
            pass
        assert "s" in engine.stats().reading
        generation.hurry(None)
        async for step in steps:
            last = step[-1]
    assert isinstance(last, Finished)
    assert "s" not in engine.stats().reading


async def test_a_deadline_begins_when_somebody_begins_to_wait(engine: Engine) -> None:
    generation = engine.submit(request("r", branch("a", 400), priority=Priority.BACKFILL))
    generation.hurry(0.001)
    events = await all_events(generation)
    assert isinstance(events[-1], Failed)
    assert events[-1].reason is EngineFailure.DEADLINE
    assert generation.failed
    generation.hurry(None)


async def test_stopping_fails_what_runs_within_a_second(make_engine: MakeEngine) -> None:
    engine = make_engine()
    await engine.start()
    generation = engine.submit(request("r", branch("one", 1000)))
    await anext(aiter(generation))
    begun = asyncio.get_running_loop().time()
    await engine.stop()
    assert asyncio.get_running_loop().time() - begun < 1.0
    events = await all_events(generation)
    assert isinstance(events[-1], Failed)
    assert events[-1].reason is EngineFailure.STOPPED
    late = await all_events(engine.submit(request("late")))
    assert isinstance(late[-1], Failed)
    assert late[-1].reason is EngineFailure.STOPPED


async def test_a_request_without_branches_or_with_an_id_that_runs_is_an_error(engine: Engine) -> None:
    with pytest.raises(ValueError, match="branches"):
        engine.submit(replace(request(), branches=()))
    generation = engine.submit(request("same"))
    with pytest.raises(ValueError, match="runs already"):
        engine.submit(request("same"))
    await all_events(generation)


async def test_several_sessions_at_once_say_what_each_says_alone(engine: Engine) -> None:
    def one(name: str) -> GenerationRequest:
        return request(name, branch("one", 8), prefix=(*OPENING, Segment(f"Patient: {name} only.\n"), *CLOSING))

    alone = {name: text_of(await all_events(engine.submit(one(name))), "one") for name in ("red", "green", "blue")}
    for name in alone:
        engine.release(f"session-{name}")
    together = await asyncio.gather(*(all_events(engine.submit(one(name))) for name in alone))
    said = {name: text_of(events, "one") for name, events in zip(alone, together, strict=True)}
    if isinstance(engine, WideEngine):
        # llama.cpp's numbers differ a little with the rows of a batch, and of continuations that are near each other
        # another one is the likeliest then: each still speaks of its own session.
        assert {name: [other for other in alone if other in text.lower()] for name, text in said.items()} == {
            name: [name] for name in alone
        }
    else:
        assert said == alone


async def test_statistics_count_what_was_done(engine: Engine) -> None:
    await all_events(engine.submit(request("a")))
    failed = engine.submit(request("b"))
    failed.cancel()
    await all_events(failed)
    await until(lambda: engine.stats().failures == 1)
    stats = engine.stats()
    assert (stats.generations, stats.failures, stats.waiting) == (1, 1, 0)
    assert stats.prefill_tokens > 0
    assert stats.decoded_tokens > 0
