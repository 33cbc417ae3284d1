"""Files of models: their hash, whether they are what they should be, and putting them in place all at once."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import ModelFileError

_CHUNK = 1 << 20

# Modes of files: what holds text of sessions is its owner's alone, a model is for the services of other users too.
PRIVATE, PUBLIC = 0o600, 0o644
GGUF_MAGIC = b"GGUF"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises ``ModelFileError`` when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def check_sha256(path: Path, expected: str) -> None:
    """Raises ``ModelFileError`` unless the file has that SHA-256."""
    found = sha256_of(path)
    if found != expected:
        raise ModelFileError(f"{path}: SHA-256 is {found}, it must be {expected}")


def remember_sha256(path: Path) -> str:
    """Writes a file's SHA-256 beside it, as ``NAME.sha256``, and returns it. Raises ``ModelFileError``."""
    digest = sha256_of(path)
    with replacing(_beside(path)) as draft:
        draft.write_text(digest + "\n", encoding="utf-8")
    return digest


def remembered_sha256(path: Path) -> str:
    """What ``remember_sha256`` wrote; "" where it did not."""
    try:
        return _beside(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def check_gguf(path: Path) -> None:
    """Raises ``ModelFileError`` unless there is a file that begins as a GGUF does."""
    if not path.is_file():
        raise ModelFileError(f"{path}: no such file; a GGUF model is needed")
    with path.open("rb") as file:
        if file.read(len(GGUF_MAGIC)) != GGUF_MAGIC:
            raise ModelFileError(f"{path}: not a GGUF file: it does not begin with 'GGUF'")


@contextmanager
def replacing(target: Path, *, mode: int = PUBLIC) -> Iterator[Path]:
    """A path beside ``target`` to write to; it becomes ``target`` in one step when the block ends well, on disk, and
    is removed when it does not. So nobody ever reads half a model. Until then it is its owner's alone, whatever
    ``mode`` says."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.chmod(mode)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
