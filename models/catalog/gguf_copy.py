"""A GGUF written from another one: its keys less some and plus some, its tensors as they are or changed.

One tensor at a time is in memory, so that a model of billions of weights needs no more than its largest matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import quant_shape_to_byte_shape, quantize

from models.catalog.files import replacing

# Written anew by every copy.
_OWN = ("GGUF.", "general.architecture")

Change = Callable[[Any], Any]  # a tensor as the reader has it -> its new values, float32, [out, in]


def text_of(reader: GGUFReader, key: str) -> str:
    """A key's value as text, "" where it is not there."""
    field = reader.get_field(key)
    return str(field.contents()) if field else ""


def copy_gguf(
    source: GGUFReader,
    target: Path,
    *,
    without: Sequence[str] = (),
    values: Mapping[str, str | int] | None = None,
    kind: GGMLQuantizationType | None = None,
    changes: Mapping[str, Change] | None = None,
) -> None:
    """Writes ``source`` to ``target``. Keys that begin with one of ``without`` are left out; ``values`` are added, or
    put in place of those of their names, whole numbers as 32 bits. Tensors named in ``changes`` are written as
    ``kind`` (Q8_0, F16) with what their change makes of them, all others as they are."""
    added = dict(values or {})
    writer = GGUFWriter(target, text_of(source, "general.architecture"), use_temp_file=False)
    try:
        for field in source.fields.values():
            if field.name not in added and not field.name.startswith((*_OWN, *without)):
                element = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
                writer.add_key_value(field.name, field.contents(), field.types[0], element)
        for key, value in added.items():
            is_text = isinstance(value, str)
            writer.add_key_value(key, value, GGUFValueType.STRING if is_text else GGUFValueType.UINT32)
        made = changes or {}
        for tensor in source.tensors:
            _announce(writer, tensor, kind if tensor.name in made else None)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in source.tensors:
            change = made.get(tensor.name)
            writer.write_tensor_data(tensor.data if change is None else quantize(change(tensor), kind))
    finally:
        writer.close()


def _announce(writer: GGUFWriter, tensor: Any, kind: GGMLQuantizationType | None) -> None:
    if kind is None:
        data = tensor.data
        writer.add_tensor_info(tensor.name, data.shape, data.dtype, data.nbytes, raw_dtype=tensor.tensor_type)
        return
    shape = tuple(reversed([int(size) for size in tensor.shape]))
    if kind == GGMLQuantizationType.F16:
        writer.add_tensor_info(tensor.name, shape, np.dtype(np.float16), 2 * int(np.prod(shape)), raw_dtype=kind)
        return
    packed = quant_shape_to_byte_shape(shape, kind)
    writer.add_tensor_info(tensor.name, packed, np.dtype(np.uint8), int(np.prod(packed)), raw_dtype=kind)


def stamp(path: Path, values: Mapping[str, str | int]) -> None:
    """Adds keys to the GGUF at ``path``, which is replaced as a whole."""
    with replacing(path) as draft:
        copy_gguf(GGUFReader(path), draft, values=values)
