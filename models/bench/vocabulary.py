"""The real vocabulary of Phi-3, out of the source distribution of llama-cpp-python."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

from models.errors import ModelFileError

__all__ = ["phi3_vocabulary"]

_NAME = "ggml-vocab-phi-3.gguf"


def phi3_vocabulary(folder: Path) -> Path:
    """``folder/ggml-vocab-phi-3.gguf``; fetched with pip, as pip is configured, when it is not there yet (about a
    minute). Raises ``ModelFileError`` when pip cannot fetch it."""
    kept = folder / _NAME
    if kept.is_file():
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        archive = _download(Path(scratch))
        draft = folder / f"{_NAME}.part"
        with tarfile.open(archive) as tar:
            member = next((entry for entry in tar if entry.name.endswith(f"/models/{_NAME}")), None)
            source = tar.extractfile(member) if member is not None else None
            if source is None:
                raise ModelFileError(f"{archive.name} holds no {_NAME}")
            with source, draft.open("wb") as target:
                shutil.copyfileobj(source, target)
        draft.replace(kept)
    return kept


def _download(folder: Path) -> Path:
    """The source distribution of the installed version."""
    wanted = f"llama-cpp-python=={version('llama-cpp-python')}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    done = subprocess.run([*command, "--dest", str(folder), wanted], capture_output=True, text=True, check=False)
    archive = next(folder.glob("*.tar.gz"), None)
    if done.returncode or archive is None:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ModelFileError(f"the source distribution of {wanted} could not be fetched with pip: {reason}")
    return archive
