"""One note through any sequence of calls, and what must hold of it after each.

Whatever a person writes holds a word that no model says; the model's sentences hold none. So for each text it can be
told whose words stand in it, whatever the service says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from models.clinical.markers import normalise_markers
from models.clinical.sentences import split_sentences
from tests.support.clinic_life import Clinic
from tests.support.transcripts import SHORT_SESSION

_PERSONS = re.compile(r"human\d+word")
_MODELS = (
    {
        "plan": " The client will do the breathing twice a day.",
        "progress": " The breathing helped the client a little.",
    },
    {"plan": " The client will keep a sleep diary.", "progress": " The shoulders of the client are less tight."},
    {"plan": " The client will write down the thought.", "emotional_state": " The client was tired and scared."},
)
_SILENT = re.compile(r"(?:Not assessed in this session|None discussed|Not stated in this session)\.")


@dataclass(slots=True)
class Client:
    """One editor: what it saw when it last looked."""

    document: dict[str, Any] | None = None
    tag: str | None = None


@dataclass(slots=True)
class Story:
    """``is_ai`` and ``edited`` are what contract 3.1 says of the note now. ``written``: every word of a person that the
    service took; ``signed_text``: that of a signed note."""

    clinic: Clinic
    session_id: int
    clients: tuple[Client, Client] = field(default_factory=lambda: (Client(), Client()))
    now: dict[str, Any] | None = None
    is_ai: bool = False
    edited: bool = False
    words: int = 0
    written: list[str] = field(default_factory=list)
    addenda: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    by_models: set[str] = field(default_factory=set)
    versions: dict[int, tuple[str, str]] = field(default_factory=dict)
    deliveries: int = 0

    @classmethod
    async def begin(cls, clinic: Clinic) -> Story:
        return cls(clinic, await clinic.api.create(original_transcription=SHORT_SESSION))

    # -- talking to the service -------------------------------------------------------------------------------

    @property
    def http(self) -> httpx.AsyncClient:
        return self.clinic.api.http

    @property
    def path(self) -> str:
        return f"/sessions/{self.session_id}/notes"

    @property
    def has_text(self) -> bool:
        return bool(self.now and self.now["text"].strip())

    @property
    def is_signed(self) -> bool:
        return bool(self.now and self.now["status"] == "signed")

    def word(self) -> str:
        """A word that only this person, this time, writes."""
        self.words += 1
        return f"human{self.words}word"

    def let_model_say(self, choice: int) -> None:
        self.clinic.engine.fails = False
        self.clinic.engine.says = dict(_MODELS[choice % len(_MODELS)])

    async def generate(self, *, later: bool = False, **body: Any) -> httpx.Response:
        headers = {"Prefer": "respond-async"} if later else {}
        return await self.http.post(f"/sessions/{self.session_id}/generate-notes", json=body, headers=headers)

    async def revisions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.http.get(f"{self.path}/revisions")).json()["revisions"]
        return found

    # -- what must hold ---------------------------------------------------------------------------------------

    async def look(self) -> dict[str, Any] | None:
        """Reads the note and checks all that holds whatever happened."""
        answer = await self.http.get(self.path)
        if answer.status_code == 404:
            assert self.now is None, "a note is gone"
            return None
        self.now = answer.json()
        flags = self.now["authorship"]
        assert (flags["is_ai_generated"], flags["edited_from_ai"]) == (self.is_ai, self.edited)
        assert flags["generated_at"] is not None or not self.is_ai
        self._check_authors()
        for text in self.now["suggestions"].values():
            self.by_models.update(_sentences(text))
        assert [one["text"] for one in self.now["addenda"]] == self.addenda
        seen = (self.now["text"], self.now["summary"])
        assert self.versions.setdefault(self.now["version"], seen) == seen, "a version changed"
        return self.now

    def _check_authors(self) -> None:
        assert self.now is not None
        parts = [(one["author"], one["text"]) for one in self.now["sections"]]
        for author, text in [*parts, (self.now["summary_author"], self.now["summary"])]:
            if author == "ai":
                assert not _PERSONS.search(text), "a person's words are said to be the model's"
                self.by_models.update(_sentences(text))
            if author == "person":
                assert not self.by_models & set(_sentences(text)), "the model's words are said to be a person's"
        known = {author for author, text in parts if text}
        assert self.now["authorship"]["is_ai_generated"] or known <= {"person"}

    def persons_words(self) -> set[str]:
        """What persons wrote of the note as it stands."""
        return set(_PERSONS.findall(f"{self.now['text']} {self.now['summary']}")) if self.now else set()

    def derive_flags(self, document: dict[str, Any]) -> None:
        """After a writing that kept a person's sections, the flags follow from who wrote what stands there."""
        authors = {one["author"] for one in document["sections"]}
        self.is_ai = bool(authors - {"person"})
        self.edited = self.is_ai and bool(authors - {"ai"})

    async def read_now(self) -> dict[str, Any]:
        document: dict[str, Any] = (await self.http.get(self.path)).json()
        return document

    async def finish(self) -> None:
        """What must hold at the end: nothing is lost, every version is as it was, each says who wrote it."""
        revisions = await self.revisions()
        assert [one["version"] for one in revisions] == list(range(1, len(revisions) + 1))
        for one in revisions:
            seen = (one["text"], one["summary"])
            assert self.versions.get(one["version"], seen) == seen
            assert one["author"]["kind"] == {
                "generated": "model", "regenerated": "model",
            }.get(one["change"], "person") or one["fallback"]  # fmt: skip
        kept = json.dumps([[one["text"], one["summary"]] for one in revisions], ensure_ascii=False)
        assert [word for word in self.written if word not in kept] == []
        given = [one["author"].get("reason") for one in revisions if one["change"] == "unlocked"]
        assert given == self.reasons
        session = (await self.http.get(f"/sessions/{self.session_id}")).json()["session"]
        assert session["notes"] == (self.now["text"] if self.now else None)
        first = next((one for one in revisions if one["author"]["kind"] == "model"), None)
        if first is not None:
            assert first["model"]["name"] == "scripted"

    def took(self, words: str) -> None:
        """The service took a person's words."""
        self.written.extend(_PERSONS.findall(words))

    def expect_edit(self, *texts: str) -> None:
        """A person changed the note: ``texts`` are the sections that they sent."""
        if any(self.by_models & set(_sentences(text)) for text in texts):
            self.is_ai = True
        self.edited = self.is_ai


def _sentences(text: str) -> list[str]:
    """The sentences that say something, and that nobody else would come upon."""
    return [one for one in split_sentences(text) if not _SILENT.fullmatch(one) and len(one.split()) > 3]


def stored(words: str) -> str:
    """A text as the service stores it."""
    return normalise_markers(words)
