"""Whether the stored versions of all notes still stand as they were written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.database import Database
from server.db.tables import NoteRow, RevisionRow
from server.notes import chain

# A note and one of its versions.
Place = tuple[int, int]


@dataclass(slots=True)
class Findings:
    """``heads``: the hash of the last version of each note. ``unchained``: versions from before there were hashes.
    ``broken``: where something is not as it was written, and what."""

    notes: int = 0
    versions: int = 0
    unchained: int = 0
    heads: dict[Place, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def complain(self, session_id: int, version: int, what: str) -> None:
        self.broken.append(f"session {session_id}, version {version}: {what}")


async def examine(database: Database, held: Mapping[Place, str] | None = None) -> Findings:
    """Looks at every version of every note. ``held`` are hashes that were taken before and kept elsewhere: without them
    the last versions of a note could be cut off unseen."""
    findings, left = Findings(), dict(held or {})
    async with database.read() as db:
        last: RevisionRow | None = None
        async for row in _revisions(db):
            if last is None or row.session_id != last.session_id:
                await _close(db, last, findings)
                last = None
            _check(row, last, findings)
            if left.pop((row.session_id, row.version), row.chain) != row.chain:
                findings.complain(row.session_id, row.version, "another hash than the one that was kept")
            last = row
        await _close(db, last, findings)
        await _find_bare(db, findings)
    for session_id, version in sorted(left):
        findings.complain(session_id, version, "gone")
    return findings


async def _revisions(db: AsyncSession) -> AsyncIterator[RevisionRow]:
    query = select(RevisionRow).order_by(RevisionRow.session_id, RevisionRow.version)
    rows = await db.stream_scalars(query.execution_options(yield_per=100))
    async for row in rows:
        yield row


def _check(row: RevisionRow, last: RevisionRow | None, findings: Findings) -> None:
    findings.versions += 1
    if row.version != (last.version + 1 if last is not None else 1):
        findings.complain(row.session_id, row.version, "the version before it is gone")
    before = last.chain if last is not None else None
    if row.chain is None and before is None:
        findings.unchained += 1
    elif row.chain != _link(row, before):
        findings.complain(row.session_id, row.version, "not as it was written")


def _link(row: RevisionRow, before: str | None) -> str:
    return chain.link(
        before,
        session_id=row.session_id,
        version=row.version,
        change=row.change,
        author=row.author,
        text=row.text,
        state=row.state,
        created_at=row.created_at,
    )


async def _close(db: AsyncSession, last: RevisionRow | None, findings: Findings) -> None:
    """What holds of a note after its last version: the note is that version."""
    if last is None:
        return
    findings.notes += 1
    note = await db.get(NoteRow, last.session_id)
    if note is None or (note.version, note.state) != (last.version, last.state):
        findings.complain(last.session_id, last.version, "the note is not as its last version says")
    if last.chain is not None:
        findings.heads[last.session_id, last.version] = last.chain


async def _find_bare(db: AsyncSession, findings: Findings) -> None:
    """Notes of which no version is left: nothing above has come by them."""
    versions = select(RevisionRow.session_id).where(RevisionRow.session_id == NoteRow.session_id)
    query = select(NoteRow.session_id, NoteRow.version).where(~versions.exists()).order_by(NoteRow.session_id)
    for session_id, version in await db.execute(query):
        findings.notes += 1
        findings.complain(session_id, version, "the note is there, but none of its versions is")


def read_heads(lines: Iterable[str]) -> dict[Place, str]:
    """Hashes as ``heads`` prints them: session, version and hash, a line each. Raises ``ValueError``."""
    found: dict[Place, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            session_id, version, digest = line.split()
            found[int(session_id), int(version)] = digest
        except ValueError:
            raise ValueError(f"line {number} is not a session, a version and a hash") from None
    return found
