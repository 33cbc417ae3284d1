"""From files of sessions to examples, with the tokenizer of the embedded model: who is held out, who is left out."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from models.catalog.embedded import EMBEDDED_FILE, default_models_dir
from training.data import read_dataset, transcript_mark
from training.example_files import check_vocabulary, read_examples
from training.examples import ExampleError
from training.pipeline import Source, prepare
from training.tokens import vocabulary_of

VOCABULARY = default_models_dir() / EMBEDDED_FILE


def session(number: int, extra: str = "") -> dict[str, str]:
    chance = random.Random(number)
    told = " ".join(
        chance.choice(("sleep", "work", "brother", "was", "hard", "again", "the", "dog")) for _ in range(60)
    )
    return {
        "id": f"s{number}",
        "transcript": f"Therapist: How was it?\nPatient: {told}{extra}",
        "summary": "Client spoke.",
    }


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    path = tmp_path / "sessions.jsonl"
    path.write_text("".join(json.dumps(session(number)) + "\n" for number in range(20)))
    return path


def test_each_session_is_trained_on_or_held_out(sessions: Path, tmp_path: Path) -> None:
    prepared = prepare([Source(sessions)], VOCABULARY, tmp_path / "out.jsonl")

    trained = {example.id for example in read_examples(tmp_path / "out.jsonl").examples}
    held = {record.id for record in (*prepared.split.valid, *prepared.split.test)}
    assert (len(trained), len(held)) == (16, 4)
    assert not trained & held


def test_examples_say_by_transcript_which_sessions_are_trained_on_and_none_that_is_held_out(
    sessions: Path, tmp_path: Path
) -> None:
    prepared = prepare([Source(sessions)], VOCABULARY, tmp_path / "out.jsonl")
    found = read_examples(tmp_path / "out.jsonl")
    check_vocabulary(tmp_path / "out.jsonl", found, "the same", vocabulary_of(VOCABULARY))
    assert found.origin["vocabulary"]["size"] == 49152
    marks = found.origin["transcripts"]
    assert marks == sorted(transcript_mark(record.transcript) for record in prepared.split.train)

    grown = tmp_path / "grown.jsonl"
    rows = [{**session(n), "id": f"new{n}", "transcript": session(n)["transcript"].upper()} for n in range(30)]
    grown.write_text("".join(json.dumps(row) + "\n" for row in rows))
    known = {transcript_mark(record.transcript) for record in read_dataset(grown).records} & set(marks)
    assert len(known) == len(marks)


def test_a_near_duplicate_of_a_held_out_session_is_left_out_of_every_source_and_named(
    sessions: Path, tmp_path: Path
) -> None:
    held = prepare([Source(sessions)], VOCABULARY, tmp_path / "first.jsonl").split.test[0].id
    copy = {**session(int(held[1:]), " and more"), "id": "copy"}
    more = tmp_path / "more.jsonl"
    more.write_text("".join(json.dumps(row) + "\n" for row in (copy, session(77))))

    prepared = prepare([Source(sessions), Source(more, repeat=2)], VOCABULARY, tmp_path / "out.jsonl")

    names = [example.id for example in read_examples(tmp_path / "out.jsonl").examples]
    assert "copy" not in names
    assert names.count("s77") == 2
    assert any(line.startswith("session copy: shares ") and held in line for line in prepared.left_out)


def test_no_other_session_of_a_held_out_patient_is_trained_on_from_a_second_file_and_each_is_named(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_text("".join(json.dumps({**session(n), "patient_id": n}) + "\n" for n in range(20)))
    second.write_text("".join(json.dumps({**session(n + 50), "patient_id": n}) + "\n" for n in range(20)))

    prepared = prepare([Source(first), Source(second)], VOCABULARY, tmp_path / "out.jsonl")

    held = {int(record.id[1:]) for record in (*prepared.split.valid, *prepared.split.test)}
    trained = {int(example.id[1:]) for example in read_examples(tmp_path / "out.jsonl").examples}
    assert trained == {n for n in (*range(20), *range(50, 70)) if n % 50 not in held}
    said = [line for line in prepared.left_out if "another session of its patient is held out" in line]
    assert sorted(said) == sorted(
        f"session s{n + 50} of second: another session of its patient is held out" for n in held
    )


def test_where_nothing_is_left_to_train_on_no_examples_are_written_and_it_is_said_why(tmp_path: Path) -> None:
    path = tmp_path / "refused.jsonl"
    path.write_text("".join(json.dumps({**session(n), "consent": False}) + "\n" for n in range(3)))
    with pytest.raises(ExampleError, match=r"nothing is left to train on: refused: 3 of 3 rows skipped: no consent"):
        prepare([Source(path)], VOCABULARY, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_near_duplicates_within_one_file_do_not_leak_across_its_split(tmp_path: Path) -> None:
    path = tmp_path / "twins.jsonl"
    twins = [{**session(number, extra), "id": f"{number}{extra}"} for number in range(10) for extra in ("", " again")]
    path.write_text("".join(json.dumps(row) + "\n" for row in twins))

    prepared = prepare([Source(path)], VOCABULARY, tmp_path / "out.jsonl")

    trained = {example.id.split(" ")[0] for example in read_examples(tmp_path / "out.jsonl").examples}
    held = {record.id.split(" ")[0] for record in (*prepared.split.valid, *prepared.split.test)}
    assert held
    assert not trained & held


def test_the_folds_of_a_file_hold_out_each_session_once_and_say_which_fold_they_are(
    sessions: Path, tmp_path: Path
) -> None:
    held: list[str] = []
    for number in range(4):
        out = tmp_path / f"{number}.jsonl"
        prepared = prepare([Source(sessions)], VOCABULARY, out, fold=f"{number}/4")
        held += [record.id for record in prepared.split.test]
        assert read_examples(out).origin["fold"] == f"{number}/4"
    assert sorted(held) == sorted(f"s{number}" for number in range(20))


def test_sections_may_be_seen_once_in_several_repeats_and_the_paragraph_in_each(tmp_path: Path) -> None:
    path = tmp_path / "with_sections.jsonl"
    rows = [{**session(number), "sections": {"progress": "Patient slept better this week."}} for number in range(5)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    prepare([Source(path, repeat=2, sections_every=2)], VOCABULARY, tmp_path / "out.jsonl", hold_out=False)

    found = read_examples(tmp_path / "out.jsonl")
    parts = [(example.id, [branch.id for branch in example.branches]) for example in found.examples]
    assert sorted(parts) == sorted(
        (f"s{number}", names) for number in range(5) for names in (["summary"], ["summary", "progress"])
    )
    assert found.origin["files"][0]["sections_every"] == 2
