"""Tokens as the serving makes them: llama.cpp's own tokenizer over the model's own vocabulary, segment by segment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from models.chat import CHATML, ChatFormat, recognise
from models.engine.gguf_file import read_head
from models.errors import ModelFileError
from models.segments import Segment


class Tokenizer(Protocol):
    """What examples are made with. ``LlamaTokenizer`` in production; tests of pure parts bring a small one."""

    @property
    def chat(self) -> ChatFormat: ...

    def encode(self, segment: Segment) -> list[int]: ...

    def decode(self, tokens: Iterable[int]) -> str: ...


class LlamaTokenizer:
    """The vocabulary of a GGUF, loaded without its weights."""

    def __init__(self, model: Path) -> None:
        from llama_cpp import Llama

        self._llama: Any = Llama(str(model), vocab_only=True, n_ctx=8, verbose=False)
        self._chat = recognise(self._llama.metadata.get("tokenizer.chat_template", "")) or CHATML

    @property
    def chat(self) -> ChatFormat:
        return self._chat

    def encode(self, segment: Segment) -> list[int]:
        """The tokens of one segment by itself; only a control segment's special tokens are parsed."""
        tokens: list[int] = self._llama.tokenize(segment.text.encode(), add_bos=False, special=segment.control)
        return tokens

    def decode(self, tokens: Iterable[int]) -> str:
        text: bytes = self._llama.detokenize(list(tokens), special=False)
        return text.decode("utf-8", errors="replace")


def vocabulary_of(model: Path) -> dict[str, Any]:
    """The vocabulary of a model: how many tokens, and of a GGUF a hash of their list. Of a folder of safetensors the
    number is that of its configuration; {} where nothing is said. Raises ``ModelFileError``."""
    if model.is_dir():
        return _of_folder(model / "config.json")
    from gguf import GGUFReader

    read_head(model)
    tokens = GGUFReader(model).get_field("tokenizer.ggml.tokens")
    if tokens is None:
        return {}
    digest = hashlib.sha256()
    for place in tokens.data:
        token = bytes(tokens.parts[place])
        digest.update(len(token).to_bytes(4, "little") + token)
    return {"size": len(tokens.data), "sha256": digest.hexdigest()}


def _of_folder(config: Path) -> dict[str, Any]:
    try:
        size = json.loads(config.read_text(encoding="utf-8")).get("vocab_size")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{config}: not the configuration of a model: {error}") from error
    return {"size": size} if isinstance(size, int) else {}


def encode_all(tokenizer: Tokenizer, segments: Iterable[Segment]) -> list[int]:
    """The tokens of a prompt: those of its segments in order."""
    return [token for segment in segments for token in tokenizer.encode(segment)]
