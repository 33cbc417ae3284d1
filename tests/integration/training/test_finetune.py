"""Fine-tuning: the packed loss is that of separate examples, and a killed run goes on as if nothing had been."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from training import finetune
from training.average import average_adapters
from training.base_model import add_adapter
from training.checkpoints import CheckpointError
from training.examples import Branch, Example, ExampleError, pack
from training.finetune import Step, checkpoint_interval, train
from training.loss import collate, weighted_loss
from training.opening import shared_length
from training.settings import TrainSettings

pytestmark = [pytest.mark.filterwarnings("ignore::FutureWarning"), pytest.mark.filterwarnings("ignore::UserWarning")]

SETTINGS = TrainSettings(
    rank=4, alpha=8, dropout=0.1, learning_rate=1e-2, epochs=10, batch=2, checkpoint_every=2, neftune=2
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
    model, sessions = tiny().eval(), examples(4)
    with torch.no_grad():
        packed = weighted_loss(model, collate([pack(example, {"*": 1.0}) for example in sessions]))
        total, weight = 0.0, 0.0
        for example in sessions:
            for branch in example.branches:
                tokens = torch.tensor([[*example.prefix, *branch.prime, *branch.answer]])
                logits = model(tokens).logits[0, -len(branch.answer) - 1 : -1]
                answer = torch.tensor(branch.answer)
                total += float(torch.nn.functional.cross_entropy(logits, answer, reduction="sum"))
                weight += len(branch.answer)
    assert float(packed[1]) == weight
    assert float(packed[0]) == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("most", [1, 60, 10_000])
def test_a_step_is_the_same_in_one_pass_and_in_many(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, sessions = changed(dropout=0.0, neftune=0.0, batch=5, epochs=3), examples(10)
    monkeypatch.setattr(finetune, "_MOST_TOKENS", {"cpu": 10_000})
    together = train(tiny(), sessions, settings)

    monkeypatch.setattr(finetune, "_MOST_TOKENS", {"cpu": most})
    apart = train(tiny(), sessions, settings)

    assert apart.losses == pytest.approx(together.losses, rel=5e-3)


def beginning_alike(count: int, length: int) -> list[Example]:
    chance = random.Random(1)
    opening = tuple(chance.randrange(64) for _ in range(length))
    return [replace(example, prefix=opening + example.prefix) for example in examples(count)]


@pytest.mark.parametrize("most", [1, 200, 10_000])
def test_an_opening_that_is_read_once_for_all_sessions_teaches_what_it_does_read_each_time(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, sessions = changed(dropout=0.0, neftune=0.0, batch=4, epochs=6), beginning_alike(8, 40)
    monkeypatch.setattr(finetune, "_computes_in_bf16", lambda: False)
    monkeypatch.setattr(finetune, "_MOST_TOKENS", {"cpu": most})
    once = train(tiny(), sessions, settings)

    monkeypatch.setattr(finetune, "shared_length", lambda rows: 0)
    each_time = train(tiny(), sessions, settings)

    assert once.losses == pytest.approx(each_time.losses, rel=1e-4)


def test_what_sessions_share_ends_where_they_differ_learn_or_answer() -> None:
    one, other = beginning_alike(2, 40)
    assert shared_length([pack(one, {"*": 1.0}), pack(other, {"*": 1.0})]) >= 40
    assert shared_length([pack(one, {"*": 1.0})]) == 0
    assert shared_length([pack(one, {"*": 1.0}, prompt_weight=0.1), pack(other, {"*": 1.0}, prompt_weight=0.1)]) == 0
    twice = [pack(one, {"*": 1.0})] * 2
    assert shared_length(twice) == len(one.prefix)
    alone = [pack(replace(one, branches=()), {"*": 1.0})] * 2
    assert shared_length(alone) == len(one.prefix) - 1
    assert shared_length([pack(example, {"*": 1.0}) for example in beginning_alike(2, 5)]) == 0


def test_sessions_that_hold_nothing_to_learn_leave_the_adapter_as_it_is() -> None:
    settings = changed(branch_weights={"of no session": 1.0, "*": 0.0}, batch=4, epochs=1)

    before = add_adapter(tiny(), settings)
    trained = train(tiny(), examples(4), settings)

    assert trained.losses == (0.0,)
    for (name, weight), (_, first) in zip(trained.model.named_parameters(), before.named_parameters(), strict=True):
        assert "lora_B" not in name or weight.equal(first)
        assert weight.isfinite().all()


def test_a_run_over_no_session_ends_at_once_and_says_so() -> None:
    with pytest.raises(ExampleError, match="no session to train on"):
        train(tiny(), [], SETTINGS)


class PowerCutError(Exception):
    """Ends a run between two steps."""


@pytest.mark.parametrize("at", [1, 2, 3, 5, 7])
def test_a_killed_run_that_is_resumed_ends_with_the_same_losses(tmp_path: Path, at: int) -> None:
    sessions = examples(4)
    whole = train(tiny(), sessions, SETTINGS)

    def stop(step: Step) -> None:
        if step.step == at:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        train(tiny(), sessions, SETTINGS, checkpoints=tmp_path, watch=stop)
    resumed = train(tiny(), sessions, SETTINGS, checkpoints=tmp_path)

    assert resumed.resumed_at == (at - 1) // 2 * 2
    assert resumed.losses == pytest.approx(whole.losses, rel=1e-3)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_kill_never_costs_more_than_a_tenth_of_a_run_or_one_step(every: int, steps: int) -> None:
    interval = checkpoint_interval(TrainSettings(checkpoint_every=every), steps)
    assert 1 <= interval <= every
    assert interval <= max(1, steps / 10)


def stop_at_four(step: Step) -> None:
    if step.step == 4:
        raise PowerCutError


def changed(**values: Any) -> TrainSettings:
    return TrainSettings(**{**SETTINGS.to_dict(), **values})


@pytest.mark.parametrize(
    ("count", "settings", "told"),
    [
        (4, changed(rank=8, alpha=16), "made with alpha=8, rank=4: --fresh begins anew"),
        (4, changed(learning_rate=1e-3), r"made with learning_rate=0\.01: "),
        (5, SETTINGS, "made with other examples: "),
    ],
)
def test_a_run_of_something_else_does_not_go_on_from_a_checkpoint(
    tmp_path: Path, count: int, settings: TrainSettings, told: str
) -> None:
    with pytest.raises(PowerCutError):
        train(tiny(), examples(4), SETTINGS, checkpoints=tmp_path, watch=stop_at_four)
    before = (tmp_path / "checkpoint.pt").read_bytes()

    with pytest.raises(CheckpointError, match=told):
        train(tiny(), examples(count), settings, checkpoints=tmp_path)

    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_how_often_it_is_saved_may_change_between_a_kill_and_the_next_start(tmp_path: Path) -> None:
    with pytest.raises(PowerCutError):
        train(tiny(), examples(4), SETTINGS, checkpoints=tmp_path, watch=stop_at_four)
    assert train(tiny(), examples(4), changed(checkpoint_every=500), checkpoints=tmp_path).resumed_at == 2


def test_a_checkpoint_that_does_not_say_of_what_it_is_made_or_is_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    torch.save({"step": 2, "losses": [1.0, 1.0]}, path)
    with pytest.raises(CheckpointError, match="does not say of which examples, base and settings"):
        train(tiny(), examples(4), SETTINGS, checkpoints=tmp_path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="cannot be read as a checkpoint"):
        train(tiny(), examples(4), SETTINGS, checkpoints=tmp_path)


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
