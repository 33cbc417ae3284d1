"""The sha256 of model files, remembered by size and time of change so that a start does not read gigabytes twice."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

__all__ = ["sha256_of"]

_FILE = "digests.json"


def sha256_of(path: Path, cache_dir: Path | None = None) -> str:
    """The file's sha256 in hex. With ``cache_dir``, read again only when its size or time of change differ."""
    status = path.stat()
    mark = f"{path.resolve()}|{status.st_size}|{status.st_mtime_ns}"
    known = _read(cache_dir) if cache_dir else {}
    if mark in known:
        return known[mark]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if cache_dir:
        stale = f"{path.resolve()}|"
        kept = {key: value for key, value in known.items() if not key.startswith(stale)}
        _write(cache_dir, {**kept, mark: digest})
    return digest


def _read(cache_dir: Path) -> dict[str, str]:
    try:
        loaded = json.loads((cache_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in loaded.items()} if isinstance(loaded, dict) else {}


def _write(cache_dir: Path, digests: dict[str, str]) -> None:
    """A cache that cannot be written only costs time, so errors of the file system are passed over."""
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        draft = cache_dir / f"{_FILE}.{os.getpid()}"
        draft.write_text(json.dumps(digests, indent=1), encoding="utf-8")
        draft.replace(cache_dir / _FILE)
    except OSError:
        return
