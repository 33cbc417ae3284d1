"""Baking: an adapter merged into its base and written as one GGUF of 8-bit weights.

A baked model reads a transcript about twice as fast as the 4-bit base with the adapter beside it, and writes the
same text but for rounding. Done in numpy with llama.cpp's own ``gguf`` package; a small model takes seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, LlamaFileType
from gguf.quants import dequantize, quantize

from models.catalog.demonstration import ADAPTER_KEY, BASE_KEY, ROOT_KEY
from models.catalog.embedded import EMBEDDED_FILE, EMBEDDED_NAME, Progress, silent
from models.catalog.files import check_gguf, remember_sha256, remembered_sha256, replacing, sha256_of
from models.catalog.resolve import ADAPTERS, baked_file, is_baked, shipped_adapter
from models.errors import ModelFileError

_PLAIN = (GGMLQuantizationType.F32, GGMLQuantizationType.F16)
_SKIPPED_FIELDS = ("GGUF.", "general.architecture", "general.file_type", "general.finetune", "casenote.bake.")


@dataclass(frozen=True, slots=True)
class _Delta:
    """What an adapter adds to one matrix: ``scale * b @ a``; a is [rank, in], b is [out, rank]."""

    a: Any
    b: Any
    scale: float

    def matrix(self) -> Any:
        return self.scale * (self.b @ self.a)


def ensure_baked(folder: Path, progress: Progress = silent, adapters: Path = ADAPTERS) -> Path | None:
    """The embedded model with the shipped adapter in it, in ``folder``; made when it is missing or of another adapter.
    None when no adapter ships. Raises ``ModelFileError``."""
    adapter = shipped_adapter(adapters)
    if adapter is None:
        return None
    target = baked_file(folder, adapter)
    if is_baked(target, adapter):
        progress(f"embedded model: {target} is present")
        if not remembered_sha256(target):
            # A set-up of before hashes were kept, or a folder that cannot be written to, which then stays as it is.
            with suppress(OSError):
                remember_sha256(target)
        return target
    progress(f"embedded model: merging {adapter.parent.name} into it, in 8 bits (half a minute)")
    bake(folder / EMBEDDED_FILE, adapter, target, f"{EMBEDDED_NAME} {adapter.parent.name}")
    remember_sha256(target)
    progress(f"embedded model: {target} is ready")
    return target


def bake(base: Path, adapter: Path, target: Path, name: str) -> Path:
    """``target`` as base + adapter in Q8_0. ``name`` goes into the metadata. Raises ``ModelFileError``."""
    check_gguf(base)
    check_gguf(adapter)
    source = GGUFReader(base)
    deltas = _deltas(adapter, _architecture(source))
    if missing := sorted(set(deltas) - {tensor.name for tensor in source.tensors}):
        raise ModelFileError(f"{adapter}: made for another base: {base.name} has no tensor {missing[0]}")
    made = {BASE_KEY: sha256_of(base), ADAPTER_KEY: sha256_of(adapter)}
    made[ROOT_KEY] = _text(source, ROOT_KEY) or _text(source, BASE_KEY) or made[BASE_KEY]
    with replacing(target) as draft:
        _write(source, deltas, draft, name, made)
    return target


def _text(reader: GGUFReader, key: str) -> str:
    field = reader.get_field(key)
    return str(field.contents()) if field else ""


def _architecture(reader: GGUFReader) -> str:
    return _text(reader, "general.architecture")


def _deltas(adapter: Path, architecture: str) -> dict[str, _Delta]:
    reader = GGUFReader(adapter)
    kind, alpha = reader.get_field("general.type"), reader.get_field("adapter.lora.alpha")
    if kind is None or kind.contents() != "adapter" or alpha is None:
        raise ModelFileError(
            f"{adapter}: not a LoRA adapter: 'general.type' must be 'adapter', with 'adapter.lora.alpha'"
        )
    if (found := _architecture(reader)) != architecture:
        raise ModelFileError(f"{adapter}: an adapter for {found}, the base is {architecture}")
    halves = {tensor.name: _values(tensor) for tensor in reader.tensors}
    deltas = {}
    for name, a in halves.items():
        if name.endswith(".lora_a"):
            b = halves.get(name.removesuffix("a") + "b")
            if b is None:
                raise ModelFileError(f"{adapter}: {name} has no second half")
            deltas[name.removesuffix(".lora_a")] = _Delta(a, b, float(alpha.contents()) / a.shape[0])
    return deltas


def _values(tensor: Any) -> Any:
    """A tensor as float32, [out, in]: GGUF counts dimensions from the innermost."""
    values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
    return values.reshape(tuple(reversed([int(size) for size in tensor.shape])))


def _write(source: GGUFReader, deltas: Mapping[str, _Delta], draft: Path, name: str, made: Mapping[str, str]) -> None:
    writer = GGUFWriter(draft, _architecture(source), use_temp_file=False)
    try:
        for field in source.fields.values():
            if not field.name.startswith(_SKIPPED_FIELDS) and field.name != "general.name":
                element = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
                writer.add_key_value(field.name, field.contents(), field.types[0], element)
        writer.add_name(name)
        writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
        for key, value in made.items():
            writer.add_string(key, value)
        for tensor in source.tensors:
            _add_tensor(writer, tensor, deltas.get(tensor.name))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _add_tensor(writer: GGUFWriter, tensor: Any, delta: _Delta | None) -> None:
    if delta is None and tensor.tensor_type in (*_PLAIN, GGMLQuantizationType.Q8_0):
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        return
    values = _values(tensor)
    if delta is not None:
        values = values + delta.matrix()
    kind = GGMLQuantizationType.Q8_0
    writer.add_tensor(tensor.name, quantize(values, kind), raw_dtype=kind)
