"""The note of a live session that has fallen silent, through the whole service with the embedded model."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.service import Service, eventually, running_service
from tests.support.stream import read_stream, shown
from tests.support.transcripts import sample_turns


def engine_generations(service: Service) -> int:
    """Generations that the worker's engine has finished so far, as it last said."""
    found = re.search(r"^casenote_worker_generations\{.*\} (\S+)$", service.http.get("/metrics").text, re.MULTILINE)
    return int(float(found.group(1))) if found else 0


def test_closing_takes_over_the_note_that_the_silence_began(tmp_path: Path) -> None:
    with running_service(tmp_path / "service", EARLY_NOTE_SECONDS="0.5") as service:
        session_id = service.create()
        turns = [
            {"index": turn.index, "speaker": turn.speaker, "text": turn.text}
            for turn in sample_turns("sleep-after-layoff")
        ]
        service.http.post(f"/sessions/{session_id}/segments", json={"segments": turns}).raise_for_status()
        eventually(lambda: engine_generations(service) == 1, within=240, what="a note that was begun in the silence")
        assert service.http.get(f"/sessions/{session_id}/notes").status_code == 404

        service.close(session_id)

        stored = service.note_of(session_id)
        texts = shown(read_stream(service.base, session_id)).sections
        assert {section["id"]: section["text"] for section in stored["sections"] if section["text"]} == {
            section: text for section, text in texts.items() if section != "summary"
        }
        assert texts["summary"] == stored["summary"]
        assert stored["fallback"] is False
        # Another note makes the worker say anew what it has done: of this one nothing was written twice.
        other = service.create()
        service.http.post(f"/sessions/{other}/segments", json={"segments": turns}).raise_for_status()
        service.close(other)
        again = service.note_of(other)
        assert (again["text"], again["summary"]) == (stored["text"], stored["summary"])
        eventually(lambda: engine_generations(service) == 2, what="a second note")
