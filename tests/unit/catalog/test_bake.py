"""Baking: the merged file holds base + scale * B @ A, says of what it was made, and is found again by that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from gguf.quants import dequantize, quantize

from models.catalog import demonstration, resolve
from models.catalog.bake import bake, ensure_baked
from models.catalog.embedded import EMBEDDED_FILE, EMBEDDED_NAME
from models.catalog.files import sha256_of
from models.catalog.gguf_copy import stamp, text_of
from models.catalog.resolve import baked_file, is_baked, resolve_model
from models.catalog.trained import TRAINED_BASE_KEY, TRAINED_KEY, Training, from_text, to_text
from models.errors import ModelFileError

WIDTH, RANK, ALPHA = 64, 4, 8.0
CHANCE = np.random.default_rng(0)


def write(
    path: Path, tensors: dict[str, np.ndarray], kind: GGMLQuantizationType | None, architecture: str, **more: float
) -> Path:
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(128)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
    if more:
        writer.add_type("adapter")
        writer.add_float32("adapter.lora.alpha", more["alpha"])
    for name, values in tensors.items():
        if kind is None or "norm" in name:
            writer.add_tensor(name, values)
        else:
            writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def normal(*shape: int) -> np.ndarray:
    return CHANCE.normal(0, 0.1, shape).astype(np.float32)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    tensors = {
        "blk.0.attn_q.weight": normal(32, WIDTH),
        "blk.0.norm.weight": normal(WIDTH),
        "out.weight": normal(8, WIDTH),
    }
    return write(tmp_path / EMBEDDED_FILE, tensors, GGMLQuantizationType.Q4_1, "llama")


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapters" / "mine"
    folder.mkdir(parents=True)
    tensors = {"blk.0.attn_q.weight.lora_a": normal(RANK, WIDTH), "blk.0.attn_q.weight.lora_b": normal(32, RANK)}
    return write(folder / "adapter.gguf", tensors, None, "llama", alpha=ALPHA)


def values(path: Path) -> dict[str, np.ndarray]:
    return {t.name: dequantize(t.data, t.tensor_type) for t in GGUFReader(path).tensors}


def test_the_baked_weights_are_the_base_plus_the_scaled_product(tmp_path: Path, base: Path, adapter: Path) -> None:
    baked = values(bake(base, adapter, tmp_path / "baked.gguf", "mine"))

    before, halves = values(base), values(adapter)
    delta = ALPHA / RANK * halves["blk.0.attn_q.weight.lora_b"] @ halves["blk.0.attn_q.weight.lora_a"]
    wanted = before["blk.0.attn_q.weight"] + delta
    assert np.abs(baked["blk.0.attn_q.weight"] - wanted).max() < 2 * np.abs(wanted).max() / 127
    assert np.abs(baked["out.weight"] - before["out.weight"]).max() < 2 * np.abs(before["out.weight"]).max() / 127
    assert np.array_equal(baked["blk.0.norm.weight"], before["blk.0.norm.weight"])


def test_metadata_is_kept_and_says_of_what_the_file_was_made(tmp_path: Path, base: Path, adapter: Path) -> None:
    reader = GGUFReader(bake(base, adapter, tmp_path / "baked.gguf", "mine"))

    found = {name: field.contents() for name, field in reader.fields.items()}
    assert found["llama.context_length"] == 128
    assert found["tokenizer.ggml.tokens"] == ["a", "b"]
    assert found["general.name"] == "mine"
    assert found[demonstration.BASE_KEY] == sha256_of(base)
    assert found[demonstration.ADAPTER_KEY] == sha256_of(adapter)


def test_a_baked_model_says_of_its_base_and_of_its_licence(tmp_path: Path, base: Path, adapter: Path) -> None:
    reader = GGUFReader(bake(base, adapter, tmp_path / "baked.gguf", "mine", licence="MIT"))

    found = {name: field.contents() for name, field in reader.fields.items()}
    assert found["general.base_model.count"] == 1
    assert found["general.base_model.0.name"] == EMBEDDED_NAME
    assert found["general.license"] == "MIT"


def test_what_an_adapter_was_trained_on_is_known_of_the_model_that_is_made_of_it(
    tmp_path: Path, base: Path, adapter: Path
) -> None:
    said = to_text([Training(("d" * 64,), 0)])
    stamp(adapter, {TRAINED_KEY: said})

    once = bake(base, adapter, tmp_path / "once.gguf", "mine")
    other = to_text([Training(("e" * 64,), None)])
    stamp(adapter, {TRAINED_KEY: other})
    twice = bake(once, adapter, tmp_path / "twice.gguf", "mine")

    assert text_of(GGUFReader(once), TRAINED_KEY) == said
    assert list(from_text(text_of(GGUFReader(twice), TRAINED_KEY))) == [*from_text(said), *from_text(other)]


def test_a_plain_baked_model_is_of_sixteen_bits_and_nearer_to_the_sum(
    tmp_path: Path, base: Path, adapter: Path
) -> None:
    plain = bake(base, adapter, tmp_path / "plain.gguf", "mine", plain=True)

    kinds = {tensor.name: tensor.tensor_type for tensor in GGUFReader(plain).tensors}
    assert set(kinds.values()) == {GGMLQuantizationType.F16, GGMLQuantizationType.F32}
    assert kinds["blk.0.norm.weight"] == GGMLQuantizationType.F32
    before, halves, made = values(base), values(adapter), values(plain)
    delta = ALPHA / RANK * halves["blk.0.attn_q.weight.lora_b"] @ halves["blk.0.attn_q.weight.lora_a"]
    assert np.allclose(made["blk.0.attn_q.weight"], before["blk.0.attn_q.weight"] + delta, rtol=1e-3, atol=1e-6)


def test_a_model_baked_twice_still_says_of_what_the_first_was_made(tmp_path: Path, base: Path, adapter: Path) -> None:
    once = bake(base, adapter, tmp_path / "once.gguf", "mine")

    field = GGUFReader(bake(once, adapter, tmp_path / "twice.gguf", "mine")).get_field(demonstration.ROOT_KEY)

    assert field is not None
    assert field.contents() == sha256_of(base)


def test_an_adapter_for_other_tensors_or_another_architecture_is_refused(tmp_path: Path, base: Path) -> None:
    other = {"blk.7.attn_q.weight.lora_a": normal(RANK, WIDTH), "blk.7.attn_q.weight.lora_b": normal(32, RANK)}
    with pytest.raises(ModelFileError, match=r"has no tensor blk\.7"):
        bake(base, write(tmp_path / "a.gguf", other, None, "llama", alpha=1.0), tmp_path / "out.gguf", "x")
    with pytest.raises(ModelFileError, match="an adapter for phi3, the base is llama"):
        bake(base, write(tmp_path / "b.gguf", other, None, "phi3", alpha=1.0), tmp_path / "out.gguf", "x")
    with pytest.raises(ModelFileError, match="not a LoRA adapter"):
        bake(base, base, tmp_path / "out.gguf", "x")
    assert not (tmp_path / "out.gguf").exists()


@pytest.mark.parametrize("which", ["base", "adapter"])
@pytest.mark.parametrize("left", [0.3, 0.97])
def test_a_file_that_is_cut_short_is_named_as_such(
    tmp_path: Path, base: Path, adapter: Path, which: str, left: float
) -> None:
    file = base if which == "base" else adapter
    whole = file.read_bytes()
    file.write_bytes(whole[: int(left * len(whole))])
    with pytest.raises(ModelFileError, match=rf"{file.name} is truncated"):
        bake(base, adapter, tmp_path / "out.gguf", "x")


def test_an_adapter_of_another_width_or_of_halves_that_do_not_fit_is_refused(tmp_path: Path, base: Path) -> None:
    def of(a: tuple[int, int], b: tuple[int, int]) -> Path:
        halves = {"blk.0.attn_q.weight.lora_a": normal(*a), "blk.0.attn_q.weight.lora_b": normal(*b)}
        return write(tmp_path / "other.gguf", halves, None, "llama", alpha=1.0)

    with pytest.raises(ModelFileError, match=r"made for another base: its blk\.0\.attn_q\.weight is of \(16, 64\)"):
        bake(base, of((RANK, WIDTH), (16, RANK)), tmp_path / "out.gguf", "x")
    with pytest.raises(ModelFileError, match=r"the halves of blk\.0\.attn_q\.weight\.lora_a do not fit"):
        bake(base, of((RANK, WIDTH), (32, 2 * RANK)), tmp_path / "out.gguf", "x")


def test_an_adapter_goes_into_the_base_that_it_was_trained_on_or_what_was_made_of_that(
    tmp_path: Path, base: Path, adapter: Path
) -> None:
    stamp(adapter, {TRAINED_BASE_KEY: sha256_of(base)})
    once = bake(base, adapter, tmp_path / "once.gguf", "mine")
    bake(once, adapter, tmp_path / "twice.gguf", "mine")

    stamp(adapter, {TRAINED_BASE_KEY: "e" * 64})
    with pytest.raises(ModelFileError, match=r"trained on another base \(eeeeeeeeeeee\) than SmolLM2"):
        bake(base, adapter, tmp_path / "out.gguf", "mine")


def test_set_up_bakes_once_and_again_when_the_adapter_changed(
    tmp_path: Path, base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "EMBEDDED_SHA256", sha256_of(base))
    adapters = adapter.parent.parent
    baked = ensure_baked(tmp_path, adapters=adapters)
    assert baked == baked_file(tmp_path, adapter)
    resolved = resolve_model(None, tmp_path, adapters)
    assert (resolved.path, resolved.adapter_path, resolved.adapter_name) == (baked, None, "mine")

    first = baked.stat().st_mtime_ns
    ensure_baked(tmp_path, adapters=adapters)
    assert baked.stat().st_mtime_ns == first

    halves = {"blk.0.attn_q.weight.lora_a": normal(RANK, WIDTH), "blk.0.attn_q.weight.lora_b": normal(32, RANK)}
    write(adapter, halves, None, "llama", alpha=ALPHA)
    assert not is_baked(baked, adapter)
    assert resolve_model(None, tmp_path, adapters).adapter_path == adapter
    ensure_baked(tmp_path, adapters=adapters)
    assert is_baked(baked, adapter)


def test_set_up_bakes_again_what_is_damaged(
    tmp_path: Path, base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "EMBEDDED_SHA256", sha256_of(base))
    baked = ensure_baked(tmp_path, adapters=adapter.parent.parent)
    assert baked is not None
    whole = baked.read_bytes()
    baked.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))

    ensure_baked(tmp_path, adapters=adapter.parent.parent)

    assert baked.read_bytes() == whole
