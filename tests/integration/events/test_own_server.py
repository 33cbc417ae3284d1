"""A NATS server of the clinic's own: what the page asks for is enough, and less is lived with where it can be."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import nats as nats_client
from nats_waiting import eventually

from events.broker import Delivery
from events.jetstream import JetStreamBroker
from events.outcome import Ack, Outcome, Reject, Retry
from events.server_process import answers, dies_with_parent, find_program, free_port
from events.subjects import closed_subject

PAGE = (Path(__file__).parents[3] / "docs" / "events.md").read_text()


def subjects_of_the_page() -> tuple[list[str], list[str]]:
    """What the page says that the product's user must be allowed: to publish, to subscribe."""
    section = PAGE.partition("## A NATS server of your own")[2]
    asked = re.findall(r"(?:publish and subscribe|publish|subscribe) on ((?:[, and]*`\S+`)+)", section)
    both, publish, subscribe = asked[:3]

    def subjects(text: str) -> list[str]:
        return re.findall(r"`(\S+)`", text)

    return subjects(both) + subjects(publish), subjects(both) + subjects(subscribe)


@asynccontextmanager
async def own_server(home: Path, extra: str) -> AsyncIterator[int]:
    """A nats-server with its own configuration; its port."""
    port = free_port("127.0.0.1")
    config = home / "own.conf"
    config.write_text(f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{home}/js" }}\n{extra}\n')
    process = await asyncio.create_subprocess_exec(
        str(find_program()),
        "-c",
        str(config),
        stderr=asyncio.subprocess.DEVNULL,
        preexec_fn=dies_with_parent(),
    )
    try:
        await eventually(lambda: answers("127.0.0.1", port, "casenote", "s:e@cret"))
        yield port
    finally:
        process.terminate()
        await process.wait()


def users(permissions: str) -> str:
    return f'authorization {{ users: [{{ user: casenote, password: "s:e@cret", permissions: {permissions} }}] }}'


async def use_everything(broker: JetStreamBroker) -> None:
    """Every call of a broker once, dead letters and late answers included."""
    came: list[bytes] = []
    heard: list[bytes] = []

    async def handle(delivery: Delivery) -> Outcome:
        came.append(delivery.payload)
        if delivery.payload == b"later" and delivery.attempt == 1:
            return Retry(0.1, "later")
        return Reject("bad") if delivery.payload == b"bad" else Ack()

    broker.consume("worker", "SESSIONS", handle)
    broker.listen("casenote.>", lambda subject, payload: heard.append(payload))
    for number, payload in enumerate((b"good", b"later", b"bad")):
        await broker.publish(closed_subject(number + 1), payload, {"Nats-Msg-Id": str(number)})
    await broker.publish("notes.1.updated", b"note", {})
    await broker.publish_frame("1", b"frame")
    frames = broker.follow_frames("1")
    async with asyncio.timeout(5):
        assert await anext(frames) == b"frame"
    await frames.aclose()

    async def all_done() -> bool:
        broker.notify("casenote.wake.relay", b"x")
        return bool(heard) and len(came) == 4 and await broker.consumer_lag("worker", "SESSIONS") == 0

    await eventually(all_done)


async def with_broker(url: str, use: Callable[[JetStreamBroker], Awaitable[None]]) -> None:
    broker = JetStreamBroker([url])
    await broker.start()
    try:
        await eventually(lambda: broker.connected)
        await use(broker)
    finally:
        await broker.stop()


async def test_the_permissions_that_the_page_asks_for_are_enough(tmp_path: Path) -> None:
    publish, subscribe = subjects_of_the_page()
    assert "$JS.ACK.>" in publish
    assert "_CASENOTE.>" in subscribe
    permissions = f"{{ publish: {publish}, subscribe: {subscribe} }}".replace("'", '"')

    async with own_server(tmp_path, "max_payload: 4MB\n" + users(permissions)) as port:
        await with_broker(f"nats://casenote:s%3Ae%40cret@127.0.0.1:{port}", use_everything)


async def test_streams_that_the_administrator_made_are_used_when_the_product_may_not_make_any(tmp_path: Path) -> None:
    forbidden = '{ publish: { allow: ">", deny: ["$JS.API.STREAM.CREATE.>", "$JS.API.STREAM.UPDATE.>"] } }'
    admin = '{ user: admin, password: "admin" }'
    config = users(forbidden).replace("users: [", f"users: [{admin}, ")
    async with own_server(tmp_path, config) as port:
        client = await nats_client.connect(f"nats://admin:admin@127.0.0.1:{port}")
        for name in ("sessions", "notes", "dead", "tokens"):
            await client.jetstream().add_stream(name=name.upper(), subjects=[f"{name}.>"], num_replicas=1)
        await client.close()

        await with_broker(f"nats://casenote:s%3Ae%40cret@127.0.0.1:{port}", use_everything)
