"""The tempting sessions with the embedded model and its adapter: slow, the same expectations as for the worst case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.catalog.embedded import default_models_dir
from models.catalog.resolve import resolve_model
from models.chat import FAMILIES
from models.clinical.gates import holds
from models.clinical.grounding import check_section
from models.clinical.markers import mark_risk, strip_markers
from models.clinical.plan import SUMMARY_ID, SectionPlan, plan_note, plan_summary
from models.clinical.sentences import split_sentences, word_count
from models.clinical.summary import fit_summary
from models.clinical.writer import SectionWriter
from models.engine.api import Branch, BranchEnded, Failed, GenerationRequest, Token
from models.engine.engine import LlamaEngine
from models.engine.settings import EngineSettings
from models.formats import Gate, load_format
from models.prompts import note_prefix, section_prime, summary_prime
from models.transcript import Turn

pytestmark = pytest.mark.slow

_FOLDER = Path(__file__).parents[2] / "data" / "tempting"
_SESSIONS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.json"))}
_FORMAT = load_format()


def _branch(engine: LlamaEngine, plan: SectionPlan) -> Branch:
    chat = FAMILIES[engine.info.chat]
    if plan.id == SUMMARY_ID:
        return Branch(plan.id, summary_prime(chat, _FORMAT), plan.max_tokens)
    return Branch(plan.id, section_prime(chat, _FORMAT, _FORMAT.section(plan.id)), plan.max_tokens)


async def _written(engine: LlamaEngine, name: str, turns: tuple[Turn, ...]) -> dict[str, str]:
    """The note of ``turns`` as the rules leave it."""
    plans = {plan.id: plan for plan in (plan_summary(_FORMAT, turns), *plan_note(_FORMAT, turns))}
    writers = {plan.id: SectionWriter(plan, turns) for plan in plans.values() if plan.fixed is None}
    prefix = note_prefix(FAMILIES[engine.info.chat], turns)
    branches = tuple(_branch(engine, plans[section]) for section in writers)
    running = engine.submit(GenerationRequest(name, name, prefix, branches))
    async for step in running:
        for event in step:
            assert not isinstance(event, Failed), event
            if isinstance(event, Token):
                writers[event.branch].feed(event.text)
                if writers[event.branch].done:
                    running.stop_branch(event.branch)
            elif isinstance(event, BranchEnded):
                writers[event.branch].finish()
    note = {section: plan.fixed or "" for section, plan in plans.items()}
    for section, writer in writers.items():
        plan = plans[section]
        text = "" if writer.problem else writer.text
        note[section] = check_section(text, turns, plan.gate, plan.absent, plan.words).text
    note[SUMMARY_ID] = fit_summary(note[SUMMARY_ID], turns)
    return note


def _complaints(session: dict[str, Any], turns: tuple[Turn, ...], note: dict[str, str]) -> list[str]:
    found = [f"{lie['section']} says what was not said" for lie in session["lies"] if _says(note, lie)]
    if (note["risk"] == "Not assessed in this session.") == holds(Gate.RISK, turns):
        found.append("risk does not follow its gate")
    for plan in plan_note(_FORMAT, turns):
        if not 0 < word_count(note[plan.id]) <= plan.words:
            found.append(f"{plan.id} has {word_count(note[plan.id])} words of {plan.words}")
    found += [f"{section} is not marked" for section, text in note.items() if mark_risk(text) != text]
    return found


def _says(note: dict[str, str], lie: dict[str, str]) -> bool:
    sentences = split_sentences(strip_markers(note[lie["section"]]))
    return lie["outcome"] == "removed" and lie["text"] in sentences


async def test_the_embedded_model_keeps_to_what_was_said() -> None:
    model = resolve_model(None, default_models_dir())
    engine = LlamaEngine(EngineSettings(model.path, lora_path=model.adapter_path))
    await engine.start()
    complaints = {}
    try:
        for name, session in _SESSIONS.items():
            turns = tuple(Turn(at, turn["speaker"], turn["text"]) for at, turn in enumerate(session["turns"]))
            found = _complaints(session, turns, await _written(engine, name, turns))
            engine.release(name)
            if found:
                complaints[name] = found
    finally:
        await engine.stop()

    assert complaints == {}
