"""The loss of packed sessions: branches that do not see each other, logits only where something is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.examples import Packed


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one step. ``tokens``, ``positions``, ``targets`` (int64) and ``weights`` (float32) are
    [sessions, tokens]; ``allowed`` (bool) is [sessions, 1, tokens, tokens]: who may look at whom."""

    tokens: Any
    positions: Any
    targets: Any
    weights: Any
    allowed: Any


def collate(rows: Sequence[Packed], device: str = "cpu") -> Batch:
    """Rows padded to the longest. A padded place looks at itself alone and weighs nothing."""
    import torch

    longest = max(len(row.tokens) for row in rows)

    def padded(values: list[Sequence[float]], kind: Any, fill: float) -> Any:
        table = [[*row, *[fill] * (longest - len(row))] for row in values]
        return torch.tensor(table, dtype=kind, device=device)

    # -2: padding, the owner of nobody's tokens.
    owner = padded([row.owner for row in rows], torch.int64, -2)
    causal = torch.ones(longest, longest, dtype=torch.bool, device=device).tril()
    shared = (owner[:, None, :] == -1) | (owner[:, None, :] == owner[:, :, None])
    allowed = (shared & (owner[:, None, :] != -2) & causal) | torch.eye(longest, dtype=torch.bool, device=device)
    return Batch(
        tokens=padded([row.tokens for row in rows], torch.int64, 0),
        positions=padded([row.positions for row in rows], torch.int64, 0),
        targets=padded([row.targets for row in rows], torch.int64, 0),
        weights=padded([row.weights for row in rows], torch.float32, 0.0),
        allowed=allowed[:, None],
    )


def hidden_states(model: Any, batch: Batch) -> Any:
    """The last hidden states, [sessions, tokens, width], before the vocabulary is multiplied in."""
    core = model.get_base_model() if hasattr(model, "get_base_model") else model
    return core.model(
        input_ids=batch.tokens, position_ids=batch.positions, attention_mask=batch.allowed, use_cache=False
    ).last_hidden_state


def weighted_loss(model: Any, batch: Batch, label_smoothing: float = 0.0) -> tuple[Any, Any]:
    """(sum of weighted cross-entropy, sum of weights) over the learned tokens of the batch."""
    import torch.nn.functional as F  # noqa: N812 (as everybody calls it)

    core = model.get_base_model() if hasattr(model, "get_base_model") else model
    learned = batch.weights > 0
    logits = core.lm_head(hidden_states(model, batch)[learned]).float()
    each = F.cross_entropy(logits, batch.targets[learned], reduction="none", label_smoothing=label_smoothing)
    weights = batch.weights[learned]
    return (each * weights).sum(), weights.sum()
