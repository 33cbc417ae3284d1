"""From settings to a loaded model: every check that can be made before llama.cpp sees the file, with one clear line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.chat import ChatFormat
from models.engine.api import ModelInfo
from models.engine.digest import sha256_of
from models.engine.fitness import fitness_of
from models.engine.gguf_file import GgufHead, read_head
from models.engine.runner import LlamaRunner, RunnerSettings
from models.engine.settings import DEFAULT_N_BATCH, EngineSettings, physical_cores
from models.errors import ModelFileError

__all__ = ["Plan", "describe", "kv_bytes_per_token", "load", "plan_load"]

_KV_BYTES = 1 << 30  # what the cache may take when nothing is said
_REPACKED = frozenset({2, 10, 12, 20, 39})  # Q4_0, Q2_K, Q4_K, IQ4_NL, MXFP4: llama.cpp keeps a rearranged copy
_SESSIONS = 4  # how many whole sequences the cache holds at most when nothing is said


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be loaded, decided from settings and the file's head alone."""

    head: GgufHead
    chat: ChatFormat
    runner: RunnerSettings
    n_ctx_train: int


def plan_load(settings: EngineSettings) -> Plan:
    """Raises ``ModelFileError`` and ``ContextTooLongError``."""
    head = read_head(settings.model_path)
    fit = fitness_of(head, settings.n_ctx)
    if settings.lora_path is not None:
        _check_adapter(settings.lora_path, head)
    runner = RunnerSettings(
        model_path=settings.model_path,
        n_ctx=fit.n_ctx,
        kv_tokens=_kv_tokens(settings, head, fit.n_ctx),
        n_threads=settings.n_threads if settings.n_threads is not None else physical_cores(),
        n_batch=settings.n_batch if settings.n_batch is not None else DEFAULT_N_BATCH,
        n_gpu_layers=settings.n_gpu_layers,
        flash_attn=settings.flash_attn if settings.flash_attn is not None else settings.n_gpu_layers != 0,
        kv_type=settings.kv_type or "f16",
        mapped=not head.types & _REPACKED,
        lora_path=settings.lora_path,
        lora_scale=settings.lora_scale,
        end_marks=(fit.chat.assistant_close.strip(),),
        verbose=settings.verbose,
    )
    return Plan(head, fit.chat, runner, fit.n_ctx_train)


def load(plan: Plan) -> LlamaRunner:
    """Loads the model, in the thread that will own it. Raises ``ModelError``."""
    return LlamaRunner(plan.runner)


def describe(plan: Plan, cache_dir: Path | None, beams: int = 1) -> ModelInfo:
    """What the product tells of the model. Reads the whole file for its hash when that is not remembered."""
    lora = plan.runner.lora_path
    return ModelInfo(
        name=str(plan.head.values.get("general.name") or plan.head.path.stem),
        path=str(plan.head.path),
        sha256=sha256_of(plan.head.path, cache_dir),
        size_bytes=plan.head.size_bytes,
        n_ctx=plan.runner.n_ctx,
        n_ctx_train=plan.n_ctx_train,
        chat=plan.chat.name,
        architecture=plan.head.architecture,
        adapter=lora.name if lora else None,
        adapter_sha256=sha256_of(lora, cache_dir) if lora else None,
        beams=beams,
    )


def _check_adapter(path: Path, model: GgufHead) -> None:
    adapter = read_head(path, "adapter")
    if adapter.values.get("general.type") != "adapter" or adapter.values.get("adapter.type", "lora") != "lora":
        raise ModelFileError(f"adapter file {path} is no LoRA adapter (its general.type is not 'adapter')")
    if adapter.architecture != model.architecture:
        raise ModelFileError(
            f"adapter file {path} is for models of the architecture '{adapter.architecture}', "
            f"{model.path.name} is '{model.architecture}'"
        )


def _kv_tokens(settings: EngineSettings, head: GgufHead, n_ctx: int) -> int:
    """Cells of the cache, in blocks of 256. A model with two sets of RoPE factors picks one by the size of the whole
    cache, so the cache does not pass the length of the first set unless one sequence does."""
    if settings.kv_tokens is not None:
        wanted = max(settings.kv_tokens, n_ctx)
    else:
        budget = settings.kv_bytes if settings.kv_bytes is not None else _KV_BYTES
        wanted = max(n_ctx, min(_SESSIONS * n_ctx, budget // kv_bytes_per_token(head)))
    original = head.of_architecture("rope.scaling.original_context_length")
    if original and n_ctx <= original and any(name.startswith("rope_factors") for name in head.tensors):
        wanted = min(wanted, original)
    return (wanted + 255) // 256 * 256


def kv_bytes_per_token(head: GgufHead) -> int:
    """Bytes of the cache for one token, at 16 bits a value."""
    layers = head.of_architecture("block_count") or 32
    heads = head.of_architecture("attention.head_count") or 32
    kv_heads = head.of_architecture("attention.head_count_kv") or heads
    width = head.of_architecture("embedding_length") or 4096
    size = head.of_architecture("attention.key_length") or width // heads
    return 2 * 2 * layers * kv_heads * size
