"""Examples: the prompt that serves, token for token, and packing that teaches each branch as if it were alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.chat import CHATML, FAMILIES, ChatFormat
from models.formats.format import load_format
from models.prompts import SUMMARY_ID, note_prefix, section_prime, summary_prime
from models.segments import Segment
from models.transcript import parse_transcript
from training.data import SessionRecord
from training.example_files import check_vocabulary, read_examples, write_examples
from training.examples import (
    Branch,
    Example,
    ExampleError,
    batches,
    build_example,
    build_examples,
    end_token,
    pack,
    passes,
)
from training.pipeline import train_adapter
from training.settings import TrainSettings


class ByteTokenizer:
    """One token a byte; control segments begin with a token of their own, so that they cannot be mistaken."""

    def __init__(self, chat: ChatFormat = CHATML) -> None:
        self.chat = chat

    def encode(self, segment: Segment) -> list[int]:
        return [*([256] if segment.control else []), *segment.text.encode()]

    def decode(self, tokens: Iterable[int]) -> str:
        return bytes(token for token in tokens if token < 256).decode("utf-8", errors="replace")


TOKENIZER = ByteTokenizer()
RECORD = SessionRecord(
    "a", "Therapist: How was it?\nPatient: Better.", "Client improved.", {"risk": "Not assessed in this session."}
)

transcripts = st.lists(
    st.tuples(st.sampled_from(["Therapist", "Patient", "Mother"]), st.text(min_size=1, max_size=40)),
    min_size=1,
    max_size=6,
).map(lambda turns: "\n".join(f"{who}: {' '.join(said.split()) or 'yes'}" for who, said in turns))


@given(transcripts, st.sampled_from(sorted(FAMILIES)))
def test_training_renders_the_prompt_that_serves_byte_for_byte(transcript: str, family: str) -> None:
    tokenizer, shape = ByteTokenizer(FAMILIES[family]), load_format()
    record = SessionRecord("a", transcript, "Client improved.", {s.id: f"About {s.id}." for s in shape.sections})

    example = build_example(record, tokenizer)

    served = note_prefix(FAMILIES[family], parse_transcript(transcript))
    assert list(example.prefix) == [token for segment in served for token in tokenizer.encode(segment)]
    primes = {SUMMARY_ID: summary_prime(FAMILIES[family], shape)}
    primes |= {section.id: section_prime(FAMILIES[family], shape, section) for section in shape.sections}
    for branch in example.branches:
        assert list(branch.prime) == [token for segment in primes[branch.id] for token in tokenizer.encode(segment)]


def test_an_answer_is_the_text_after_a_space_and_the_end_of_the_turn() -> None:
    example = build_example(RECORD, TOKENIZER)

    texts = {branch.id: TOKENIZER.decode(branch.answer[:-1]) for branch in example.branches}
    assert texts == {"summary": " Client improved.", "risk": " Not assessed in this session."}
    assert {branch.answer[-1] for branch in example.branches} == {end_token(TOKENIZER)}


def test_a_session_that_does_not_fit_is_left_out_and_said_without_its_text() -> None:
    kept, left_out = build_examples([RECORD], TOKENIZER, max_tokens=50)
    assert kept == ()
    assert "session a:" in left_out[0]
    assert "Better" not in left_out[0]


tokens = st.lists(st.integers(0, 300), min_size=1, max_size=8).map(tuple)
examples = st.builds(
    Example,
    st.just("a"),
    tokens,
    st.lists(st.tuples(tokens, tokens), min_size=1, max_size=5).map(
        lambda parts: tuple(Branch(str(n), prime, answer) for n, (prime, answer) in enumerate(parts))
    ),
)


@given(examples)
def test_packing_feeds_and_teaches_each_branch_as_if_it_were_alone(example: Example) -> None:
    packed = pack(example, {"*": 1.0})

    for place, branch in enumerate(example.branches):
        seen = [at for at, owner in enumerate(packed.owner) if owner in (-1, place)]
        fed = [packed.tokens[at] for at in seen]
        assert fed == [*example.prefix, *branch.prime, *branch.answer[:-1]]
        assert [packed.positions[at] for at in seen] == list(range(len(fed)))
        learned = [at for at in seen if packed.weights[at] > 0]
        assert [packed.targets[at] for at in learned] == list(branch.answer)


@given(examples)
def test_a_branch_of_no_weight_is_not_computed(example: Example) -> None:
    packed = pack(example, {"0": 1.0, "*": 0.0})

    assert set(packed.owner) <= {-1, 0}
    assert (
        len(packed.tokens) == len(example.prefix) + len(example.branches[0].prime) + len(example.branches[0].answer) - 1
    )


@given(st.integers(1, 60), st.integers(1, 9), st.integers(), st.integers(0, 5))
def test_an_epoch_sees_each_session_once_in_an_order_of_its_own(count: int, size: int, seed: int, epoch: int) -> None:
    order = batches(count, size, seed, epoch)

    assert sorted(place for batch in order for place in batch) == list(range(count))
    assert batches(count, size, seed, epoch) == order


@given(st.lists(st.integers(1, 50), max_size=12), st.integers(1, 120))
def test_a_pass_holds_no_more_than_it_may_unless_one_session_is_longer(lengths: list[int], most: int) -> None:
    groups = passes(lengths, most)

    assert sorted(place for group in groups for place in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[place] for place in group) <= most


@given(st.lists(examples, max_size=4))
def test_examples_are_read_back_as_they_were_written(given_examples: list[Example]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "examples.jsonl"
        write_examples(path, given_examples, 2, {"files": []})
        found = read_examples(path)
    assert list(found.examples) == given_examples
    assert found.end == 2


def test_a_file_without_a_session_is_not_trained_on(tmp_path: Path) -> None:
    write_examples(tmp_path / "none.jsonl", [], 2, {})
    with pytest.raises(ExampleError, match=r"none\.jsonl: holds no session to train on"):
        train_adapter(tmp_path / "none.jsonl", tmp_path / "base.gguf", TrainSettings(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


BYTES = {"size": 300, "sha256": "a" * 64}


@pytest.mark.parametrize(
    ("made_of", "base", "refusal"),
    [
        (BYTES, BYTES, ""),
        (BYTES, {"size": 300}, ""),
        (BYTES, {"size": 300, "sha256": "b" * 64}, "made of another vocabulary, of 300 tokens, than the 300 of mine"),
        (BYTES, {"size": 200}, "holds token 255, mine knows 200: prepare them with --vocabulary"),
        (None, {"size": 256, "sha256": "b" * 64}, ""),
        (None, {"size": 255, "sha256": "b" * 64}, "holds token 255, mine knows 255"),
        (BYTES, {}, ""),
    ],
)
def test_tokens_of_another_vocabulary_are_not_trained_on_and_old_files_are_read(
    made_of: dict[str, object] | None, base: dict[str, object], refusal: str, tmp_path: Path
) -> None:
    path, origin = tmp_path / "examples.jsonl", {"vocabulary": made_of} if made_of else {}
    write_examples(path, [Example("a", (1, 2), (Branch("summary", (3,), (255, 4)),))], 2, origin)
    if not refusal:
        check_vocabulary(path, read_examples(path), "mine", base)
        return
    with pytest.raises(ExampleError, match=refusal):
        check_vocabulary(path, read_examples(path), "mine", base)


def test_examples_of_another_prompt_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "examples.jsonl"
    write_examples(path, [], 2, {})
    path.write_text(path.read_text().replace('"prompt_version": "', '"prompt_version": "old-'))
    with pytest.raises(ExampleError, match="prepare it again"):
        read_examples(path)
