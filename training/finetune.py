"""Fine-tuning a LoRA adapter: the loop, its checkpoints, and going on after a kill as if nothing had been."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.base_model import add_adapter
from training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from training.examples import Example, ExampleError, Packed, batches, pack, passes
from training.fingerprint import fingerprint
from training.loss import collate, weighted_loss
from training.opening import Opening, shared_length
from training.settings import TrainSettings

# Tokens that go through the model together, padding included. On a CPU each session goes alone: that is fastest, and
# what a step holds in memory is that of its longest session.
_MOST_TOKENS = {"cpu": 1}
_MOST_TOKENS_ELSEWHERE = 16384


@dataclass(frozen=True, slots=True)
class Step:
    """One optimizer step. ``loss`` is nats per learned token; ``eta`` seconds to the end of the run."""

    step: int
    steps: int
    epoch: float
    loss: float
    learning_rate: float
    tokens_per_second: float
    eta: float


@dataclass(frozen=True, slots=True)
class Trained:
    """The model with its adapter, and the loss of every step from the first, resumed or not."""

    model: Any
    losses: tuple[float, ...]
    seconds: float
    resumed_at: int


def planned_steps(settings: TrainSettings, examples: int) -> int:
    """Optimizer steps of a run over that many sessions."""
    return max(1, round(settings.epochs * math.ceil(examples / settings.batch)))


def checkpoint_interval(settings: TrainSettings, steps: int) -> int:
    """Steps between two checkpoints: as it is set, and at most a tenth of the run, so that a kill never costs more."""
    return max(1, min(settings.checkpoint_every, steps // 10))


def learning_rate(settings: TrainSettings, step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to zero. ``step`` counts from 0."""
    warm = max(1, round(settings.warmup * steps))
    if step < warm:
        return settings.learning_rate * (step + 1) / warm
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def train(
    base: Any,
    examples: Sequence[Example],
    settings: TrainSettings,
    *,
    device: str = "cpu",
    start: Path | None = None,
    checkpoints: Path | None = None,
    made_of: Mapping[str, str] | None = None,
    watch: Callable[[Step], None] = lambda step: None,
) -> Trained:
    """Trains an adapter on ``base`` (which it changes). ``checkpoints``: a folder to resume from and to save to.
    ``made_of``: the run's ``fingerprint``, where it knows more than examples and settings. Raises
    ``CheckpointError`` where the checkpoint in the folder is another run's, ``ExampleError`` without a session."""
    if not examples:
        raise ExampleError("there is no session to train on")
    import torch

    torch.manual_seed(settings.start_seed)
    model = add_adapter(base, settings, start).to(device).train()
    torch.manual_seed(settings.seed)
    run = _Run(model, [pack(e, settings.branch_weights, settings.prompt_weight) for e in examples], settings, device)
    steps = planned_steps(settings, len(examples))
    every, made_of = checkpoint_interval(settings, steps), made_of or fingerprint(examples, settings)
    done, losses = run.resume(checkpoints, made_of)
    resumed_at, begun = done, time.monotonic()
    with _noisy_embeddings(model, settings.neftune):
        for step, rows in _schedule(len(examples), settings, steps, done):
            rate = learning_rate(settings, step, steps)
            losses.append(run.step(rows, rate))
            done = step + 1
            spent = time.monotonic() - begun
            pace = spent / (done - resumed_at)
            epoch = done / math.ceil(len(examples) / settings.batch)
            watch(Step(done, steps, epoch, losses[-1], rate, run.tokens / spent, pace * (steps - done)))
            if checkpoints and (done % every == 0 or done == steps):
                save_checkpoint(checkpoints, run.checkpoint(done, losses, made_of))
    run.finish()
    return Trained(model.eval(), tuple(losses), time.monotonic() - begun, resumed_at)


def _schedule(count: int, settings: TrainSettings, steps: int, done: int) -> Iterator[tuple[int, list[int]]]:
    step, epoch = 0, 0
    while step < steps:
        for rows in batches(count, settings.batch, settings.seed, epoch):
            if done <= step < steps:
                yield step, rows
            step += 1
        epoch += 1


class _Run:
    """What changes from step to step."""

    def __init__(self, model: Any, rows: list[Packed], settings: TrainSettings, device: str) -> None:
        import torch

        self.model, self.rows, self.settings, self.device = model, rows, settings, device
        self.weights: dict[str, Any] = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.optimizer = torch.optim.AdamW(self.weights.values(), lr=0.0, weight_decay=settings.weight_decay)
        self.mean: dict[str, Any] = {}
        self.tokens = 0

    def step(self, places: Sequence[int], rate: float) -> float:
        """One optimizer step over these sessions, in as many passes as memory asks for; the loss before it. The state
        of dropout and noise is that of the generator, which a checkpoint holds."""
        import torch

        kind = self.device.split(":")[0]
        most = _MOST_TOKENS.get(kind, _MOST_TOKENS_ELSEWHERE)
        rows = [self.rows[place] for place in places]
        weight = sum(sum(row.weights) for row in rows) or 1.0  # nothing to learn in any of them: a loss of 0
        summed, shared = 0.0, shared_length(rows)
        with self._types(kind):
            opening = Opening(self.model, rows[0], shared, self.device) if shared else None
        for together in passes([len(row.tokens) - shared for row in rows], most):
            batch = collate([rows[place] for place in together], self.device, shared)
            with self._types(kind):
                begun = opening.cache(len(together)) if opening else None
                total, _ = weighted_loss(self.model, batch, self.settings.label_smoothing, begun)
                loss = total / weight
            loss.backward()
            summed += float(loss.detach())
        if opening:
            opening.backward()
        torch.nn.utils.clip_grad_norm_(self.weights.values(), self.settings.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.tokens += sum(len(row.tokens) for row in rows)
        self._average()
        return summed

    @contextmanager
    def _types(self, kind: str) -> Iterator[None]:
        """The types that are computed in. Autocast sees to them; peft's own casts would copy every activation once
        more."""
        import torch
        from peft.helpers import disable_input_dtype_casting

        half = kind != "cpu" or self.settings.four_bit or _computes_in_bf16()
        with torch.autocast(kind, torch.bfloat16, enabled=half), disable_input_dtype_casting(self.model):
            yield

    def _average(self) -> None:
        if not (decay := self.settings.average):
            return
        for name, weight in self.weights.items():
            if name in self.mean:
                self.mean[name].lerp_(weight.detach(), 1 - decay)
            else:
                self.mean[name] = weight.detach().clone()

    def finish(self) -> None:
        """Puts the running mean in place of the last weights, where there is one."""
        for name, mean in self.mean.items():
            self.weights[name].data.copy_(mean)

    def checkpoint(self, done: int, losses: Sequence[float], made_of: Mapping[str, str]) -> Checkpoint:
        weights = {name: weight.detach() for name, weight in self.weights.items()}
        return Checkpoint(done, tuple(losses), weights, dict(self.mean), self.optimizer.state_dict(), made_of)

    def resume(self, folder: Path | None, made_of: Mapping[str, str]) -> tuple[int, list[float]]:
        saved = load_checkpoint(folder, made_of) if folder else None
        if saved is None:
            return 0, []
        _copy(self.weights, saved.weights)
        self.mean = {name: mean.to(self.device) for name, mean in saved.mean.items()}
        self.optimizer.load_state_dict(saved.optimizer)
        return saved.step, list(saved.losses)


def _computes_in_bf16() -> bool:
    """Whether this CPU has instructions for it. One without computes in float32 three times as fast."""
    import torch

    return any(has is True for name, has in torch.cpu.get_capabilities().items() if "bf16" in name)


def _copy(weights: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    for name, weight in weights.items():
        weight.data.copy_(saved[name])


def _noisy_embeddings(model: Any, amount: float) -> Any:
    """NEFTune (Jain et al., 2023): uniform noise of ``amount / sqrt(tokens * width)`` on the embeddings while
    training."""
    if not amount:
        return nullcontext()
    import torch

    def add_noise(module: Any, inputs: Any, output: Any) -> Any:
        bound = amount / math.sqrt(output.shape[-2] * output.shape[-1])
        return output + torch.empty_like(output).uniform_(-bound, bound)

    return _Hook(model.get_input_embeddings().register_forward_hook(add_noise))


class _Hook:
    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def __enter__(self) -> None: ...

    def __exit__(self, *exception: object) -> None:
        self._handle.remove()
