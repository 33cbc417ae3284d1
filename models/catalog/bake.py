"""Baking: an adapter merged into its base and written as one GGUF, of 8-bit weights unless they are quantised further.

A baked model reads a transcript about twice as fast as the 4-bit base with the adapter beside it, and writes the
same text but for rounding. Done in numpy with llama.cpp's own ``gguf`` package; a small model takes seconds.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, LlamaFileType
from gguf.quants import dequantize

from models.catalog.demonstration import ADAPTER_KEY, BASE_KEY, ROOT_KEY
from models.catalog.embedded import EMBEDDED_FILE, EMBEDDED_NAME, Progress, silent
from models.catalog.files import check_gguf, remember_sha256, remembered_sha256, replacing, sha256_of
from models.catalog.gguf_copy import copy_gguf, text_of
from models.catalog.resolve import ADAPTERS, baked_file, is_baked, shipped_adapter
from models.catalog.trained import TRAINED_BASE_KEY, TRAINED_KEY, from_text, to_text
from models.engine.gguf_file import read_head
from models.errors import ModelFileError

_PLAIN = (GGMLQuantizationType.F32, GGMLQuantizationType.F16)
_Q8_0, _F16 = GGMLQuantizationType.Q8_0, GGMLQuantizationType.F16
_FILE_TYPES = {_Q8_0: LlamaFileType.MOSTLY_Q8_0, _F16: LlamaFileType.MOSTLY_F16}
# What the base says of itself and is not so of what is made of it.
_NOT_COPIED = ("general.finetune", "general.base_model.", "casenote.bake.")

LICENCE_KEY = "general.license"


@dataclass(frozen=True, slots=True)
class _Delta:
    """What an adapter adds to one matrix: ``scale * b @ a``; a is [rank, in], b is [out, rank]."""

    a: Any
    b: Any
    scale: float

    @property
    def shape(self) -> tuple[int, ...]:
        return self.b.shape[0], self.a.shape[1]

    def matrix(self) -> Any:
        return self.scale * (self.b @ self.a)


def ensure_baked(folder: Path, progress: Progress = silent, adapters: Path = ADAPTERS) -> Path | None:
    """The embedded model with the shipped adapter in it, in ``folder``; made when it is missing, damaged or of
    another adapter. None when no adapter ships. Raises ``ModelFileError``."""
    adapter = shipped_adapter(adapters)
    if adapter is None:
        return None
    target = baked_file(folder, adapter)
    if is_baked(target, adapter) and not _damaged(target):
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


def _damaged(file: Path) -> bool:
    kept = remembered_sha256(file)
    return bool(kept) and sha256_of(file) != kept


def bake(base: Path, adapter: Path, target: Path, name: str, *, licence: str = "", plain: bool = False) -> Path:
    """``target`` as base + adapter in Q8_0, or with ``plain`` in F16, to be quantised from. ``name`` goes into the
    metadata with the base's, and ``licence``, where it is another than the base says. Raises ``ModelFileError``."""
    source, added = _whole(base), _whole(adapter)
    deltas = _deltas(added, adapter, _architecture(source))
    shapes = {tensor.name: _shape(tensor) for tensor in source.tensors}
    if missing := sorted(set(deltas) - set(shapes)):
        raise ModelFileError(f"{adapter}: made for another base: {base.name} has no tensor {missing[0]}")
    for tensor, delta in deltas.items():
        if delta.shape != shapes[tensor]:
            raise ModelFileError(
                f"{adapter}: made for another base: its {tensor} is of {delta.shape}, that of {base.name} of "
                f"{shapes[tensor]}"
            )
    _check_trained_on(source, base, text_of(added, TRAINED_BASE_KEY), adapter)
    kind = _F16 if plain else _Q8_0
    values: dict[str, str | int] = {
        "general.name": name,
        "general.file_type": int(_FILE_TYPES[kind]),
        **base_values(base, text_of(source, "general.name"), licence),
        **_made_of(source, base, adapter),
        **_trained_on(source, added),
    }
    changes = {
        tensor.name: partial(_merged, delta=deltas.get(tensor.name))
        for tensor in source.tensors
        if tensor.name in deltas or tensor.tensor_type not in (*_PLAIN, kind)
    }
    with replacing(target) as draft:
        copy_gguf(source, draft, without=_NOT_COPIED, values=values, kind=kind, changes=changes)
    return target


def _whole(file: Path) -> GGUFReader:
    """Raises ``ModelFileError`` where it is no GGUF, or cut short."""
    check_gguf(file)
    read_head(file)
    try:
        return GGUFReader(file)
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise ModelFileError(f"{file}: cannot be read as a GGUF: {error}") from error


def _check_trained_on(source: GGUFReader, base: Path, trained: str, adapter: Path) -> None:
    """Raises ``ModelFileError`` where an adapter that says on which file it was trained meets another one, which was
    not made of that either."""
    if not trained or trained in (text_of(source, ROOT_KEY), text_of(source, BASE_KEY)):
        return
    if (found := sha256_of(base)) != trained:
        raise ModelFileError(f"{adapter}: trained on another base ({trained[:12]}) than {base.name} ({found[:12]})")


def base_values(base: Path, name: str, licence: str) -> dict[str, str | int]:
    """What a GGUF says of the model it was made of, which calls itself ``name`` or "", and of its licence where one is
    given."""
    # The embedded file still carries the name of a stage of its own training.
    name = EMBEDDED_NAME if base.name == EMBEDDED_FILE else name or base.stem
    said: dict[str, str | int] = {"general.base_model.count": 1, "general.base_model.0.name": name}
    return {**said, LICENCE_KEY: licence} if licence else said


def _made_of(source: GGUFReader, base: Path, adapter: Path) -> dict[str, str]:
    made = {BASE_KEY: sha256_of(base), ADAPTER_KEY: sha256_of(adapter)}
    made[ROOT_KEY] = text_of(source, ROOT_KEY) or text_of(source, BASE_KEY) or made[BASE_KEY]
    return made


def _trained_on(*readers: GGUFReader) -> dict[str, str]:
    text = to_text(training for reader in readers for training in from_text(text_of(reader, TRAINED_KEY)))
    return {TRAINED_KEY: text} if text else {}


def _architecture(reader: GGUFReader) -> str:
    return text_of(reader, "general.architecture")


def _deltas(reader: GGUFReader, adapter: Path, architecture: str) -> dict[str, _Delta]:
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
            if not (a.ndim == b.ndim == 2 and a.shape[0] == b.shape[1]):
                raise ModelFileError(f"{adapter}: the halves of {name} do not fit: {a.shape} and {b.shape}")
            deltas[name.removesuffix(".lora_a")] = _Delta(a, b, float(alpha.contents()) / a.shape[0])
    return deltas


def _values(tensor: Any) -> Any:
    """A tensor as float32, [out, in]: GGUF counts dimensions from the innermost."""
    values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
    return values.reshape(_shape(tensor))


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(reversed([int(size) for size in tensor.shape]))


def _merged(tensor: Any, delta: _Delta | None) -> Any:
    values = _values(tensor)
    return values if delta is None else values + delta.matrix()
