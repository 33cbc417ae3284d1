"""A published folder of safetensors becomes a GGUF in one command, rounded once."""

from __future__ import annotations

from pathlib import Path

import pytest
import sentencepiece
import transformers
from typer.testing import CliRunner

from models.engine.gguf_file import read_head
from models.errors import ModelFileError
from training.export import quantise
from training.model_cli import app

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

_F16, _Q8_0, _Q4_K = 1, 8, 12


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers with a vocabulary of its own, as a folder of safetensors."""
    folder = tmp_path_factory.mktemp("published")
    text = folder / "text.txt"
    text.write_text("\n".join(f"client slept {n} hours and spoke of work, rest and a walk" for n in range(200)))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "tokenizer"), vocab_size=64, model_type="bpe", byte_fallback=False,
        hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    text.unlink()
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=256, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=256,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("kind", "number"), [("F16", _F16), ("Q8_0", _Q8_0), ("Q4_K_M", _Q4_K)])
def test_a_folder_of_safetensors_is_converted_in_each_quantisation(
    published: Path, tmp_path: Path, kind: str, number: int
) -> None:
    out = tmp_path / "base.gguf"

    done = CliRunner().invoke(app, ["convert", str(published), str(out), "--kind", kind, "--licence", "MIT"])

    assert done.exit_code == 0, done.output
    head = read_head(out)
    assert number in head.types
    assert (head.architecture, head.values["general.license"]) == ("llama", "MIT")
    assert [path.name for path in tmp_path.iterdir()] == ["base.gguf"]


def test_what_is_quantised_already_is_not_quantised_again(published: Path, tmp_path: Path) -> None:
    out = tmp_path / "base.gguf"
    CliRunner().invoke(app, ["convert", str(published), str(out), "--kind", "Q8_0"])
    with pytest.raises(ModelFileError, match="is quantised already: quantise from a GGUF of 16 or 32 bits"):
        quantise(out, tmp_path / "again.gguf", "Q4_K_M")


def test_a_folder_without_safetensors_and_an_unknown_kind_are_refused_in_one_line(
    published: Path, tmp_path: Path
) -> None:
    out = str(tmp_path / "out.gguf")
    assert "must be a folder with .safetensors" in CliRunner().invoke(app, ["convert", str(tmp_path), out]).output
    unknown = CliRunner().invoke(app, ["convert", str(published), out, "--kind", "Q3"])
    assert "quantisation 'Q3' is not known, it may be F32, F16, BF16, Q8_0, Q4_0" in unknown.output
    assert list(tmp_path.iterdir()) == []
