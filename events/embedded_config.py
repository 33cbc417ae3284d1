"""What the embedded NATS server is told: its configuration file and the credentials of its two users. Pure, but for
reading and writing these files.

``casenote`` is the product and may do all. ``clinic`` is a clinic system on the same machine: it publishes session
events, hears of closed sessions, and reads NOTES and DEAD; it sees no tokens, no turns of live sessions, no replies to
the product, and deletes no stream.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from events.errors import EmbeddedNatsError
from events.streams import DEAD, MAX_PAYLOAD, MIB, NOTES, SESSIONS, TOKENS, WORKER_CONSUMER

HOST = "127.0.0.1"
LOG_FILE_BYTES = 10 * MIB
LOG_FILES = 4

_READABLE = (NOTES.name, DEAD.name)

# What a JetStream client asks for to read a stream. $JS.ACK and $JS.FC come in a short and a long form (2.9 and 2.14
# on); the long one has the domain and the account before the stream.
_CLINIC_PUBLISHES = (
    "sessions.>",
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    # That it is there and how much it holds, and which sessions were closed; never what was said in one.
    f"$JS.API.STREAM.INFO.{SESSIONS.name}",
    f"$JS.API.CONSUMER.CREATE.{SESSIONS.name}.*.sessions.*.closed",
    *(
        subject.format(stream=stream)
        for stream in _READABLE
        for subject in (
            "$JS.API.STREAM.INFO.{stream}",
            "$JS.API.STREAM.MSG.GET.{stream}",
            "$JS.API.CONSUMER.*.{stream}",
            "$JS.API.CONSUMER.*.{stream}.>",
            "$JS.API.CONSUMER.DURABLE.CREATE.{stream}.*",
            "$JS.API.CONSUMER.MSG.NEXT.{stream}.*",
            "$JS.ACK.{stream}.>",
            "$JS.ACK.*.*.{stream}.>",
            "$JS.FC.{stream}.>",
            "$JS.FC.*.*.{stream}.>",
        )
    ),
)
# A request to make a consumer that exists changes it: the worker would no longer get what the new filter leaves out.
_CLINIC_NEVER = (f"$JS.API.CONSUMER.CREATE.{SESSIONS.name}.{WORKER_CONSUMER}.>",)
_CLINIC_READS = ("notes.>", "dead.>", "sessions.*.closed", "_INBOX.>")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The passwords of the two users; they hold only characters that a URL takes as they are."""

    casenote: str
    clinic: str

    def url(self, user: str, port: int) -> str:
        return f"nats://{user}:{getattr(self, user)}@{HOST}:{port}"


def load_credentials(path: Path) -> Credentials:
    """Reads the file, or makes it on the first start. Raises ``EmbeddedNatsError`` for one that cannot be read."""
    if not path.exists():
        made = Credentials(secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        write_private(path, json.dumps(asdict(made), indent=2) + "\n")
        return made
    try:
        body = json.loads(path.read_text())
        return Credentials(str(body["casenote"]), str(body["clinic"]))
    except (ValueError, KeyError, TypeError) as error:
        raise EmbeddedNatsError(
            f"{path} does not hold the passwords of casenote and clinic; delete it to have new ones made"
        ) from error


def render_config(credentials: Credentials, *, port: int, store: Path, log: Path) -> str:
    """The configuration file. ``sync_interval: always``: what was acknowledged is on the disk, not only on its way."""
    # Limits of the streams bound what is used. The server's must be above their sum several times over: it counts a
    # stream once for each client that asks for it at the same moment.
    file_limit = 8 * sum(stream.max_bytes for stream in (SESSIONS, NOTES, DEAD))
    return f"""\
# Written by Casenote at each start; changes are lost.
server_name: "casenote"
listen: "{HOST}:{port}"
max_payload: {MAX_PAYLOAD}
max_connections: 1000
write_deadline: "10s"
log_file: {json.dumps(str(log))}
logfile_size_limit: {LOG_FILE_BYTES}
logfile_max_num: {LOG_FILES}
jetstream {{
  store_dir: {json.dumps(str(store))}
  sync_interval: always
  max_memory_store: {8 * TOKENS.max_bytes}
  max_file_store: {file_limit}
}}
authorization {{
  users: [
    {{ user: "casenote", password: "{credentials.casenote}" }}
    {{
      user: "clinic", password: "{credentials.clinic}"
      permissions: {{
        publish: {{ allow: {json.dumps(_CLINIC_PUBLISHES)}, deny: {json.dumps(_CLINIC_NEVER)} }}
        subscribe: {{ allow: {json.dumps(_CLINIC_READS)} }}
      }}
    }}
  ]
}}
"""


def write_private(path: Path, text: str) -> None:
    """Replaces the file at once with one that only its owner reads."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
