"""Reading the head of a GGUF file: is it whole, and what does it say of itself.

Checked here, before llama.cpp sees the file, so that a bad one gives one clear line. Layout: GGUF version 2 and 3.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import ModelFileError

__all__ = ["GgufHead", "read_head"]

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_KEPT_ARRAY = 64  # longer arrays (the vocabulary) are counted, not read

# Bytes per block and values per block of the tensor types, by their number in ggml.h.
_TENSOR_TYPES = {
    0: (4, 1), 1: (2, 1), 2: (18, 32), 3: (20, 32), 6: (22, 32), 7: (24, 32), 8: (34, 32), 9: (36, 32),
    10: (84, 256), 11: (110, 256), 12: (144, 256), 13: (176, 256), 14: (210, 256), 15: (292, 256),
    20: (18, 32), 24: (1, 1), 25: (2, 1), 26: (4, 1), 27: (8, 1), 28: (8, 1), 30: (2, 1), 39: (17, 32),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GgufHead:
    """What a GGUF says of itself. ``values`` holds its keys; of a long array only the length, as an int."""

    path: Path
    size_bytes: int
    values: dict[str, Any]
    tensors: frozenset[str]
    types: frozenset[int]  # of the tensors, by their number in ggml.h

    @property
    def architecture(self) -> str:
        return str(self.values.get("general.architecture", ""))

    def of_architecture(self, key: str) -> int | None:
        """The whole number under ``<architecture>.<key>``, or None."""
        value = self.values.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) else None


class _Reader:
    """A cursor over the file; reading past its end is the mark of a truncated file."""

    def __init__(self, view: mmap.mmap) -> None:
        self._view = view
        self.at = 0

    def number(self, shape: str) -> Any:
        (value,) = struct.unpack_from(shape, self._view, self.at)
        self.at += struct.calcsize(shape)
        return value

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self._view):
            raise struct.error("past the end")

    def string(self) -> str:
        length = self.number("<Q")
        begin = self.at
        self.skip(length)
        return self._view[begin : begin + length].decode("utf-8", errors="replace")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            return self._array(self.number("<I"), self.number("<Q"))
        return self.number(_SCALARS[kind])

    def _array(self, kind: int, length: int) -> Any:
        if length <= _KEPT_ARRAY:
            return [self.value(kind) for _ in range(length)]
        if kind in _SCALARS:
            self.skip(length * struct.calcsize(_SCALARS[kind]))
        elif kind == _STRING:
            for _ in range(length):
                self.skip(self.number("<Q"))
        else:
            raise KeyError(kind)
        return length


def _tensors(reader: _Reader, count: int, alignment: int) -> tuple[frozenset[str], frozenset[int], int]:
    """The names and types of the tensors, and how long the file must be to hold them."""
    names, types, end = set(), set(), 0
    for _ in range(count):
        names.add(reader.string())
        values = 1
        for _ in range(reader.number("<I")):
            values *= reader.number("<Q")
        kind = reader.number("<I")
        types.add(kind)
        size, block = _TENSOR_TYPES.get(kind, (0, 1))
        end = max(end, reader.number("<Q") + values // block * size)
    begin = (reader.at + alignment - 1) // alignment * alignment
    return frozenset(names), frozenset(types), begin + end


def read_head(path: Path, what: str = "model") -> GgufHead:
    """The head of the GGUF at ``path``. Raises ``ModelFileError`` for a file that is missing, no GGUF, or cut short."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ModelFileError(f"{what} file {path} is no file; it must be a GGUF file")
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelFileError(f"{what} file {path} is no GGUF file (it does not begin with 'GGUF')")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return _parse(path, size, view, what)
    except FileNotFoundError as error:
        raise ModelFileError(f"{what} file {path} does not exist") from error
    except OSError as error:
        raise ModelFileError(f"{what} file {path} cannot be read: {error.strerror}") from error


def _parse(path: Path, size: int, view: mmap.mmap, what: str) -> GgufHead:
    reader = _Reader(view)
    reader.at = 4
    try:
        version = reader.number("<I")
        if version not in (2, 3):
            raise ModelFileError(f"{what} file {path} is GGUF version {version}; versions 2 and 3 can be read")
        n_tensors, n_values = reader.number("<Q"), reader.number("<Q")
        values = {}
        for _ in range(n_values):
            key = reader.string()
            values[key] = reader.value(reader.number("<I"))
        alignment = values.get("general.alignment", 32)
        aligned = alignment if isinstance(alignment, int) and alignment > 0 else 32
        names, types, needed = _tensors(reader, n_tensors, aligned)
    except struct.error as error:
        raise ModelFileError(f"{what} file {path} is truncated: it ends after {size} bytes, in its head") from error
    except (KeyError, OverflowError) as error:
        raise ModelFileError(f"{what} file {path} is damaged: its head cannot be read") from error
    if needed > size:
        raise ModelFileError(f"{what} file {path} is truncated: it has {size} of {needed} bytes")
    return GgufHead(path, size, values, names, types)
