"""Fine-tuning: the packed loss is that of separate examples, and a killed run goes on as if nothing had been."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from training.average import average_adapters
from training.base_model import add_adapter
from training.examples import Branch, Example, pack
from training.finetune import Step, train
from training.loss import collate, weighted_loss
from training.settings import TrainSettings

pytestmark = [pytest.mark.filterwarnings("ignore::FutureWarning"), pytest.mark.filterwarnings("ignore::UserWarning")]

SETTINGS = TrainSettings(
    rank=4, alpha=8, dropout=0.1, learning_rate=1e-2, epochs=4, batch=2, checkpoint_every=2, neftune=2
)


def tiny() -> Any:
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256,
    )  # fmt: skip
    return transformers.LlamaForCausalLM(config)


def examples(count: int, seed: int = 0) -> list[Example]:
    chance = random.Random(seed)

    def some(low: int, high: int) -> tuple[int, ...]:
        return tuple(chance.randrange(64) for _ in range(chance.randint(low, high)))

    return [
        Example(str(n), some(5, 20), tuple(Branch(str(b), some(1, 3), some(2, 8)) for b in range(chance.randint(1, 4))))
        for n in range(count)
    ]


def test_the_packed_loss_is_that_of_separate_examples() -> None:
    model, given = tiny().eval(), examples(4)
    with torch.no_grad():
        packed = weighted_loss(model, collate([pack(example, {"*": 1.0}) for example in given]))
        total, weight = 0.0, 0.0
        for example in given:
            for branch in example.branches:
                tokens = torch.tensor([[*example.prefix, *branch.prime, *branch.answer]])
                logits = model(tokens).logits[0, -len(branch.answer) - 1 : -1]
                answer = torch.tensor(branch.answer)
                total += float(torch.nn.functional.cross_entropy(logits, answer, reduction="sum"))
                weight += len(branch.answer)
    assert float(packed[1]) == weight
    assert float(packed[0]) == pytest.approx(total, rel=1e-4)


class PowerCutError(Exception):
    """Ends a run between two steps."""


@pytest.mark.parametrize("at", [1, 2, 3, 5, 7])
def test_a_killed_run_that_is_resumed_ends_with_the_same_losses(tmp_path: Path, at: int) -> None:
    given = examples(4)
    whole = train(tiny(), given, SETTINGS)

    def stop(step: Step) -> None:
        if step.step == at:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        train(tiny(), given, SETTINGS, checkpoints=tmp_path, watch=stop)
    resumed = train(tiny(), given, SETTINGS, checkpoints=tmp_path)

    assert resumed.resumed_at == (at - 1) // 2 * 2
    assert resumed.losses == pytest.approx(whole.losses, rel=1e-3)


def test_the_mean_of_adapters_is_the_mean_of_their_weights(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    for seed in (1, 2):
        settings = TrainSettings(**{**SETTINGS.to_dict(), "seed": seed})
        train(tiny(), examples(4), settings).model.save_pretrained(str(tmp_path / str(seed)))
    mean = load_file(
        average_adapters([tmp_path / "1", tmp_path / "2"], tmp_path / "mean") / "adapter_model.safetensors"
    )
    halves = [load_file(tmp_path / str(seed) / "adapter_model.safetensors") for seed in (1, 2)]
    for name, weight in mean.items():
        assert torch.allclose(weight, (halves[0][name] + halves[1][name]) / 2, atol=1e-6)


def test_runs_of_one_start_begin_from_the_same_weights() -> None:
    first = add_adapter(_seeded(), SETTINGS)
    second = add_adapter(_seeded(), SETTINGS)
    for (name, one), (_, other) in zip(first.named_parameters(), second.named_parameters(), strict=True):
        assert torch.equal(one, other), name


def _seeded() -> Any:
    model = tiny()
    torch.manual_seed(SETTINGS.start_seed)
    return model
