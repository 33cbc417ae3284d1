"""Sessions to train and measure on: read from CSV or JSONL, validated row by row, normalised without losing a mark.

A record that lacks a transcription or a summary is reported and skipped, never trained on. Text of sessions stays in
the records: the report names rows and reasons only.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.formats.format import load_format
from models.transcript import CLIENT_NAMES, THERAPIST_NAMES, Turn, normalise_whitespace, parse_transcript
from training.fields import refusal, texts_by_name

# Column names in the order of preference; the first that is there is taken.
TRANSCRIPT_KEYS = (
    *("transcript", "session_transcription", "original_transcription", "translated_transcription"),
    *("transcription", "dialogue"),
)
SUMMARY_KEYS = ("summary", "session_summary", "signed_summary", "section_text", "note")
PATIENT = "patient-"  # how the group of a session begins whose patient is known
SECTION_IDS = frozenset(section.id for section in load_format().sections)
ID_KEYS = ("id", "session_id", "encounter_id", "ID")

# The service refuses transcripts under 50 characters (contract 3.1); there is nothing to learn from them either.
MIN_TRANSCRIPT = 50
MIN_SUMMARY_WORDS = 5

_WORD = re.compile(r"\w+")
_SPEAKERS = THERAPIST_NAMES | CLIENT_NAMES
_ROLES = frozenset(name for name in _SPEAKERS if len(name) > 2)
_BRACKETED = re.compile(r"^\[(\w+)\] *", re.MULTILINE)


class DatasetError(ValueError):
    """A file of sessions that cannot be read at all; the message names it and what would be right."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session with its reference text. ``group`` is what a split must keep together (the patient, where known);
    ``sections`` holds reference text by section id and may be empty; ``draft`` what a model had written before a
    clinician changed and signed it, by part, empty where that is not known."""

    id: str
    transcript: str
    summary: str
    sections: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    group: str = ""
    draft: Mapping[str, str] = field(default_factory=dict)

    @property
    def patient(self) -> bool:
        """Whether it is known whose session it is; where it is not, a session is a group by itself."""
        return self.group.startswith(PATIENT) and self.group != self.id

    @property
    def turns(self) -> tuple[Turn, ...]:
        return parse_transcript(self.transcript)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of one row. ``row`` counts records from 1; ``skipped`` rows are not in the data set."""

    row: int
    reason: str
    skipped: bool = True


@dataclass(frozen=True, slots=True)
class Dataset:
    """The records of a file and the findings about its rows."""

    name: str
    rows: int
    records: tuple[SessionRecord, ...]
    findings: tuple[Finding, ...]

    def skipped(self) -> str:
        """How many rows were skipped and why, in one line; "" where none was. Without text of any session."""
        reasons = Counter(_kind(finding.reason) for finding in self.findings if finding.skipped)
        told = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
        return f"{self.name}: {reasons.total()} of {self.rows} rows skipped: {told}" if told else ""

    def report(self) -> str:
        """The validation report, Markdown, row by row, without text of any session."""
        lines = [f"# {self.name}", "", f"{self.rows} rows, {len(self.records)} usable."]
        if self.findings:
            lines += ["", "| row | kept | finding |", "| --- | --- | --- |"]
            lines += [f"| {f.row} | {'no' if f.skipped else 'yes'} | {f.reason} |" for f in self.findings]
        return "\n".join(lines) + "\n"


def _kind(reason: str) -> str:
    """A reason without its numbers, so that equal ones can be counted."""
    return re.sub(r"\d+", "N", reason.partition(":")[0])


def normalise_text(text: str) -> str:
    """``text`` with each line trimmed and its runs of white space one space, empty lines gone. Nothing else changes:
    clinical markers, quotation marks and case stay as they were. Idempotent."""
    lines = (normalise_whitespace(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def text_sha256(text: str) -> str:
    """By what a transcript is known without being shown: SHA-256 of its UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def transcript_mark(text: str) -> str:
    """By what a session is known again in whatever file, under whatever id, without being shown: 16 digits of the
    SHA-256 of its words, to which case, white space and signs do not belong."""
    return text_sha256(" ".join(_WORD.findall(text.lower())))[:16]


def read_dataset(path: Path) -> Dataset:
    """The sessions of a ``.csv``, ``.jsonl`` or ``.json`` (a list) file. Raises ``DatasetError``."""
    try:
        rows = list(_rows(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    except (json.JSONDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: not {path.suffix[1:].upper()}: {error}") from error
    return build_dataset(rows, path.stem)


def build_dataset(rows: Iterable[Mapping[str, object] | None], name: str) -> Dataset:
    """Validates rows of named fields (None: a row that could not be parsed)."""
    records: list[SessionRecord] = []
    findings: list[Finding] = []
    seen: dict[str, int] = {}
    names: dict[str, int] = {}
    count = 0
    for count, row in enumerate(rows, 1):
        record, reason = _record(row, count, name)
        if record is None:
            findings.append(Finding(count, reason))
            continue
        digest = text_sha256(record.transcript.lower())
        if digest in seen:
            findings.append(Finding(count, f"same transcription as row {seen[digest]}"))
            continue
        if record.id in names:
            # Scores, splits and leaks are kept by id: two sessions under one would be mixed up.
            findings.append(Finding(count, f"same id as row {names[record.id]}: each session needs one of its own"))
            continue
        seen[digest] = names[record.id] = count
        findings.extend(Finding(count, remark, skipped=False) for remark in (*_remarks(record), *_unread(row)))
        records.append(record)
    return Dataset(name, count, tuple(records), tuple(findings))


def _rows(path: Path) -> Iterator[Mapping[str, object] | None]:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        csv.field_size_limit(min(sys.maxsize, 1 << 30))
        with path.open(encoding="utf-8-sig", newline="") as file:
            # Without strict a quote that is lost takes the rows behind it, of whatever consent, into one text.
            yield from csv.DictReader(file, strict=True)
    elif suffix == ".jsonl":
        with path.open(encoding="utf-8-sig") as file:
            yield from (_object(line) for line in file if line.strip())
    elif suffix == ".json":
        loaded = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(loaded, list):
            raise DatasetError(f"{path}: must hold a list of sessions")
        yield from (entry if isinstance(entry, dict) else None for entry in loaded)
    else:
        raise DatasetError(f"{path}: '{suffix}' is not known, it may be .csv, .jsonl or .json")


def _object(line: str) -> Mapping[str, object] | None:
    try:
        loaded = json.loads(line)
    except json.JSONDecodeError:
        return None
    return loaded if isinstance(loaded, dict) else None


def _text(row: Mapping[str, object], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = row.get(key)
        if isinstance(value, str) and value.strip():
            return normalise_text(value)
    return ""


def _spoken(transcript: str) -> str:
    """Speakers in brackets, as some public sets have them, in the spelling of the service. What else stands in
    brackets, as ``[laughs]``, is of the line."""
    return _BRACKETED.sub(lambda found: f"{found[1].capitalize()}: " if _speaks(found[1]) else found[0], transcript)


def _speaks(word: str) -> bool:
    """Whether a word is a speaker: one that the service knows, alone or as ``patient_guest``, or ``speaker1``."""
    whole = word.lower()
    return whole in _SPEAKERS or whole.partition("_")[0] in _ROLES or whole.rstrip("0123456789") == "speaker"


def _record(row: Mapping[str, object] | None, number: int, name: str) -> tuple[SessionRecord | None, str]:
    if row is None:
        return None, "not a JSON object"
    if reason := refusal(row):
        return None, reason
    transcript, summary = _spoken(_text(row, TRANSCRIPT_KEYS)), _text(row, SUMMARY_KEYS)
    if not transcript:
        return None, "no transcription"
    if not summary:
        return None, "no summary"
    if len(transcript) < MIN_TRANSCRIPT:
        return None, f"transcription of {len(transcript)} characters, at least {MIN_TRANSCRIPT} are needed"
    identity = next((str(row[key]) for key in ID_KEYS if row.get(key) not in (None, "")), f"{name}-{number}")
    patient = row.get("patient_id")
    group = identity if patient in (None, "") else f"{PATIENT}{patient}"
    texts = (identity, transcript, summary, *_texts(row.get("sections")).values(), *_draft(row).values(), group)
    if not all(_is_unicode(text) for text in texts):
        return None, "half of a character (a surrogate), which no text can hold"
    return SessionRecord(
        identity, transcript, normalise_whitespace(summary), _texts(row.get("sections")), name, group, _draft(row)
    ), ""


def _texts(value: object) -> dict[str, str]:
    found, _ = texts_by_name(value)
    return {name: normalise_text(text) for name, text in found.items() if isinstance(text, str)}


def _draft(row: Mapping[str, object]) -> dict[str, str]:
    draft, _ = texts_by_name(row.get("draft"))
    return {**_texts({"summary": draft.get("summary")}), **_texts(draft.get("sections"))}


def _unread(row: Mapping[str, object] | None) -> Iterator[str]:
    _, remark = texts_by_name(row.get("sections") if row else None)
    if remark:
        yield f"sections: {remark}"


def _remarks(record: SessionRecord) -> Iterator[str]:
    words = len(record.summary.split())
    if words < MIN_SUMMARY_WORDS:
        yield f"summary of {words} words"
    if words >= len(record.transcript.split()):
        yield "summary is as long as the transcription"
    unknown = set(record.sections) - SECTION_IDS
    if unknown:
        yield f"sections: {len(unknown)} of its {len(record.sections)} ids are none of the format and not used"
    if all(turn.speaker == "unknown" for turn in record.turns):
        yield "no speaker labels"


def with_sections(records: Iterable[SessionRecord], labels: Path) -> tuple[SessionRecord, ...]:
    """Records with the section text of a label file: JSONL of ``{"sha256": first digits of the transcription's
    SHA-256, "sections": {...}}``. A label without a session is ignored; a session without a label stays as it is.
    Raises ``DatasetError``."""
    by_hash: dict[str, Mapping[str, str]] = {}
    try:
        with labels.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    digest, sections = _label(line, f"{labels}, line {number}")
                    by_hash[digest] = sections
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{labels}: cannot be read as UTF-8 text: {error}") from error
    return tuple(_labelled(record, by_hash) for record in records)


def _label(line: str, where: str) -> tuple[str, Mapping[str, str]]:
    entry = _object(line)
    digest, sections = (entry.get("sha256"), entry.get("sections")) if entry else (None, None)
    if not (isinstance(digest, str) and isinstance(sections, dict) and _are_texts(sections.values())):
        raise DatasetError(
            f'{where}: not a label: it must be {{"sha256": "first digits", "sections": {{"risk": "text"}}}}'
        )
    return digest, sections


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) and _is_unicode(value) for value in values)


def _is_unicode(text: str) -> bool:
    """Whether the text can be written as UTF-8: JSON may hold half of a character."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _labelled(record: SessionRecord, by_hash: Mapping[str, Mapping[str, str]]) -> SessionRecord:
    digest = text_sha256(record.transcript)
    for length in (16, 64):
        if (sections := by_hash.get(digest[:length])) is not None:
            kept = {key: normalise_text(value) for key, value in sections.items()}
            return dataclasses.replace(record, sections=kept)
    return record
