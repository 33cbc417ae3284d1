from __future__ import annotations

import asyncio
import json
import resource
import signal
import socket
import stat
import subprocess
import sys
import textwrap
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import nats as nats_client
import pytest
from nats.errors import Error as NatsError
from nats.js import api
from nats_waiting import connected, eventually, kill

from events.broker import BrokerUnavailableError
from events.connection import Connection
from events.embedded import EmbeddedNats
from events.embedded_config import Credentials, load_credentials, render_config
from events.errors import EmbeddedNatsError
from events.outcome import Ack, Outcome
from events.server_url import parse_server_url


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def listening_at(port: int) -> list[str]:
    """The addresses that listen at the port, in the kernel's notation."""
    table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    return [line.split()[1] for line in table.splitlines() if f":{port:04X} " in line and " 0A " in line]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_configuration_is_safe(tmp_path: Path) -> None:
    text = render_config(Credentials("one", "two"), port=4999, store=tmp_path / "js", log=tmp_path / "log")

    assert 'listen: "127.0.0.1:4999"' in text
    assert "sync_interval: always" in text
    assert json.dumps(str(tmp_path / "js")) in text
    assert "http" not in text


async def test_it_keeps_its_port_its_credentials_and_its_messages(tmp_path: Path) -> None:
    first = EmbeddedNats(tmp_path)
    await first.start()
    addresses = (first.url, first.clinic_url)
    async with connected(first) as broker:
        await broker.publish("sessions.1.closed", b"kept", {"Nats-Msg-Id": "a"})
    await first.stop()

    second = EmbeddedNats(tmp_path)
    await second.start()
    came: list[bytes] = []

    async def keep(delivery: object) -> Outcome:
        came.append(delivery.payload)  # type: ignore[attr-defined]
        return Ack()

    try:
        assert (second.url, second.clinic_url) == addresses
        async with connected(second) as broker:
            broker.consume("worker", "SESSIONS", keep)
            await eventually(lambda: came == [b"kept"])
    finally:
        await second.stop()


async def test_what_it_writes_is_for_its_owner_only(nats: EmbeddedNats, tmp_path: Path) -> None:
    assert mode(tmp_path / "nats") == 0o700
    for name in ("credentials.json", "nats.conf", "server.json"):
        assert mode(tmp_path / "nats" / name) == 0o600
    assert mode(tmp_path / "logs" / "nats.log") == 0o600


async def test_its_log_holds_no_password(nats: EmbeddedNats, tmp_path: Path) -> None:
    credentials = load_credentials(tmp_path / "nats" / "credentials.json")
    log = (tmp_path / "logs" / "nats.log").read_text()

    assert "Server is ready" in log
    assert credentials.casenote not in log
    assert credentials.clinic not in log


async def test_it_takes_another_port_when_its_own_is_taken(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path)
    await server.start()
    port = server.port
    await server.stop()

    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen(1)
        await server.start()
        try:
            assert server.port != port
            async with connected(server) as broker:
                assert broker.connected
        finally:
            await server.stop()


async def test_it_listens_on_loopback_only_and_to_nobody_without_a_password(nats: EmbeddedNats) -> None:
    assert listening_at(nats.port) == [f"0100007F:{nats.port:04X}"]

    for credentials in ("", "clinic:guess@"):
        with pytest.raises(BrokerUnavailableError, match="Authorization"):
            await Connection("stranger", 2.0).open(parse_server_url(f"nats://{credentials}127.0.0.1:{nats.port}"))


async def test_a_supervisor_sees_the_end_and_starts_it_again(nats: EmbeddedNats) -> None:
    url, pid = nats.url, nats.pid
    waiting = asyncio.create_task(nats.wait())
    await kill(nats)
    async with asyncio.timeout(5):
        assert await waiting == -signal.SIGKILL
    assert nats.returncode == -signal.SIGKILL

    await nats.start()

    assert nats.returncode is None
    assert nats.pid != pid
    assert nats.url == url


async def test_it_does_not_come_back_at_another_address_than_others_hold(nats: EmbeddedNats) -> None:
    url = nats.url
    await kill(nats)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", nats.port))
        other.listen(1)
        with pytest.raises(EmbeddedNatsError, match="was taken while nats-server was down"):
            await nats.start()

    await nats.start()

    assert nats.url == url


async def test_stopping_ends_the_process_gently(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path)
    await server.start()
    pid = server.pid
    assert pid is not None

    await server.stop()

    assert not is_running(pid)
    assert server.returncode == 0 or server.returncode == 1
    assert "Server Exiting" in (tmp_path / "logs" / "nats.log").read_text()


async def test_stopping_twice_or_before_the_start_is_nothing(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path)
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()


CHILD = """
    import asyncio, sys
    from pathlib import Path
    from events.embedded import EmbeddedNats

    async def main():
        server = EmbeddedNats(Path(sys.argv[1]))
        await server.start()
        print(server.pid, flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
"""


def start_supervisor(home: Path) -> tuple[subprocess.Popen[str], int]:
    """Another process that runs an embedded server; the process and the server's number."""
    code = textwrap.dedent(CHILD)
    supervisor = subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    return supervisor, int(supervisor.stdout.readline())


def end(supervisor: subprocess.Popen[str]) -> None:
    supervisor.kill()
    supervisor.wait()
    assert supervisor.stdout is not None
    supervisor.stdout.close()


async def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    supervisor, pid = await asyncio.to_thread(start_supervisor, tmp_path)
    assert is_running(pid)

    end(supervisor)

    await eventually(lambda: not is_running(pid))


async def test_one_that_a_killed_supervisor_left_is_ended_and_its_port_taken_over(tmp_path: Path) -> None:
    left = EmbeddedNats(tmp_path)
    await left.start()
    pid, port = left.pid, left.port
    assert pid is not None
    # As after a crash on a system that does not end children: the server runs on and nobody holds the folder.
    left._release_lock()

    following = EmbeddedNats(tmp_path)
    await following.start()
    try:
        await eventually(lambda: not is_running(pid))
        assert following.port == port
        async with connected(following) as broker:
            await broker.publish("sessions.1.closed", b"x", {})
    finally:
        await following.stop()
        await left.stop()


async def test_another_process_that_has_the_old_number_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "nats").mkdir()
    bystander = await asyncio.create_subprocess_exec("sleep", "60")
    (tmp_path / "nats" / "server.json").write_text(json.dumps({"pid": bystander.pid, "port": 0}))
    server = EmbeddedNats(tmp_path)
    try:
        await server.start()
        await server.stop()
        assert bystander.returncode is None
    finally:
        bystander.kill()
        await bystander.wait()


async def test_a_second_service_on_the_same_folder_is_refused_and_the_first_runs_on(tmp_path: Path) -> None:
    supervisor, pid = await asyncio.to_thread(start_supervisor, tmp_path)
    try:
        with pytest.raises(EmbeddedNatsError, match="another Casenote runs on the data folder"):
            await EmbeddedNats(tmp_path).start()
        assert is_running(pid)
    finally:
        end(supervisor)


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()

    with pytest.raises(EmbeddedNatsError, match="cannot be written to"):
        await EmbeddedNats(blocked).start()


async def test_damaged_credentials_are_named(tmp_path: Path) -> None:
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "credentials.json").write_text("{}")

    with pytest.raises(EmbeddedNatsError, match="delete it to have new ones made"):
        await EmbeddedNats(tmp_path).start()


async def test_a_store_that_could_not_be_written_works_again_once_it_can(nats: EmbeddedNats) -> None:
    async with connected(nats) as broker:
        await broker.publish("sessions.7.closed", bytes(100), {})
        assert nats.pid is not None
        # No file may grow beyond this: what a full disk is to the server, it is told in another word.
        resource.prlimit(nats.pid, resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
        with pytest.raises(BrokerUnavailableError):
            await broker.publish("sessions.7.closed", bytes(100_000), {})
        resource.prlimit(nats.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        await eventually(nats.mend)
        await nats.wait()
        await nats.start()
        await eventually(lambda: broker.connected)

        await broker.publish("sessions.7.closed", b"after", {})
        assert not await nats.mend()


async def test_while_the_disk_is_full_nothing_is_started_again(nats: EmbeddedNats, tmp_path: Path) -> None:
    async with connected(nats) as broker:
        assert nats.pid is not None
        resource.prlimit(nats.pid, resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
        with pytest.raises(BrokerUnavailableError):
            await broker.publish("sessions.7.closed", bytes(100_000), {})
    (tmp_path / "nats" / ".space").mkdir()
    assert not await nats.mend()
    assert nats.returncode is None

    (tmp_path / "nats" / ".space").rmdir()
    assert await nats.mend()


@pytest.fixture
async def clinic(nats: EmbeddedNats):  # type: ignore[no-untyped-def]
    """A clinic system's own client, and the permissions that the server said it lacks."""
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error).lower())

    async with connected(nats):
        client = await nats_client.connect(nats.clinic_url, error_cb=note)
        yield client, refused
        with suppress(NatsError):
            await client.close()


async def test_a_clinic_may_publish_session_events_and_read_notes_and_dead_letters(nats: EmbeddedNats, clinic) -> None:  # type: ignore[no-untyped-def]
    client, refused = clinic
    stream = client.jetstream()
    assert (await stream.publish("sessions.7.closed", b"x", headers={"Nats-Msg-Id": "a"})).stream == "SESSIONS"
    async with connected(nats) as broker:
        await broker.publish("notes.7.updated", b"note", {})
        await broker.publish("dead.sessions.7.closed", b"dead", {})

    plain = await client.subscribe("notes.>")
    pulled = await stream.pull_subscribe("notes.>", durable="ehr", stream="NOTES")
    pushed = await stream.subscribe("notes.>", ordered_consumer=True)
    letters = await stream.pull_subscribe("dead.>", durable="ops")
    async with connected(nats) as broker:
        await broker.publish("notes.8.updated", b"live", {})

    assert (await plain.next_msg(2)).data == b"live"
    [message] = await pulled.fetch(1, timeout=2)
    await message.ack_sync()
    assert message.data == b"note"
    assert [(await pushed.next_msg(2)).data for _ in range(2)] == [b"note", b"live"]
    assert (await letters.fetch(1, timeout=2))[0].data == b"dead"
    await pushed.unsubscribe()
    assert (await stream.stream_info("SESSIONS")).state.messages == 1
    assert {"SESSIONS", "NOTES", "DEAD"} <= {info.config.name for info in await stream.streams_info()}
    assert refused == []


@pytest.mark.parametrize(
    "forbidden",
    [
        "$JS.API.STREAM.DELETE.NOTES",
        "$JS.API.STREAM.PURGE.SESSIONS",
        "$JS.API.STREAM.UPDATE.NOTES",
        "$JS.API.STREAM.CREATE.MORE",
        "$JS.API.STREAM.MSG.GET.TOKENS",
        "$JS.API.STREAM.MSG.GET.SESSIONS",
        "$JS.API.STREAM.MSG.DELETE.DEAD",
        "$JS.API.CONSUMER.CREATE.TOKENS",
        "$JS.API.CONSUMER.CREATE.TOKENS.mine.tokens.>",
        "$JS.API.CONSUMER.CREATE.SESSIONS.mine",
        "$JS.API.CONSUMER.DELETE.SESSIONS.worker",
        "$JS.API.CONSUMER.CREATE.SESSIONS.casenote-worker.sessions.*.closed",
        "$JS.API.DIRECT.GET.TOKENS",
        "tokens.7",
        "notes.7.updated",
        "dead.sessions.7.closed",
        "casenote.wake.relay",
    ],
)
async def test_a_clinic_may_not_send(nats: EmbeddedNats, clinic, forbidden: str) -> None:  # type: ignore[no-untyped-def]
    client, refused = clinic

    await client.publish(forbidden, b"{}")

    await eventually(lambda: bool(refused))
    assert "permissions violation for publish" in refused[0]


@pytest.mark.parametrize(
    "forbidden", ["tokens.>", "sessions.>", "sessions.*.segment", "_CASENOTE.>", ">", "casenote.>", "$JS.API.>"]
)
async def test_a_clinic_may_not_listen_to(nats: EmbeddedNats, clinic, forbidden: str) -> None:  # type: ignore[no-untyped-def]
    client, refused = clinic

    await client.subscribe(forbidden)

    await eventually(lambda: bool(refused))
    assert "permissions violation for subscription" in refused[0]


async def test_a_clinic_hears_of_closed_sessions(nats: EmbeddedNats, clinic) -> None:  # type: ignore[no-untyped-def]
    client, refused = clinic
    heard: list[str] = []

    async def hear(message: object) -> None:
        heard.append(message.subject)  # type: ignore[attr-defined]

    await client.subscribe("sessions.*.closed", cb=hear)
    await client.flush()
    await client.publish("sessions.7.closed", b"{}")

    await eventually(lambda: bool(heard))
    assert heard == ["sessions.7.closed"]
    assert refused == []


async def test_no_reply_to_the_product_passes_where_a_clinic_can_listen(nats: EmbeddedNats, clinic) -> None:  # type: ignore[no-untyped-def]
    client, _ = clinic
    overheard: list[bytes] = []

    async def hear(message: object) -> None:
        overheard.append(message.data)  # type: ignore[attr-defined]

    await client.subscribe("_INBOX.>", cb=hear)
    await client.flush()
    async with connected(nats) as broker:
        await broker.publish_frame("7", b"a token")
        frames = broker.follow_frames("7")
        assert await anext(frames) == b"a token"
        await frames.aclose()
    await client.flush()

    assert overheard == []


async def test_streams_are_as_the_settings_say(nats: EmbeddedNats) -> None:
    async with connected(nats) as broker:
        manager = broker._link.connection().jetstream
        configs = {info.config.name: info.config for info in await manager.streams_info()}

    assert set(configs) == {"SESSIONS", "NOTES", "DEAD", "TOKENS"}
    sessions, tokens = configs["SESSIONS"], configs["TOKENS"]
    assert sessions.discard == api.DiscardPolicy.NEW
    assert sessions.retention == api.RetentionPolicy.LIMITS
    assert (sessions.max_age, sessions.duplicate_window) == (14 * 86_400, 3_600)
    assert tokens.storage == api.StorageType.MEMORY
    assert tokens.max_age == 900
    assert all(config.max_bytes > 0 for config in configs.values())


async def test_parts_that_start_together_make_the_streams_without_a_complaint(
    nats: EmbeddedNats, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(connected(nats)) for _ in range(6)))
        for number in range(3):
            async with connected(nats) as broker:
                await broker.publish(f"sessions.{number + 1}.closed", b"x", {})

    assert "refuses" not in caplog.text


async def test_a_stream_with_other_settings_is_adapted(nats: EmbeddedNats) -> None:
    client = await nats_client.connect(nats.url)
    await client.jetstream().add_stream(name="NOTES", subjects=["notes.>"], max_age=60)
    await client.close()

    async with connected(nats) as broker:
        info = await broker._link.connection().jetstream.stream_info("NOTES")

    assert info.config.max_age == 30 * 86_400
