"""Whether a file can serve as the model, from its head alone: so that a start can be refused before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from models.chat import ChatFormat, recognise
from models.engine.gguf_file import GgufHead
from models.engine.settings import DEFAULT_N_CTX
from models.errors import ContextTooLongError, ModelFileError


@dataclass(frozen=True, slots=True)
class Fitness:
    """``n_ctx`` is what one sequence gets, ``n_ctx_train`` the most that the model was trained for, in tokens."""

    chat: ChatFormat
    n_ctx: int
    n_ctx_train: int


def fitness_of(head: GgufHead, n_ctx: int | None) -> Fitness:
    """``n_ctx`` as configured, None for the model's own. Raises ``ModelFileError`` and ``ContextTooLongError``."""
    if head.values.get("general.type", "model") == "adapter":
        raise ModelFileError(f"model file {head.path} is an adapter; the model it was made for goes here")
    n_ctx_train = head.of_architecture("context_length") or DEFAULT_N_CTX
    chosen = n_ctx if n_ctx is not None else min(n_ctx_train, DEFAULT_N_CTX)
    if chosen > n_ctx_train:
        raise ContextTooLongError(
            f"n_ctx is {chosen}; the model {head.path.name} was trained for at most {n_ctx_train}"
        )
    return Fitness(_chat(head), chosen, n_ctx_train)


def _chat(head: GgufHead) -> ChatFormat:
    template = str(head.values.get("tokenizer.chat_template", ""))
    chat = recognise(template)
    if chat is None:
        found = "a chat template of no known family" if template else "no chat template"
        raise ModelFileError(f"model file {head.path} has {found}; chatml, llama3, gemma, phi3 and mistral are known")
    return chat
