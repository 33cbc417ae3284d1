"""Property 12: every inference logs input length, output length, time and outcome, and never text of the session."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.support.api import RunningApi
from tests.support.models import ObedientEngine, Run

PATIENTS = itertools.count(1)
# Words that no log line holds by chance.
SAID = st.integers(10**9, 10**10).map(lambda number: f"secret{number}")


@given(said=st.lists(SAID, min_size=4, max_size=12), written=SAID, fails=st.booleans(), by_hand=SAID)
def test_an_inference_is_logged_without_a_word_of_the_session(
    run: Run, said: list[str], written: str, fails: bool, by_hand: str
) -> None:
    async def example(api: RunningApi, engine: ObedientEngine) -> None:
        engine.fails, engine.says = fails, {"intervention": f" The client spoke of {written}."}
        patient = next(PATIENTS)
        transcript = "\n".join(f"Patient: I want to talk about {word}." for word in said)
        with capture_logs() as lines:
            session_id = await api.create(original_transcription=transcript, patient_id=patient)
            assert (await api.http.post(f"/sessions/{session_id}/generate-notes")).status_code == 200
            await api.http.put(f"/sessions/{session_id}/notes", json={"notes": f"Mine: {by_hand}."})
            await api.http.post("/summarize-sessions", json={"patient_id": patient})

        inferences = [line for line in lines if line["event"] == "inference"]
        assert inferences
        for line in inferences:
            assert line.keys() >= {"input_characters", "output_characters", "seconds", "outcome"}
            assert line["input_characters"] == sum(len(f"I want to talk about {word}.") for word in said)
            assert line["outcome"] == ("decode" if fails else "finished")
        assert "secret" not in repr(lines)

    run(example)
