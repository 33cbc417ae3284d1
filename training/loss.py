"""The loss of packed sessions: branches that do not see each other, logits only where something is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.examples import Packed


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one pass. ``tokens``, ``positions``, ``targets`` (int64) and ``weights`` (float32) are
    [sessions, tokens]; ``allowed`` (bool) is [sessions, 1, tokens, tokens of the opening and these]: who may look at
    whom, None where that is everybody at all before it."""

    tokens: Any
    positions: Any
    targets: Any
    weights: Any
    allowed: Any


def collate(rows: Sequence[Packed], device: str = "cpu", opening: int = 0) -> Batch:
    """Rows padded to the longest, less the tokens of an ``opening`` that was read before. A padded place weighs nothing
    and nobody looks at it."""
    import torch

    longest = max(len(row.tokens) for row in rows)

    def padded(values: list[Sequence[float]], kind: Any, fill: float) -> Any:
        table = [[*row, *[fill] * (longest - len(row))] for row in values]
        return torch.tensor(table, dtype=kind, device=device)

    def left(values: list[Sequence[float]], kind: Any) -> Any:
        return padded(values, kind, 0)[:, opening:]

    return Batch(
        tokens=left([row.tokens for row in rows], torch.int64),
        positions=left([row.positions for row in rows], torch.int64),
        targets=left([row.targets for row in rows], torch.int64),
        weights=left([row.weights for row in rows], torch.float32),
        # Padding comes last, so before a token of a single branch there is nothing that it must not see, and without a
        # mask a step costs an eighth less on a CPU.
        allowed=_allowed(padded([row.owner for row in rows], torch.int64, -2), opening) if _branched(rows) else None,
    )


def _branched(rows: Sequence[Packed]) -> bool:
    return any(max(row.owner, default=-1) > 0 for row in rows)


def _allowed(owner: Any, opening: int) -> Any:
    """Who may look at whom, by the owners of tokens: -1 the prefix, -2 padding. What was read before only is looked
    at."""
    import torch

    longest = owner.shape[1]
    causal = torch.ones(longest, longest, dtype=torch.bool, device=owner.device).tril()
    shared = (owner[:, None, :] == -1) | (owner[:, None, :] == owner[:, :, None])
    itself = torch.eye(longest, dtype=torch.bool, device=owner.device)
    return ((shared & (owner[:, None, :] != -2) & causal) | itself)[:, None, opening:]


def hidden_states(model: Any, batch: Batch, opening: Any = None) -> Any:
    """The last hidden states, [sessions, tokens, width], before the vocabulary is multiplied in. ``opening``: the
    cache of what all sessions begin with, to go on from."""
    core = model.get_base_model() if hasattr(model, "get_base_model") else model
    return core.model(
        input_ids=batch.tokens,
        position_ids=batch.positions,
        attention_mask=batch.allowed,
        past_key_values=opening,
        use_cache=opening is not None,
    ).last_hidden_state


def weighted_loss(model: Any, batch: Batch, label_smoothing: float = 0.0, opening: Any = None) -> tuple[Any, Any]:
    """(sum of weighted cross-entropy, sum of weights) over the learned tokens of the batch, which goes on from the
    cache ``opening`` where there is one."""
    import torch.nn.functional as F  # noqa: N812 (as everybody calls it)

    core = model.get_base_model() if hasattr(model, "get_base_model") else model
    learned = batch.weights > 0
    logits = core.lm_head(hidden_states(model, batch, opening)[learned]).float()
    each = F.cross_entropy(logits, batch.targets[learned], reduction="none", label_smoothing=label_smoothing)
    weights = batch.weights[learned]
    return (each * weights).sum(), weights.sum()
