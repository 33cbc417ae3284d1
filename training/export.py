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
from pathlib import Path

from models.catalog.bake import bake
from models.catalog.files import check_gguf, replacing
from models.errors import ModelFileError

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


def export_adapter(adapter: Path, base: Path, target: Path, kind: str = "f16", cache: Path | None = None) -> Path:
    """The adapter of folder ``adapter`` as GGUF (``kind``: f32, f16, bf16, q8_0). ``base`` is the folder or the GGUF
    that it was trained on: only its configuration is read. Raises ``ExportError``."""
    converter = ensure_converter(cache)
    with tempfile.TemporaryDirectory(prefix="casenote-base-") as scratch, replacing(target) as draft:
        folder = base if base.is_dir() else _configuration(base, Path(scratch))
        script = str(converter / "convert_lora_to_gguf.py")
        arguments = ["--base", str(folder), str(adapter), "--outtype", kind, "--outfile", str(draft)]
        _run([sys.executable, script, *arguments], converter / "gguf-py")
    return target


def _configuration(base: Path, folder: Path) -> Path:
    """The configuration of a GGUF as a folder of the kind that converters read."""
    from transformers import AutoConfig, AutoTokenizer

    config = AutoConfig.from_pretrained(base.parent, gguf_file=base.name)
    config.architectures = ["Phi3ForCausalLM" if config.model_type == "phi3" else "LlamaForCausalLM"]
    config.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base.parent, gguf_file=base.name).save_pretrained(folder)
    return folder


def convert_base(folder: Path, target: Path, kind: str = "f16", cache: Path | None = None) -> Path:
    """A folder of safetensors as GGUF. Raises ``ExportError``."""
    converter = ensure_converter(cache)
    with replacing(target) as draft:
        script = str(converter / "convert_hf_to_gguf.py")
        _run([sys.executable, script, str(folder), "--outtype", kind, "--outfile", str(draft)], converter / "gguf-py")
    return target


def quantise(source: Path, target: Path, kind: str, threads: int = 0) -> Path:
    """A GGUF in another quantisation, by llama.cpp itself. Raises ``ModelFileError``."""
    import llama_cpp

    if kind not in QUANTISATIONS:
        raise ModelFileError(f"quantisation '{kind}' is not known, it may be {', '.join(QUANTISATIONS)}")
    check_gguf(source)
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread, params.allow_requantize = QUANTISATIONS[kind], threads, True
    with replacing(target) as draft:
        if llama_cpp.llama_model_quantize(str(source).encode(), str(draft).encode(), params) != 0:
            raise ModelFileError(f"{source}: llama.cpp could not write it as {kind}")
    return target


def merge(base: Path, adapter: Path, target: Path, name: str, kind: str = "Q8_0") -> Path:
    """Base and adapter as one GGUF. Other kinds than Q8_0 are written from it. Raises ``ModelFileError``."""
    if kind == "Q8_0":
        return bake(base, adapter, target, name)
    with tempfile.TemporaryDirectory(prefix=".merge-", dir=target.parent) as scratch:
        return quantise(bake(base, adapter, Path(scratch) / "merged.gguf", name), target, kind)
