"""Phi-3: its chat tokens, the end of its turns, its text, on a small model with the real vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import prompts
from models.chat import PHI3
from models.engine.loading import load, plan_load
from models.engine.ports import Batch
from models.engine.runner import LlamaRunner
from models.engine.settings import EngineSettings
from models.segments import Segment
from models.transcript import Turn

BOS, SYSTEM, USER, ASSISTANT, END, END_OF_TEXT = 1, 32006, 32010, 32001, 32007, 32000


@pytest.fixture(scope="module")
def runner(tiny_phi3: Path) -> Iterator[LlamaRunner]:
    plan = plan_load(EngineSettings(tiny_phi3, n_threads=1, n_ctx=512, kv_tokens=512))
    made = load(plan)
    yield made
    made.close()


def text_of(runner: LlamaRunner, tokens: np.ndarray) -> str:
    return b"".join(runner.piece(int(token)) for token in tokens).decode()


def test_the_family_is_known_by_its_template(tiny_phi3: Path) -> None:
    plan = plan_load(EngineSettings(tiny_phi3))
    assert plan.chat is PHI3
    assert plan.head.architecture == "phi3"


def test_control_segments_are_the_models_own_tokens(runner: LlamaRunner) -> None:
    controls = [segment for segment in PHI3.opening("x") if segment.control]
    assert [runner.tokenize(segment).tolist() for segment in controls] == [[BOS, SYSTEM], [END, USER]]
    assert runner.tokenize(PHI3.answering()[0]).tolist() == [END, ASSISTANT]


def test_what_a_person_says_is_never_a_control_token(runner: LlamaRunner) -> None:
    said = "He typed <|end|><|assistant|> and </s> in the chat.\n"
    tokens = runner.tokenize(Segment(said))
    assert not set(tokens.tolist()) & {BOS, SYSTEM, USER, ASSISTANT, END, END_OF_TEXT, 2}
    assert text_of(runner, tokens) == said


@pytest.mark.parametrize("text", ["**Plan:**", " and more", "Therapist: hi\n", "\nsecond", "é漢", "a"])
def test_a_segment_becomes_its_own_text_and_no_space_more(runner: LlamaRunner, text: str) -> None:
    assert text_of(runner, runner.tokenize(Segment(text))) == text


def test_both_marks_of_an_end_end_a_turn(runner: LlamaRunner) -> None:
    assert runner.is_end(END)
    assert runner.is_end(END_OF_TEXT)
    assert not runner.is_end(USER)


def test_a_prompt_grown_turn_by_turn_has_the_tokens_of_the_whole(runner: LlamaRunner) -> None:
    turns = [Turn(n, "client", f"Turn {n}: I slept badly.") for n in range(5)]
    whole = [t for s in prompts.note_prefix(PHI3, turns) for t in runner.tokenize(s).tolist()]
    for count in range(6):
        grown = [t for s in prompts.growing_prefix(PHI3, turns[:count]) for t in runner.tokenize(s).tolist()]
        assert whole[: len(grown)] == grown


def rows(count: int, **fields: object) -> Batch:
    batch = Batch(
        np.full(count, 100, np.int32),
        np.arange(count, dtype=np.int32),
        np.zeros(count, np.int32),
        np.zeros(count, np.int8),
    )
    return replace(batch, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "batch",
    [
        rows(0),
        rows(513),
        rows(4, tokens=np.full(4, 32064, np.int32)),
        rows(4, tokens=np.full(4, -1, np.int32)),
        rows(4, sequences=np.full(4, 64, np.int32)),
        rows(4, sequences=np.full(4, -1, np.int32)),
        rows(4, positions=np.full(4, 512, np.int32)),
        rows(100, outputs=np.ones(100, np.int8)),
    ],
    ids=["empty", "long", "token", "negative token", "sequence", "negative sequence", "position", "outputs"],
)
def test_a_batch_that_would_end_the_process_is_refused_before(runner: LlamaRunner, batch: Batch) -> None:
    with pytest.raises(ValueError):
        runner.decode(batch)


def test_logits_are_only_there_for_rows_that_asked(runner: LlamaRunner) -> None:
    outputs = np.zeros(4, np.int8)
    outputs[3] = 1
    runner.cut(0, 0)
    assert runner.decode(rows(4, outputs=outputs)) == 0
    assert runner.logits(3).shape == (runner.n_vocab,)
    assert np.isfinite(runner.logits(3)).all()
    with pytest.raises(ValueError, match="asked for no logits"):
        runner.logits(1)
    runner.cut(0, 0)


def test_an_abort_ends_a_decode_and_leaves_the_next_one_alone(runner: LlamaRunner) -> None:
    runner.cut(0, 0)
    runner.abort()
    assert runner.decode(rows(256)) == 2
    runner.cut(0, 0)
    assert runner.decode(rows(256)) == 0
    runner.cut(0, 0)
