"""Export: a trained adapter as GGUF, a folder of safetensors as GGUF, a GGUF in other quantisations.

The converters are llama.cpp's own, out of the source distribution of the llama-cpp-python that serves, so that what
they write is what it reads. They are fetched by hash to a cache when they are first needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.catalog.bake import LICENCE_KEY, bake, base_values
from models.catalog.files import check_gguf, replacing
from models.catalog.gguf_copy import stamp
from models.catalog.trained import TRAINED_BASE_KEY, TRAINED_KEY, to_text, trainings_of
from models.engine.gguf_file import read_head
from models.errors import ModelFileError
from training.run_record import RECORD, base_record, read_record

_REQUIREMENTS = Path(__file__).with_name("converter.requirements.txt")
_VENDORED = "vendor/llama.cpp/"
_WANTED = (
    "convert_hf_to_gguf.py",
    "convert_lora_to_gguf.py",
    "conversion/",
    "gguf-py/",
    "models/ggml-vocab-phi-3.gguf",
)

# What llama.cpp calls its mixes of quantisations (llama_ftype).
QUANTISATIONS = {"Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q4_K_S": 14, "Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18, "F16": 1}
# What the converter writes by itself.
_CONVERTED = {"F32": "f32", "F16": "f16", "BF16": "bf16", "Q8_0": "q8_0"}
_PLAIN_TYPES = {0, 1, 30}  # F32, F16 and BF16, by their number in ggml.h


class ExportError(RuntimeError):
    """A converter failed; the message has its last line."""


def default_cache() -> Path:
    return Path.home() / ".cache" / "casenote" / "llama.cpp"


def ensure_converter(cache: Path | None = None) -> Path:
    """The folder with llama.cpp's converters, fetched when it is not there. Raises ``ExportError``."""
    folder = cache or default_cache()
    if (folder / _WANTED[0]).is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".converter-", dir=folder.parent) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "llama-cpp-python"]
        _run([*command, "--require-hashes", "--dest", scratch, "--requirement", str(_REQUIREMENTS)])
        archive = next(Path(scratch).glob("*.tar.gz"))
        unpacked = Path(scratch) / "unpacked"
        _unpack(archive, unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.replace(folder)
    return folder


def _unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as source:
        for member in source:
            _, _, inner = member.name.partition("/")
            path = inner.removeprefix(_VENDORED)
            if member.isfile() and inner.startswith(_VENDORED) and path.startswith(_WANTED):
                member.name = path
                source.extract(member, target, filter="data")


def _run(command: list[str], packages: Path | None = None) -> None:
    environment = dict(os.environ)
    if packages:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(packages), environment.get("PYTHONPATH", "")]))
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["it gave no reason"]
        raise ExportError(f"{Path(command[1]).name if len(command) > 1 else command[0]}: {lines[-1]}")


def export_adapter(
    adapter: Path, base: Path, target: Path, kind: str = "f16", cache: Path | None = None, *, licence: str = ""
) -> Path:
    """The adapter of folder ``adapter`` as GGUF (``kind``: f32, f16, bf16, q8_0). ``base`` is the folder or the GGUF
    that it was trained on: only its configuration is read. The GGUF says of its base, of its ``licence``, that of a
    base in GGUF where none is given, and by hash of the files it was trained on. Raises ``ExportError``, and
    ``ModelFileError`` where it was trained on another base."""
    record = read_record(adapter / RECORD) if (adapter / RECORD).is_file() else {}
    on = check_base(adapter, record, base)
    converter = ensure_converter(cache)
    with tempfile.TemporaryDirectory(prefix="casenote-base-") as scratch, replacing(target) as draft:
        folder = base if base.is_dir() else _configuration(base, Path(scratch))
        script = str(converter / "convert_lora_to_gguf.py")
        arguments = ["--base", str(folder), str(adapter), "--outtype", kind, "--outfile", str(draft)]
        _run([sys.executable, script, *arguments], converter / "gguf-py")
        said = {} if base.is_dir() else read_head(base).values
        own = licence or str(said.get(LICENCE_KEY, ""))
        # Without a name of its own an adapter is called after the file that it was first written to.
        name = target.parent.name if target.stem == "adapter" else target.stem
        values = {"general.name": name, **base_values(base, str(said.get("general.name", "")), own)}
        stamp(draft, {**values, **_trained(record), **on})
    return target


def check_base(adapter: Path, record: Mapping[str, Any], base: Path) -> dict[str, str]:
    """What the GGUF of an adapter says of the file that it was trained on; nothing where that is a folder. Raises
    ``ModelFileError`` where its ``run.json`` names another base by hash."""
    told, found = record.get("base") or {}, base_record(base)
    shared = (told.keys() & found.keys()) - {"name"}
    if any(told[name] != found[name] for name in shared):
        raise ModelFileError(
            f"{adapter}: trained on {told.get('name')}, {base} is another one by its hash: --base names that one"
        )
    return {TRAINED_BASE_KEY: found["sha256"]} if "sha256" in shared else {}


def _trained(record: Mapping[str, Any]) -> dict[str, str]:
    text = to_text(trainings_of(record))
    return {TRAINED_KEY: text} if text else {}


def _configuration(base: Path, folder: Path) -> Path:
    """The configuration of a GGUF as a folder of the kind that converters read."""
    from transformers import AutoConfig, AutoTokenizer

    config = AutoConfig.from_pretrained(base.parent, gguf_file=base.name)
    config.architectures = ["Phi3ForCausalLM" if config.model_type == "phi3" else "LlamaForCausalLM"]
    config.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base.parent, gguf_file=base.name).save_pretrained(folder)
    return folder


def convert_base(folder: Path, target: Path, kind: str = "f16", cache: Path | None = None) -> Path:
    """A folder of safetensors as GGUF (``kind``: f32, f16, bf16, q8_0). Raises ``ExportError`` and
    ``ModelFileError``."""
    if not list(folder.glob("*.safetensors")):
        raise ModelFileError(f"{folder}: must be a folder with .safetensors; other weight files are not read")
    converter = ensure_converter(cache)
    with replacing(target) as draft:
        script = str(converter / "convert_hf_to_gguf.py")
        _run([sys.executable, script, str(folder), "--outtype", kind, "--outfile", str(draft)], converter / "gguf-py")
    return target


def convert(folder: Path, target: Path, kind: str = "F16", cache: Path | None = None) -> Path:
    """A folder of safetensors as GGUF in any quantisation; what the converter does not write itself is quantised from
    16 bits. Raises ``ExportError`` and ``ModelFileError``."""
    _check_kind(kind, (*_CONVERTED, *QUANTISATIONS))
    if kind in _CONVERTED:
        return convert_base(folder, target, _CONVERTED[kind], cache)
    with _scratch(target) as scratch:
        return quantise(convert_base(folder, scratch / "plain.gguf", "f16", cache), target, kind)


def quantise(source: Path, target: Path, kind: str, threads: int = 0) -> Path:
    """A GGUF of 16 or 32 bits in a quantisation, by llama.cpp itself. Raises ``ModelFileError``, also for a source that
    is quantised already: what was rounded twice is worse for nothing."""
    import llama_cpp

    _check_kind(kind, QUANTISATIONS)
    check_gguf(source)
    if read_head(source).types - _PLAIN_TYPES:
        raise ModelFileError(f"{source}: is quantised already: quantise from a GGUF of 16 or 32 bits")
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = QUANTISATIONS[kind], threads
    with replacing(target) as draft:
        if llama_cpp.llama_model_quantize(str(source).encode(), str(draft).encode(), params) != 0:
            raise ModelFileError(f"{source}: llama.cpp could not write it as {kind}")
    return target


def merge(base: Path, adapter: Path, target: Path, name: str, kind: str = "Q8_0", licence: str = "") -> Path:
    """Base and adapter as one GGUF. Other kinds than Q8_0 are quantised from 16 bits. Raises ``ModelFileError``."""
    _check_kind(kind, QUANTISATIONS)
    if kind == "Q8_0":
        return bake(base, adapter, target, name, licence=licence)
    if kind == "F16":
        return bake(base, adapter, target, name, licence=licence, plain=True)
    with _scratch(target) as scratch:
        merged = bake(base, adapter, scratch / "merged.gguf", name, licence=licence, plain=True)
        return quantise(merged, target, kind)


def _check_kind(kind: str, known: Iterable[str]) -> None:
    if kind not in known:
        raise ModelFileError(f"quantisation '{kind}' is not known, it may be {', '.join(dict.fromkeys(known))}")


@contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """A folder beside ``target``, which has the room that the system's own may lack."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=target.parent) as folder:
        yield Path(folder)
