"""The measurements run, here on a tiny model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.bench import run_engine_bench
from models.bench.bandwidth import read_bandwidth
from models.bench.report import point_line
from models.bench.sessions import read_turns, written_turns


def test_the_bench_measures_every_way_and_the_sweep(tiny_phi3: Path) -> None:
    said: list[str] = []
    report = run_engine_bench(
        tiny_phi3,
        output_tokens=14,
        n_threads=1,
        parts=["alone", "close", "sweep"],
        sessions=(1, 2),
        lengths=(512,),
        progress=said.append,
    )
    assert [row.name.split(",")[0] for row in report.rows] == ["llama.cpp alone"] * 2 + ["casenote"] * 3
    assert all(0 < row.first <= row.total and row.peak_bytes > 0 for row in report.rows)
    assert [(point["sessions"], point["length"]) for point in report.sweep] == [(1, 512), (2, 512)]
    assert len(report.lines()) == 3 + len(report.rows) + 2 + len(report.sweep)
    assert json.loads(report.to_json())["output_tokens"] == 14
    assert report.prompt_tokens > 1000
    measured = [*(row.line() for row in report.rows), *map(point_line, report.sweep)]
    assert [line for line in said if line in report.lines()] == measured
    assert len(said) == 2 * len(measured)


def test_sessions_that_close_together_are_measured_with_the_longest_pause_of_a_stream(tiny_phi3: Path) -> None:
    report = run_engine_bench(tiny_phi3, output_tokens=84, n_threads=1, parts=["four"])
    assert [row.name for row in report.rows] == ["casenote, four fed live at once"]
    assert 0 < report.rows[0].more["longest_pause_in_steps"] < 1000
    assert "median steps" in report.lines()[-1]


def test_a_length_beyond_the_model_is_measured_as_long_as_the_model_allows(tiny_phi3: Path) -> None:
    report = run_engine_bench(
        tiny_phi3, output_tokens=14, n_threads=1, parts=["sweep"], sessions=(1,), lengths=(1_000_000,)
    )
    assert 512 < report.sweep[0]["length"] < 1_000_000


def test_a_note_that_was_begun_in_the_silence_is_measured_from_the_close(tiny_phi3: Path) -> None:
    report = run_engine_bench(tiny_phi3, output_tokens=14, n_threads=1, parts=["silence"], silence=0.05)
    assert [row.name for row in report.rows] == ["casenote, closed 0.05 s after its note was begun"]
    assert report.rows[0].first <= report.rows[0].total


def test_an_unknown_part_of_the_bench_is_refused(tiny_phi3: Path) -> None:
    with pytest.raises(
        ValueError, match="everything: no part of the measurements; they are alone, close, silence, four, sweep"
    ):
        run_engine_bench(tiny_phi3, parts=["everything"])


def test_reading_memory_takes_time() -> None:
    assert 1e8 < read_bandwidth(1, rounds=1) < 1e13


def test_a_written_session_has_no_turn_twice() -> None:
    turns = written_turns(200)
    assert len({turn.text for turn in turns}) == len(turns) == 200


def test_a_transcript_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "session.txt"
    path.write_text("Therapist: How are you?\nPatient: Tired.\n")
    assert [turn.speaker for turn in read_turns(path)] == ["therapist", "client"]
