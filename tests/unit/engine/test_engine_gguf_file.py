"""A file that cannot be used is refused with one line that says why."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.engine.digest import sha256_of
from models.engine.gguf_file import read_head
from models.engine.loading import plan_load
from models.engine.settings import EngineSettings, physical_cores
from models.errors import ContextTooLongError, ModelError, ModelFileError


def test_the_head_of_the_embedded_model_is_read(embedded_model: Path) -> None:
    head = read_head(embedded_model)
    assert head.architecture == "llama"
    assert head.of_architecture("context_length") == 8192
    assert "token_embd.weight" in head.tensors
    assert head.values["tokenizer.ggml.tokens"] == 49152


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"model file .*nothing\.gguf does not exist"):
        read_head(tmp_path / "nothing.gguf")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is no file"):
        read_head(tmp_path)


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 something else", b"{}"])
def test_a_file_of_another_kind_is_no_gguf(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="is no GGUF file"):
        read_head(path)


def test_a_download_that_stopped_half_way_is_truncated(tmp_path: Path, tiny_phi3: Path) -> None:
    whole = tiny_phi3.read_bytes()
    path = tmp_path / "half.gguf"
    for length in (8, 100, 20_000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match="is truncated"):
            read_head(path)


@settings(max_examples=100, deadline=None)
@given(place=st.integers(4, 5000), value=st.integers(0, 255))
def test_a_damaged_head_never_ends_in_another_error(
    tmp_path_factory: pytest.TempPathFactory, tiny_phi3: Path, place: int, value: int
) -> None:
    raw = bytearray(tiny_phi3.read_bytes())
    raw[place] = value
    path = tmp_path_factory.mktemp("damaged") / "damaged.gguf"
    path.write_bytes(raw)
    with suppress(ModelError):
        plan_load(EngineSettings(path))
    path.unlink()


def test_a_context_longer_than_the_model_was_trained_for_is_refused(embedded_model: Path) -> None:
    with pytest.raises(ContextTooLongError, match=r"n_ctx is 9000; .* at most 8192"):
        plan_load(EngineSettings(embedded_model, n_ctx=9000))


def test_a_model_is_no_adapter(embedded_model: Path, tiny_phi3: Path) -> None:
    with pytest.raises(ModelFileError, match="is no LoRA adapter"):
        plan_load(EngineSettings(embedded_model, lora_path=tiny_phi3))


@pytest.mark.parametrize(
    ("field", "value"), [("n_ctx", 1), ("n_threads", 0), ("n_gpu_layers", -2), ("max_active", 17), ("n_batch", 8)]
)
def test_a_setting_out_of_range_is_named(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        EngineSettings(Path("m.gguf"), **{field: value})  # type: ignore[arg-type]


def test_the_cache_holds_at_least_one_whole_sequence(embedded_model: Path) -> None:
    for n_ctx in (64, 300, 4096, 8192):
        plan = plan_load(EngineSettings(embedded_model, n_ctx=n_ctx, kv_tokens=256))
        assert plan.runner.n_ctx == n_ctx
        assert plan.runner.kv_tokens >= n_ctx
        assert plan.runner.kv_tokens % 256 == 0


def test_more_bytes_hold_more_sequences_and_never_more_than_four(embedded_model: Path) -> None:
    held = [
        plan_load(EngineSettings(embedded_model, n_ctx=4096, kv_bytes=mib << 20)).runner.kv_tokens
        for mib in (1, 128, 256, 100_000)
    ]
    assert held[0] == 4096
    assert held == sorted(set(held))
    assert held[-1] == 4 * 4096


def test_a_hash_is_read_once_and_again_when_the_file_changes(tmp_path: Path) -> None:
    path, cache = tmp_path / "file", tmp_path / "cache"
    path.write_bytes(b"one")
    first = sha256_of(path, cache)
    (cache / "digests.json").write_text((cache / "digests.json").read_text().replace(first, "remembered"))
    assert sha256_of(path, cache) == "remembered"
    path.write_bytes(b"three")
    assert sha256_of(path, cache) == sha256_of(path)
    (cache / "digests.json").write_text("not json")
    assert sha256_of(path, cache) == sha256_of(path)


def test_hyper_threads_are_not_counted_as_cores(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("\n\n".join(f"processor : {n}\nphysical id : 0\ncore id : 0" for n in range(4)))
    assert physical_cores(cpuinfo) == 1
    assert physical_cores(tmp_path / "missing") >= 1
