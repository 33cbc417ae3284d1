"""From sessions to a serving model on Phi-3's architecture, real vocabulary, small layers: prepare, train, export,
merge, quantise, serve, stream. Needs the packages of the extra ``train``; ``make test-train`` runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.bench.phi3_shape import Shape, write_phi3_shape
from models.bench.vocabulary import phi3_vocabulary
from models.engine.engine import LlamaEngine
from models.engine.settings import EngineSettings
from training.data import read_dataset
from training.example_files import read_examples
from training.export import export_adapter, merge
from training.pipeline import Source, prepare, train_adapter
from training.settings import TrainSettings
from training.writing import write_notes

pytest.importorskip("torch")
pytest.importorskip("peft")

pytestmark = [
    pytest.mark.timeout(1500),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

# Head width 96 as in the real one; rows are multiples of 256 so that K-quants fit.
SHAPE = Shape(layers=2, width=768, feed_forward=512, heads=8, quantised=False, context=2048)
SETTINGS = TrainSettings(rank=8, alpha=16, dropout=0.0, learning_rate=5e-3, epochs=12, batch=2, checkpoint_every=4)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phi3")
    write_phi3_shape(phi3_vocabulary(Path("build") / "models"), folder / "base.gguf", SHAPE)
    sessions = [
        {
            "transcript": f"Therapist: How was week {n}?\nPatient: I slept {n} hours a night.",
            "summary": f"Client slept {n} hours.",
        }
        for n in range(2, 6)
    ]
    (folder / "sessions.jsonl").write_text("".join(json.dumps(session) + "\n" for session in sessions))
    return folder


@pytest.mark.parametrize("four_bit", [False, True], ids=["float32", "nf4"])
async def test_a_phi3_model_is_trained_exported_merged_quantised_and_streams(workshop: Path, four_bit: bool) -> None:
    if four_bit:
        pytest.importorskip("bitsandbytes")
    base, out = workshop / "base.gguf", workshop / ("nf4" if four_bit else "float32")
    prepared = prepare([Source(workshop / "sessions.jsonl")], base, out / "examples.jsonl", hold_out=False)
    assert prepared.examples == 4

    losses: list[float] = []
    settings = TrainSettings(**{**SETTINGS.to_dict(), "four_bit": four_bit})
    adapter = train_adapter(
        out / "examples.jsonl", base, settings, out / "adapter", watch=lambda seed, step: losses.append(step.loss)
    )
    assert losses[-1] < 0.7 * losses[0]
    assert json.loads((adapter / "run.json").read_text())["settings"]["four_bit"] is four_bit

    gguf = export_adapter(adapter, base, out / "adapter.gguf")
    model = merge(base, gguf, out / "model-Q4_K_M.gguf", "tiny", "Q4_K_M")
    engine = LlamaEngine(EngineSettings(model, n_ctx=1024, n_threads=2))
    await engine.start()
    try:
        assert (engine.info.architecture, engine.info.chat) == ("phi3", "phi3")
        records = read_dataset(workshop / "sessions.jsonl").records
        written = await write_notes(engine, records, only=("summary",))
    finally:
        await engine.stop()
    assert set(written.texts) == {(record.id, "summary") for record in records}
    assert any("slept" in text or "Client" in text for text in written.texts.values())
    assert read_examples(out / "examples.jsonl").examples
