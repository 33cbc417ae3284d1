"""The API against its own description: whatever the description allows, and what it does not, gets an answer that it
documents, and never a server error."""

from __future__ import annotations

import os
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from server.http import openapi
from server.http.routes import OPERATIONS
from tests.support.api import BASE, RunningApi
from tests.support.models import ObedientEngine, Run
from tests.support.transcripts import SHORT_SESSION

# Cases for each operation; more rounds by the environment, with the same code.
CASES = int(os.environ.get("CASENOTE_API_CASES", "15"))
DOCUMENT = openapi.document(OPERATIONS, "test")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
# The list's stream has no end to wait for.
ENDLESS = {"/sessions/stream"}
CALLS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods if path not in ENDLESS]
NEAR = st.sampled_from([1, 2, 3, 4])


def cases(path: str, method: str) -> st.SearchStrategy[Any]:
    operation = SCHEMA[path][method.upper()]
    return st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )


async def prepared(api: RunningApi) -> None:
    """A few sessions that the cases can reach: empty, with a transcript, with a note, signed."""
    if (await api.http.get("/sessions/1")).status_code == 200:
        return
    await api.create()
    await api.create(original_transcription=SHORT_SESSION)
    await api.create(original_transcription=SHORT_SESSION, notes="By hand.")
    signed = await api.create(notes="By hand.")
    await api.http.post(f"/sessions/{signed}/notes/sign")


async def send(api: RunningApi, case: Any) -> httpx.Response:
    kwargs = case.as_transport_kwargs(base_url=BASE)
    kwargs.pop("cookies", None)
    request = httpx.Request(
        **{
            name: kwargs[name]
            for name in ("method", "url", "headers", "params", "json")
            if kwargs.get(name) is not None
        },
        content=kwargs.get("data"),
    )
    return await api.http.send(request)


@pytest.mark.parametrize(("path", "method"), CALLS, ids=lambda value: value)
def test_every_answer_is_documented(run: Run, path: str, method: str) -> None:
    described = DOCUMENT["paths"][path][method]

    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=cases(path, method), near=st.none() | NEAR)
    def check(case: Any, near: int | None) -> None:
        async def example(api: RunningApi, _engine: ObedientEngine) -> None:
            await prepared(api)
            if near is not None and "session_id" in (case.path_parameters or {}):
                case.path_parameters["session_id"] = near
            answer = await send(api, case)

            assert answer.status_code < 500, answer.text
            assert str(answer.status_code) in described["responses"], (answer.status_code, answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json().keys() >= {"type", "title", "status", "detail", "instance"}

        run(example)

    check()
