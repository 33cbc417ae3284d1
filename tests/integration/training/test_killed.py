"""A training run that is killed, the way a power cut or the kernel does it, and the same command once more."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers

from training.example_files import write_examples
from training.examples import Branch, Example

pytestmark = [pytest.mark.filterwarnings("ignore::FutureWarning"), pytest.mark.filterwarnings("ignore::UserWarning")]

_STEP = re.compile(r"step (\d+)/(\d+)  loss ([\d.]+)")


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """A base of a few thousand weights in ``base`` and sessions of random tokens in ``examples.jsonl``."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "base")
    chance = random.Random(0)

    def some(count: int) -> tuple[int, ...]:
        return tuple(chance.randrange(64) for _ in range(count))

    made = [
        Example(str(n), some(12), (Branch("summary", some(2), some(6)), Branch("risk", some(2), some(4))))
        for n in range(6)
    ]
    write_examples(tmp_path / "examples.jsonl", made, 2, {})
    return tmp_path


def command(workshop: Path, out: str, *more: str) -> list[str]:
    settings = {"epochs": 10, "batch": 2, "rank": 4, "checkpoint_every": 3, "learning_rate": 0.01}
    changes = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    paths = ["--examples", str(workshop / "examples.jsonl"), "--base", str(workshop / "base")]
    return [sys.executable, "-m", "server", "train", "run", *paths, "--out", str(workshop / out), *changes, *more]


ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}


def steps_of(text: str) -> dict[int, float]:
    return {int(number): float(loss) for number, _, loss in _STEP.findall(text)}


def killed_at(arguments: list[str], step: int) -> dict[int, float]:
    """Runs the command until it tells of that step, then ends it with SIGKILL; the losses it told of."""
    told = ""
    with subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told += line
            if step in steps_of(line):
                process.send_signal(signal.SIGKILL)
                break
        process.wait()
    assert process.returncode == -signal.SIGKILL
    return steps_of(told)


def run(arguments: list[str]) -> dict[int, float]:
    done = subprocess.run(arguments, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return steps_of(done.stdout)


def test_a_run_that_is_killed_twice_ends_with_the_losses_of_one_that_was_not(workshop: Path) -> None:
    whole = run(command(workshop, "whole"))
    assert sorted(whole) == list(range(1, 31))

    first = killed_at(command(workshop, "broken"), 8)
    second = killed_at(command(workshop, "broken"), 17)
    rest = run(command(workshop, "broken"))

    # It goes on from the last checkpoint, of which there is one every three steps.
    assert min(second) >= 7
    assert min(rest) >= 16
    assert {(min(second) - 1) % 3, (min(rest) - 1) % 3} == {0}
    for losses in (first, second, rest):
        assert losses == pytest.approx({step: whole[step] for step in losses}, abs=0.002)
    final = [json.loads((workshop / out / "run.json").read_text())["runs"] for out in ("whole", "broken")]
    assert final[1]["0"]["steps"] == 30
    assert final[1]["0"]["final_loss"] == pytest.approx(final[0]["0"]["final_loss"], abs=0.001)


def test_a_changed_command_is_refused_in_one_line_and_fresh_begins_anew(workshop: Path) -> None:
    killed_at(command(workshop, "out"), 8)

    refused = subprocess.run(
        command(workshop, "out", "--set", "rank=2"), env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert "its checkpoint was made with rank=4: --fresh begins anew" in refused.stderr
    assert "Traceback" not in refused.stderr

    killed_at(command(workshop, "out", "--set", "rank=2", "--fresh"), 8)
    assert min(run(command(workshop, "out", "--set", "rank=2"))) >= 7
