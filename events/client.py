"""nats-py's client, so that no message can end it.

A server takes any bytes as a subject but blank, tab and line ends, and any as headers; nats-py reads a subject as UTF-8
and headers as well-formed, and one that is neither raises in its reading task. That ends in silence, the message is
delivered again to the next connection, and so on for ever. Here such a message arrives, with a subject that can be
written anywhere and without headers that cannot be read, and is refused as any other that is no event.

This is bound to the insides of nats-py 2: the tests in ``test_hostile_bytes.py`` tell when they change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from nats.aio import client
from nats.protocol import parser

# The server parts a line at blank and tab only. nats-py also parts it at \v and \f, which may stand in a subject: then
# it takes no line for what it is and gives the connection up. Its parser reads these two names at each message.
parser.MSG_RE = re.compile(rb"\AMSG[ \t]+([^ \t\r\n]+)[ \t]+([^ \t\r\n]+)[ \t]+(([^ \t\r\n]+)[ \t]+)?(\d+)\r\n")
parser.HMSG_RE = re.compile(
    rb"\AHMSG[ \t]+([^ \t\r\n]+)[ \t]+([^ \t\r\n]+)[ \t]+(([^ \t\r\n]+)[ \t]+)?(\d+)[ \t]+(\d+)\r\n"
)

# Whoever publishes to a wildcard is told of an error, which ends the connection, yet the message is stored.
_UNFIT_IN_SUBJECT = re.compile(rb"[^\x21-\x7e]|[*>]")


def plain_subject(subject: bytes) -> str:
    """The subject in printable ASCII, without wildcards: every other byte as ``%E9``. One that the product or a clinic
    writes as it should stays as it is."""
    return _UNFIT_IN_SUBJECT.sub(lambda found: b"%%%02X" % found[0][0], subject).decode()


class Client(client.Client):  # type: ignore[misc]  # nats-py has no types
    """``on_end`` is called when nothing is read any more, for whatever reason: nats-py itself does not always tell."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        super().__init__()
        self._on_end = on_end

    def _build_message(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: Any) -> Any:
        # No deliveries of JetStream have a reply that is not UTF-8; nobody will answer to another one.
        readable = reply.decode(errors="replace").encode()
        return super()._build_message(sid, plain_subject(subject).encode(), readable, data, headers)

    async def _process_headers(self, headers: bytes) -> Mapping[str, str] | None:
        try:
            found: Mapping[str, str] | None = await super()._process_headers(headers)
        except Exception:
            # Of whatever kind: they are the sender's, and the message is to be refused, not lost.
            return None
        return found

    async def _read_loop(self) -> None:
        try:
            await super()._read_loop()
        finally:
            self._on_end()
