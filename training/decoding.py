"""Greedy decoding of branches by the torch model: for choosing recipes, and to hold the exported model against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.examples import Branch, Example


def decode_branches(
    model: Any, example_branches: Sequence[tuple[Example, Branch]], end: int, max_tokens: int = 120, rows: int = 64
) -> list[list[int]]:
    """What the model writes behind each branch's prime, end token excluded; in the order given."""
    import torch

    device = next(model.parameters()).device
    order = sorted(range(len(example_branches)), key=lambda place: len(example_branches[place][0].prefix))
    answers: list[list[int]] = [[] for _ in order]
    for start in range(0, len(order), rows):
        places = order[start : start + rows]
        prompts = [[*example_branches[p][0].prefix, *example_branches[p][1].prime] for p in places]
        longest = max(map(len, prompts))
        tokens = torch.tensor([[end] * (longest - len(p)) + p for p in prompts], device=device)
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
        with torch.no_grad():
            written = model.generate(
                input_ids=tokens,
                attention_mask=mask,
                do_sample=False,
                max_new_tokens=max_tokens,
                eos_token_id=end,
                pad_token_id=end,
            )
        for place, row in zip(places, written[:, longest:].tolist(), strict=True):
            answers[place] = row[: row.index(end)] if end in row else row
    return answers
