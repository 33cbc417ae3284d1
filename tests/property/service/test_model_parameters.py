"""Property 7: the configured model parameters are the ones that reach llama.cpp."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import llama_cpp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.catalog.resolve import resolve_model
from models.engine import runner as runner_module
from models.engine.loading import kv_bytes_per_token, plan_load
from models.engine.runner import LlamaRunner
from server.settings import load_settings
from server.wiring.worker import engine_settings


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(
    n_ctx=st.one_of(st.none(), st.integers(min_value=256, max_value=4096)),
    n_threads=st.one_of(st.none(), st.integers(min_value=1, max_value=16)),
    n_gpu_layers=st.integers(min_value=-1, max_value=64),
    kv_mib=st.one_of(st.none(), st.integers(min_value=16, max_value=32)),
)
def test_what_the_environment_says_is_what_llama_cpp_is_given(
    tiny_model: Path, n_ctx: int | None, n_threads: int | None, n_gpu_layers: int, kv_mib: int | None
) -> None:
    given_to_load: list[Any] = []
    load = llama_cpp.llama_model_load_from_file

    def recording(path: bytes, params: Any) -> Any:
        given_to_load.append((path, params.n_gpu_layers))
        return load(path, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner_module.llama, "llama_model_load_from_file", recording)
        patch.setenv("PHI3_MODEL_PATH", str(tiny_model))
        patch.setenv("PHI3_N_GPU_LAYERS", str(n_gpu_layers))
        _set(patch, "PHI3_N_CTX", n_ctx)
        _set(patch, "PHI3_N_THREADS", n_threads)
        _set(patch, "PHI3_KV_MIB", kv_mib)
        configured = load_settings()
        model = resolve_model(configured.phi3_model_path, tiny_model.parent)
        plan = plan_load(engine_settings(configured, model))
        runner = LlamaRunner(plan.runner)

    try:
        assert given_to_load == [(str(tiny_model).encode(), n_gpu_layers if n_gpu_layers >= 0 else 9999)]
        if n_threads is not None:
            assert llama_cpp.llama_n_threads(runner._context) == n_threads
            assert llama_cpp.llama_n_threads_batch(runner._context) == n_threads
        assert runner.n_ctx == (n_ctx or 4096)
        assert llama_cpp.llama_n_ctx(runner._context) >= runner.n_ctx
        if kv_mib is not None:
            tokens = (kv_mib << 20) // kv_bytes_per_token(plan.head)
            assert llama_cpp.llama_n_ctx(runner._context) <= max(runner.n_ctx, tokens) + 255
    finally:
        runner.close()


def _set(patch: pytest.MonkeyPatch, name: str, value: int | None) -> None:
    if value is None:
        patch.delenv(name, raising=False)
    else:
        patch.setenv(name, str(value))
