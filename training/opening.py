"""The beginning that all sessions of a step share, the instructions, read once for all of them.

Their gradient with regard to its keys and values is summed up session by session and then taken through it once: that
is the gradient of reading it each time (it is linear), for a third of the work less where sessions are short.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from training.examples import Packed

# Below this many tokens the concatenation of keys and values costs what the reading saves.
_WORTH_IT = 32


def shared_length(rows: Sequence[Packed]) -> int:
    """Tokens that all rows begin with and of which none learns anything, 0 where they are too few to be read apart. Of
    each row at least one token is left."""
    if len(rows) < 2:
        return 0
    columns = zip(*(zip(row.tokens[:-1], row.owner, row.weights, strict=False) for row in rows), strict=False)
    length = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1 and column[0][1:] == (-1, 0.0), columns))
    return length if length >= _WORTH_IT else 0


class Opening:
    """The keys and values of the first ``length`` tokens of ``row``, layer by layer, as the adapter makes them now."""

    def __init__(self, model: Any, row: Packed, length: int, device: str = "cpu") -> None:
        import torch
        from transformers import DynamicCache

        tokens = torch.tensor([row.tokens[:length]], dtype=torch.int64, device=device)
        cache = DynamicCache()
        core = model.get_base_model() if hasattr(model, "get_base_model") else model
        core.model(input_ids=tokens, past_key_values=cache, use_cache=True)
        self._made = [part for layer in cache.layers for part in (layer.keys, layer.values)]
        # What the sessions see of it: their gradients are gathered here.
        self._seen = [part.detach().requires_grad_(part.requires_grad) for part in self._made]

    def cache(self, sessions: int) -> Any:
        """A cache of it for that many sessions side by side, to go on from."""
        from transformers import DynamicCache

        cache = DynamicCache()
        for layer in range(len(self._seen) // 2):
            keys, values = (part.expand(sessions, -1, -1, -1) for part in self._seen[2 * layer : 2 * layer + 2])
            cache.update(keys, values, layer)
        return cache

    def backward(self) -> None:
        """Takes what was gathered through the opening, into the gradients of the adapter."""
        import torch

        told = [(made, seen.grad) for made, seen in zip(self._made, self._seen, strict=True) if seen.grad is not None]
        if told:
            torch.autograd.backward([made for made, _ in told], [grad for _, grad in told])
