"""Models of Phi-3's architecture with random weights: real vocabulary, real speed and memory, noise for text.

The full shape (3.8 billion weights, 2.2 GiB) is for measuring where the real weights are not at hand; small shapes are
for tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ModelFileError

__all__ = ["FULL", "Shape", "write_phi3_shape"]

_CONTEXT = 4096
_WINDOW = 2047  # the sliding window the model was trained with; llama.cpp reads it and leaves it off
_PADDED_VOCABULARY = 32064


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a model. ``quantised``: Q4_K with half of the sensitive tensors Q6_K, else 32-bit floats.
    ``width`` and ``feed_forward`` are multiples of 256 when quantised."""

    layers: int = 32
    width: int = 3072
    feed_forward: int = 8192
    heads: int = 32
    quantised: bool = True
    context: int = _CONTEXT


FULL = Shape()


def write_phi3_shape(vocabulary: Path, out: Path, shape: Shape = FULL, seed: int = 0) -> None:
    """Writes a GGUF. ``vocabulary`` is llama.cpp's ``ggml-vocab-phi-3.gguf`` (see ``phi3_vocabulary``). Raises
    ``ModelFileError`` when the package ``gguf`` or the vocabulary is missing."""
    try:
        import gguf
    except ImportError as error:
        raise ModelFileError("writing a model needs the package 'gguf': pip install 'casenote[dev]'") from error
    if not vocabulary.is_file():
        raise ModelFileError(f"vocabulary file {vocabulary} does not exist")
    if shape.quantised and (shape.width % 256 or shape.feed_forward % 256):
        raise ValueError("width and feed_forward must be multiples of 256 in a quantised model")
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(out, "phi3")
    _describe(writer, gguf, vocabulary, shape)
    _Tensors(writer, gguf, shape, np.random.default_rng(seed)).add_all()
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: Any, gguf: Any, vocabulary: Path, shape: Shape) -> None:
    kinds = gguf.GGUFValueType
    put = {
        kinds.ARRAY: writer.add_array,
        kinds.STRING: writer.add_string,
        kinds.BOOL: writer.add_bool,
        kinds.UINT32: writer.add_uint32,
    }
    for key, field in gguf.GGUFReader(vocabulary).fields.items():
        if key.startswith("tokenizer."):
            put[field.types[0]](key, field.contents())
    writer.add_name(f"phi-3 shape, {shape.layers} layers, random weights")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_block_count(shape.layers)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_file_type(15 if shape.quantised else 0)
    writer.add_vocab_size(_PADDED_VOCABULARY)
    writer.add_sliding_window(_WINDOW)
    writer.add_uint32("phi3.rope.scaling.original_context_length", _CONTEXT)


class _Tensors:
    """Random tensors. Scales are such that activations stay finite and outputs differ from token to token."""

    def __init__(self, writer: Any, gguf: Any, shape: Shape, random: np.random.Generator) -> None:
        self._writer = writer
        self._types = gguf.GGMLQuantizationType
        self._shape = shape
        self._random = random

    def add_all(self) -> None:
        shape = self._shape
        self._add("token_embd.weight", _PADDED_VOCABULARY, shape.width)
        for layer in range(shape.layers):
            fine = layer % 2 == 0
            block = f"blk.{layer}."
            self._ones(f"{block}attn_norm.weight")
            self._ones(f"{block}ffn_norm.weight")
            self._add(f"{block}attn_qkv.weight", 3 * shape.width, shape.width, fine=fine)
            self._add(f"{block}attn_output.weight", shape.width, shape.width)
            self._add(f"{block}ffn_up.weight", 2 * shape.feed_forward, shape.width)
            self._add(f"{block}ffn_down.weight", shape.width, shape.feed_forward, fine=fine)
        self._ones("output_norm.weight")
        self._add("output.weight", _PADDED_VOCABULARY, shape.width, fine=True)

    def _ones(self, name: str) -> None:
        self._writer.add_tensor(name, np.ones(self._shape.width, np.float32))

    def _add(self, name: str, rows: int, columns: int, *, fine: bool = False) -> None:
        if not self._shape.quantised:
            weights = self._random.normal(0.0, columns**-0.5, (rows, columns)).astype(np.float32)
            self._writer.add_tensor(name, weights)
            return
        kind = self._types.Q6_K if fine else self._types.Q4_K
        blocks = self._q6_k(rows * columns // 256) if fine else self._q4_k(rows * columns // 256)
        self._writer.add_tensor(name, blocks.reshape(rows, -1), raw_dtype=kind)

    def _q4_k(self, count: int) -> npt.NDArray[np.uint8]:
        blocks = self._random.integers(0, 256, (count, 144), dtype=np.uint8)
        _put_half(blocks, 0, 0.0003)
        _put_half(blocks, 2, 0.002)
        return blocks

    def _q6_k(self, count: int) -> npt.NDArray[np.uint8]:
        blocks = self._random.integers(0, 256, (count, 210), dtype=np.uint8)
        blocks[:, 192:208] = self._random.integers(10, 40, (count, 16), dtype=np.uint8)
        _put_half(blocks, 208, 0.00005)
        return blocks


def _put_half(blocks: npt.NDArray[np.uint8], at: int, value: float) -> None:
    """Sets a 16-bit float at one place of every block."""
    blocks[:, at : at + 2] = np.full(len(blocks), value, np.float16).view(np.uint8).reshape(-1, 2)
