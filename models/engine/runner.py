"""The one file that talks to llama.cpp: a model, its context, its vocabulary.

llama.cpp answers a wrong call by ending the process, so every batch and every copy is checked before it is made.
One thread owns the context; only the vocabulary and ``abort`` may be used from others.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Before llama.cpp is loaded: its threads wait for each other hundreds of times a token. Spinning, as they do unless
# told, costs several times the speed as soon as anything else wants a core; an idle machine gains next to nothing.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import llama_cpp as llama

from models.engine.ports import Batch, Decoded, Floats, Ints
from models.errors import ModelError, ModelFileError, ModelLoadError
from models.segments import Segment

__all__ = ["LlamaRunner", "RunnerSettings", "version"]

_MAX_SEQUENCES = 64
_ERROR = 4  # ggml_log_level
_KV_TYPES = {"f16": llama.GGML_TYPE_F16, "q8_0": llama.GGML_TYPE_Q8_0}

_started = threading.Lock()
_lines: deque[str] = deque(maxlen=20)
_verbose = False


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """The parameters that reach llama.cpp, all decided. ``mapped``: the file is mapped into memory; otherwise read,
    which takes less where llama.cpp rearranges the weights and would hold both."""

    model_path: Path
    n_ctx: int
    kv_tokens: int
    n_threads: int
    n_batch: int
    n_gpu_layers: int = 0
    flash_attn: bool = False
    kv_type: str = "f16"
    mapped: bool = True
    lora_path: Path | None = None
    lora_scale: float = 1.0
    end_marks: tuple[str, ...] = ()
    verbose: bool = False


@llama.llama_log_callback  # type: ignore[untyped-decorator]
def _log(level: int, text: bytes, _data: object) -> None:
    line = text.decode("utf-8", errors="replace")
    if level == _ERROR:
        _lines.append(line.strip())
    if _verbose:
        sys.stderr.write(line)


def _begin(verbose: bool) -> None:
    global _verbose
    with _started:
        _verbose = verbose
        llama.llama_log_set(_log, ctypes.c_void_p(0))
        llama.llama_backend_init()
        _lines.clear()


def version() -> str:
    """The version of the bindings, for reports."""
    return str(llama.__version__)


def _refused(what: str, path: Path) -> ModelLoadError:
    reason = "; ".join(dict.fromkeys(_lines)) or "no reason given"
    return ModelLoadError(f"llama.cpp refused the {what} {path}: {reason}")


class LlamaRunner:
    """A loaded model. Made, used and closed by the engine's thread. Raises ``ModelError`` when it cannot be made."""

    def __init__(self, settings: RunnerSettings, beside: LlamaRunner | None = None) -> None:
        """``beside`` lends its model, and its ``abort`` cuts the decodes of both short; it is closed last."""
        _begin(settings.verbose)
        self._settings = settings
        self._abort_flag: Any = beside._abort_flag if beside else ctypes.create_string_buffer(2)
        self._lent: Any = beside._model if beside else None
        self._model: Any = None
        self._context: Any = None
        self._adapter: Any = None
        try:
            self._load()
        except ModelError:
            self.close()
            raise
        self._batch = _BatchBuffer(settings.n_batch)

    def _load(self) -> None:
        settings = self._settings
        self._model = self._lent or self._load_model()
        self._vocabulary = llama.llama_model_get_vocab(self._model)
        self._n_vocab = int(llama.llama_vocab_n_tokens(self._vocabulary))
        self._context = llama.llama_init_from_model(self._model, self._context_params())
        if not self._context:
            raise _refused("context of", settings.model_path)
        self._memory = llama.llama_get_memory(self._context)
        if settings.lora_path is not None:
            self._adapt(settings.lora_path, settings.lora_scale)
        self._read_vocabulary(settings.end_marks)

    def _load_model(self) -> Any:
        settings = self._settings
        params = llama.llama_model_default_params()
        params.n_gpu_layers = settings.n_gpu_layers if settings.n_gpu_layers >= 0 else 9999
        params.load_mode = llama.LLAMA_LOAD_MODE_MMAP if settings.mapped else llama.LLAMA_LOAD_MODE_NONE
        model = llama.llama_model_load_from_file(str(settings.model_path).encode(), params)
        if not model:
            raise _refused("model", settings.model_path)
        return model

    def _context_params(self) -> Any:
        settings = self._settings
        params = llama.llama_context_default_params()
        params.n_ctx = settings.kv_tokens
        params.n_batch = params.n_ubatch = settings.n_batch
        params.n_seq_max = params.n_outputs_max = _MAX_SEQUENCES
        params.n_threads = params.n_threads_batch = settings.n_threads
        params.flash_attn_type = int(settings.flash_attn)
        params.type_k = params.type_v = _KV_TYPES[settings.kv_type]
        params.kv_unified = True
        params.no_perf = True
        # A native function as the callback: strlen of an empty string is 0, "go on". Calling Python after every
        # node of the graph would cost hundreds of calls a token.
        strlen = ctypes.CDLL(None).strlen
        params.abort_callback = ctypes.cast(strlen, llama.ggml_abort_callback)
        params.abort_callback_data = ctypes.cast(self._abort_flag, ctypes.c_void_p)
        return params

    def _adapt(self, path: Path, scale: float) -> None:
        self._adapter = llama.llama_adapter_lora_init(self._model, str(path).encode())
        if not self._adapter:
            reason = "; ".join(dict.fromkeys(_lines)) or "no reason given"
            raise ModelFileError(f"adapter file {path} does not fit the model: {reason}")
        adapters = (llama.llama_adapter_lora_p_ctypes * 1)(self._adapter)
        scales = (ctypes.c_float * 1)(scale)
        if llama.llama_set_adapters_lora(self._context, adapters, 1, scales) != 0:
            raise _refused("adapter", path)

    def _read_vocabulary(self, end_marks: tuple[str, ...]) -> None:
        self._ends = np.fromiter(
            (llama.llama_vocab_is_eog(self._vocabulary, token) for token in range(self._n_vocab)), bool, self._n_vocab
        )
        for mark in end_marks:
            tokens = self._tokens(mark, control=True)
            if len(tokens) == 1 and llama.llama_vocab_is_control(self._vocabulary, int(tokens[0])):
                self._ends[tokens[0]] = True
        self._pieces: dict[int, bytes] = {}
        # A vocabulary of the SentencePiece kind puts a space before every text. A segment goes on where the one
        # before ended, so the text is tokenised behind a newline, and what the newline alone gives is taken off.
        self._lead = self._tokens("\n", control=False)
        probe = self._tokens("a", control=False)
        spaced = len(probe) > 0 and self._piece(int(probe[0])).startswith(b" ")
        behind = self._tokens("\na", control=False)
        separable = len(behind) > len(self._lead) and bool((behind[: len(self._lead)] == self._lead).all())
        self._spaced = spaced and separable

    # -- vocabulary -------------------------------------------------------------------------------------------

    def tokenize(self, segment: Segment) -> Ints:
        if not segment.text:
            return np.empty(0, np.int32)
        if self._spaced:
            tokens = self._tokens("\n" + segment.text, control=segment.control)
            if (tokens[: len(self._lead)] == self._lead).all():
                return tokens[len(self._lead) :]
        return self._tokens(segment.text, control=segment.control)

    def _tokens(self, text: str, *, control: bool) -> Ints:
        raw = text.encode("utf-8")
        room = len(raw) + 8
        while True:
            buffer = (llama.llama_token * room)()
            count = llama.llama_tokenize(self._vocabulary, raw, len(raw), buffer, room, False, control)
            if count >= 0:
                return np.frombuffer(buffer, np.int32, count).copy()
            room = -count

    def piece(self, token: int) -> bytes:
        known = self._pieces.get(token)
        if known is None:
            known = self._pieces[token] = self._piece(token)
        return known

    def _piece(self, token: int) -> bytes:
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = llama.llama_token_to_piece(self._vocabulary, token, buffer, room, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def is_end(self, token: int) -> bool:
        return bool(self._ends[token])

    @property
    def ends(self) -> Ints:
        return np.flatnonzero(self._ends).astype(np.int32)

    # -- context ----------------------------------------------------------------------------------------------

    @property
    def n_ctx(self) -> int:
        return self._settings.n_ctx

    @property
    def kv_tokens(self) -> int:
        return self._settings.kv_tokens

    @property
    def n_seq(self) -> int:
        return _MAX_SEQUENCES

    @property
    def n_batch(self) -> int:
        return self._settings.n_batch

    @property
    def n_ctx_train(self) -> int:
        return int(llama.llama_model_n_ctx_train(self._model))

    @property
    def n_vocab(self) -> int:
        return self._n_vocab

    def copy(self, source: int, target: int, length: int) -> None:
        _check_sequence(source)
        _check_sequence(target)
        if length > 0:
            llama.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def cut(self, sequence: int, length: int) -> None:
        _check_sequence(sequence)
        llama.llama_memory_seq_rm(self._memory, sequence, length, -1)

    def decode(self, batch: Batch) -> int:
        count = len(batch.tokens)
        if not 0 < count <= self._settings.n_batch:
            raise ValueError(f"a batch has {count} rows, it may have 1 to {self._settings.n_batch}")
        if int(batch.outputs.sum()) > _MAX_SEQUENCES:
            raise ValueError(f"a batch asks for logits of more than {_MAX_SEQUENCES} rows")
        if batch.tokens.min() < 0 or batch.tokens.max() >= self._n_vocab:
            raise ValueError(f"a batch holds a token outside the vocabulary of {self._n_vocab}")
        if batch.sequences.min() < 0 or batch.sequences.max() >= _MAX_SEQUENCES:
            raise ValueError(f"a batch names a sequence outside 0 to {_MAX_SEQUENCES - 1}")
        if batch.positions.min() < 0 or batch.positions.max() >= self._settings.kv_tokens:
            raise ValueError("a batch holds a position outside the context")
        code = int(llama.llama_decode(self._context, self._batch.fill(batch)))
        if code == Decoded.OK:
            llama.llama_synchronize(self._context)
        self._abort_flag[0] = b"\0"
        return code

    def logits(self, row: int) -> Floats:
        pointer = llama.llama_get_logits_ith(self._context, row)
        if not pointer:
            raise ValueError(f"row {row} asked for no logits")
        return np.ctypeslib.as_array(pointer, shape=(self._n_vocab,))

    def use_threads(self, count: int) -> None:
        """From the next decode on."""
        llama.llama_set_n_threads(self._context, count, count)

    def abort(self) -> None:
        self._abort_flag[0] = b"\1"

    def close(self) -> None:
        if self._context:
            llama.llama_free(self._context)
        if self._adapter:
            llama.llama_adapter_lora_free(self._adapter)
        if self._model and not self._lent:
            llama.llama_model_free(self._model)
        self._context = self._adapter = self._model = None


def _check_sequence(sequence: int) -> None:
    if not 0 <= sequence < _MAX_SEQUENCES:
        raise ValueError(f"sequence {sequence} is outside 0 to {_MAX_SEQUENCES - 1}")


class _BatchBuffer:
    """The arrays of a ``llama_batch`` as numpy memory, filled without a Python loop."""

    def __init__(self, size: int) -> None:
        self._tokens = np.zeros(size, np.int32)
        self._positions = np.zeros(size, np.int32)
        self._counts = np.ones(size, np.int32)
        self._sequences = np.zeros(size, np.int32)
        self._pointers = self._sequences.ctypes.data + 4 * np.arange(size, dtype=np.uintp)
        self._outputs = np.zeros(size, np.int8)
        batch = llama.llama_batch()
        fields: dict[str, Any] = {
            "token": self._tokens,
            "pos": self._positions,
            "n_seq_id": self._counts,
            "seq_id": self._pointers,
            "logits": self._outputs,
        }
        for name, kind in llama.llama_batch._fields_:
            if name in fields:
                setattr(batch, name, ctypes.cast(fields[name].ctypes.data, kind))
        self._batch = batch

    def fill(self, batch: Batch) -> Any:
        count = len(batch.tokens)
        self._tokens[:count] = batch.tokens
        self._positions[:count] = batch.positions
        self._sequences[:count] = batch.sequences
        self._outputs[:count] = batch.outputs
        self._batch.n_tokens = count
        return self._batch
