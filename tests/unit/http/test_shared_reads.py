"""Reads that a crowd shares: few of them, and never one that is older than the question."""

from __future__ import annotations

import asyncio

import pytest

from server.stream.shared_reads import SharedReads


class _Table:
    """Something to read whose reads end when they are told to."""

    def __init__(self) -> None:
        self.value = "first"
        self.reads = 0
        self.go_on = asyncio.Event()

    async def read(self, key: int) -> tuple[int, str]:
        self.reads += 1
        value = self.value
        await self.go_on.wait()
        return key, value


async def _settled() -> None:
    """Lets every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_crowd_that_asks_during_a_read_shares_the_next_one() -> None:
    table = _Table()
    shared = SharedReads(table.read)
    early = asyncio.create_task(shared.of(7))
    await _settled()
    crowd = [asyncio.create_task(shared.of(7)) for _ in range(200)]
    await _settled()

    table.go_on.set()

    assert await asyncio.gather(early, *crowd) == [(7, "first")] * 201
    assert table.reads == 2


async def test_nobody_gets_what_was_read_before_they_asked() -> None:
    table = _Table()
    shared = SharedReads(table.read)
    early = asyncio.create_task(shared.of(7))
    await _settled()
    table.value = "second"
    late = asyncio.create_task(shared.of(7))
    await _settled()

    table.go_on.set()

    assert await early == (7, "first")
    assert await late == (7, "second")


async def test_other_keys_do_not_wait() -> None:
    table = _Table()
    shared = SharedReads(table.read)
    tasks = [asyncio.create_task(shared.of(key)) for key in (1, 2)]
    await _settled()

    assert table.reads == 2
    table.go_on.set()
    assert await asyncio.gather(*tasks) == [(1, "first"), (2, "first")]


async def test_one_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    table = _Table()
    shared = SharedReads(table.read)
    leaving, staying = (asyncio.create_task(shared.of(7)) for _ in range(2))
    await _settled()

    leaving.cancel()
    table.go_on.set()

    assert await staying == (7, "first")


async def test_a_read_that_fails_fails_for_all_who_wait_and_the_next_one_is_new() -> None:
    answers = iter([OSError("disk"), OSError("disk")])

    async def read(key: int) -> str:
        failure = next(answers, None)
        if failure is not None:
            raise failure
        return "read"

    shared = SharedReads(read)
    failed = await asyncio.gather(shared.of(7), shared.of(7), return_exceptions=True)

    assert all(isinstance(outcome, OSError) for outcome in failed)
    with pytest.raises(OSError, match="disk"):
        await shared.of(7)
    assert await shared.of(7) == "read"
