"""Changing models while notes are being written: what began is finished by who began it, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.catalog.resolve import Lineup, ResolvedModel
from models.catalog.trial import Trial
from models.engine.api import Branch, EngineFailure, GenerationRequest
from models.engine.scripted import ScriptedEngine, scripted_info
from models.errors import ModelFileError
from models.formats import load_formats
from server.worker.serving import Desk, Serving
from server.worker.switching import Switching
from server.worker.worker import Worker, WorkerOptions
from tests.integration.worker.conftest import GOOD, Bench, until
from tests.support.transcripts import SHORT_SESSION


def model(name: str) -> ResolvedModel:
    return ResolvedModel(Path(f"{name}.gguf"), name, None, None, demonstration=False)


class Clinic:
    """A worker that follows a catalog, which the test holds in its hand. Models whose name begins with ``slow`` are
    slow writers, with ``bad`` cannot be loaded."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.lineup = Lineup(model("slow-one"))
        self.engines: dict[str, ScriptedEngine] = {}
        self._stamp = 0
        self.switching = Switching(self.load, lambda: self.lineup, lambda: self._stamp)
        self.serving: Serving

    def choose(self, lineup: Lineup) -> None:
        self.lineup = lineup
        self._stamp += 1

    async def load(self, chosen: ResolvedModel) -> Desk:
        if chosen.name.startswith("bad"):
            raise ModelFileError("it cannot be loaded")
        engine = ScriptedEngine(_script, delay=0.01 if chosen.name.startswith("slow") else 0, info=_info(chosen))
        await engine.start()
        self.engines[chosen.name] = engine
        return Desk(engine)

    async def serves(self, name: str) -> None:
        async def look() -> bool:
            return self.serving.current.engine.info.name == name

        await until(look)

    async def writer_of(self, session_id: int) -> str:
        stored = await self.bench.note(session_id)
        assert stored is not None
        assert stored.note.model is not None
        return stored.note.model.name


def _info(chosen: ResolvedModel):  # type: ignore[no-untyped-def]
    return scripted_info(chosen.name)


def _script(_request: GenerationRequest, branch: Branch) -> str:
    return GOOD[branch.id]


@pytest.fixture
async def clinic(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clinic]:
    monkeypatch.setattr("server.worker.switching.LOOK_EVERY", 0.01)
    made = Clinic(bench)
    made.serving = await made.switching.start()
    options = WorkerOptions("one", "one:1", 4, 2.0, 30.0, True, True, False)
    worker = Worker(bench.database, bench.broker, made.serving, load_formats(), options)
    await worker.start()
    bench.workers.append(worker)
    following = asyncio.create_task(made.switching.follow(made.serving))
    yield made
    following.cancel()
    await worker.stop(0)
    await made.serving.stop()


async def test_a_note_that_has_begun_is_finished_by_the_model_that_began_it(clinic: Clinic) -> None:
    session_id, generation_id = await clinic.bench.closed_session(SHORT_SESSION)

    async def writes() -> bool:
        return clinic.engines["slow-one"].stats().active > 0

    await until(writes)
    clinic.choose(Lineup(model("two")))
    await clinic.serves("two")
    later, later_generation = await clinic.bench.closed_session(SHORT_SESSION)

    assert (await clinic.bench.ended(later_generation)).state == "done"
    row = await clinic.bench.ended(generation_id)
    assert (row.state, row.attempt) == ("done", 1)
    assert (await clinic.writer_of(session_id), await clinic.writer_of(later)) == ("slow-one", "two")


async def test_a_model_that_serves_no_more_is_stopped_once_its_last_note_has_ended(clinic: Clinic) -> None:
    first = clinic.engines["slow-one"]
    _, generation_id = await clinic.bench.closed_session(SHORT_SESSION)

    async def writes() -> bool:
        return first.stats().active > 0

    await until(writes)
    clinic.choose(Lineup(model("two")))
    await clinic.bench.ended(generation_id)

    async def refuses() -> bool:
        prefix = clinic.engines["two"]
        assert prefix is not first
        generation = first.submit(GenerationRequest("probe", "probe", (), (Branch("risk", (), 1),)))
        async for step in generation:
            return any(getattr(event, "reason", None) is EngineFailure.STOPPED for event in step)
        return False

    await until(refuses)


async def test_a_choice_that_cannot_be_loaded_leaves_what_serves(clinic: Clinic) -> None:
    clinic.choose(Lineup(model("bad")))
    clinic.choose(Lineup(model("bad-too")))
    session_id, generation_id = await clinic.bench.closed_session(SHORT_SESSION)
    await clinic.bench.ended(generation_id)
    assert await clinic.writer_of(session_id) == "slow-one"

    clinic.choose(Lineup(model("two")))
    await clinic.serves("two")


async def test_a_candidate_that_cannot_be_loaded_keeps_no_service_from_starting(clinic: Clinic) -> None:
    lineup = Lineup(model("two"), model("bad"), Trial("bad", 1.0))
    started = await Switching(clinic.load, lambda: lineup, lambda: 0).start()

    assert started.desks.candidate is None
    assert started.current.engine.info.name == "two"
    await started.stop()
    with pytest.raises(ModelFileError):
        await Switching(clinic.load, lambda: Lineup(model("bad")), lambda: 0).start()


async def test_going_back_to_a_model_that_still_serves_loads_it_no_second_time(clinic: Clinic) -> None:
    clinic.choose(Lineup(model("slow-one"), model("two"), Trial("two", 1.0)))

    async def tried() -> bool:
        return clinic.serving.desks.candidate is not None

    await until(tried)
    second = clinic.engines["two"]
    clinic.choose(Lineup(model("two")))
    await clinic.serves("two")
    assert clinic.serving.current.engine is second


async def test_a_candidate_gets_its_share_of_the_sessions_and_the_same_ones_again(clinic: Clinic) -> None:
    trial = Trial("two", 0.5)
    clinic.choose(Lineup(model("slow-one"), model("two"), trial))

    async def tried() -> bool:
        return clinic.serving.desks.candidate is not None

    await until(tried)
    written = [await clinic.bench.closed_session(SHORT_SESSION) for _ in range(8)]
    for _, generation_id in written:
        await clinic.bench.ended(generation_id)

    found = {session_id: await clinic.writer_of(session_id) for session_id, _ in written}
    assert found == {session_id: "two" if trial.has(session_id) else "slow-one" for session_id in found}
    assert set(found.values()) == {"two", "slow-one"}
