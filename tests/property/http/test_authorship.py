"""Properties 17 and 18: authorship through any sequence of calls and mishaps, and no text of a person is ever lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.api import silenced
from tests.support.clinic_life import Clinic, running_clinic
from tests.support.inline_sqlite import inline_sqlite
from tests.support.note_steps import STEPS, Step
from tests.support.note_story import Story
from tests.support.rounds import rounds

# 50 calls in a run where there is time for many runs.
LENGTH = rounds(8, 50)

# Signed, a note refuses nearly everything: that is not where most stories should be spent.
OFTEN = [name for name in sorted(STEPS) if name not in ("sign", "addendum", "fallback", "crash")]
NAMES = [*sorted(STEPS), *OFTEN, "unlock", "edit", "section"]

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
STEP = st.builds(Step, st.sampled_from(NAMES), st.integers(0, 1), WORDS, st.integers(0, 5))

Tell = Callable[[Callable[[Clinic], Coroutine[Any, Any, None]]], None]


@pytest.fixture(scope="module")
def tell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tell]:
    """Runs one story; all of a test happen in one clinic, each with a session of its own."""
    with inline_sqlite(), silenced(), asyncio.Runner() as runner:
        context = running_clinic(tmp_path_factory.mktemp("clinic"))
        clinic = runner.run(context.__aenter__())
        try:
            yield lambda story: runner.run(story(clinic))
        finally:
            runner.run(context.__aexit__(None, None, None))


@given(steps=st.lists(STEP, min_size=LENGTH, max_size=LENGTH))
def test_whatever_happens_to_a_note_no_text_of_a_person_is_lost_and_authorship_is_right(
    tell: Tell, steps: list[Step]
) -> None:
    async def whole(clinic: Clinic) -> None:
        story = await Story.begin(clinic)
        try:
            for step in steps:
                await STEPS[step.name](story, step)
                await story.look()
            await story.finish()
        finally:
            clinic.engine.let_go()
            await clinic.quiet(story.session_id)

    tell(whole)
