"""What operators and readers ask: health, metrics, the description of the API, and the pages."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Route

from server.clock import utc_now
from server.db import outbox
from tests.support.api import SCRIPT, eventually, running_api
from tests.support.service import ROOT
from tests.support.transcripts import SHORT_SESSION

HEALTH_MEMBERS = {
    "status", "version", "database", "model_loaded", "model_name", "model_size_mb", "total_inferences", "success_rate",
    "avg_inference_time",
}  # fmt: skip


async def test_health_without_a_worker_is_degraded(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        body = (await api.http.get("/health")).json()

        assert body.keys() >= HEALTH_MEMBERS
        assert (body["status"], body["database"], body["model_loaded"]) == ("degraded", "connected", False)
        assert (body["total_inferences"], body["success_rate"], body["avg_inference_time"]) == (0, 100.0, 0.0)


async def test_health_tells_of_the_model_and_what_it_did(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:

        async def loaded() -> bool:
            return bool((await api.http.get("/health")).json()["model_loaded"])

        await eventually(loaded)
        session_id = await api.create(original_transcription=SHORT_SESSION)
        await api.http.post(f"/sessions/{session_id}/generate-notes")
        body = (await api.http.get("/health")).json()

        assert (body["status"], body["model_name"], body["nats"]) == ("healthy", "scripted", "connected")
        assert (body["total_inferences"], body["success_rate"], body["queue_depth"]) == (1, 100.0, 0)
        assert body["avg_inference_time"] > 0
        assert body["outbox_lag"] == 1


async def test_a_session_that_was_too_short_is_no_inference(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(original_transcription="Client: Hm.")
        await api.http.post(f"/sessions/{session_id}/close")
        body = (await api.http.get("/health")).json()

        assert (body["total_inferences"], body["success_rate"]) == (0, 100.0)


@pytest.mark.parametrize(("age", "status"), [(5, "healthy"), (60, "degraded")])
async def test_events_that_do_not_leave_are_told(tmp_path: Path, age: int, status: str) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:

        async def loaded() -> bool:
            return bool((await api.http.get("/health")).json()["model_loaded"])

        await eventually(loaded)
        async with api.parts.database.write() as db:
            outbox.enqueue(db, "an-event", "notes.7.updated", b"{}", utc_now() - timedelta(seconds=age))
        body = (await api.http.get("/health")).json()

        assert (body["status"], body["outbox_lag"]) == (status, 1)
        assert age <= body["outbox_lag_seconds"] < age + 20


@pytest.mark.parametrize(("free", "status"), [(31, "degraded"), (32, "healthy")])
async def test_a_disk_that_is_nearly_full_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: str
) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:

        async def loaded() -> bool:
            return bool((await api.http.get("/health")).json()["model_loaded"])

        await eventually(loaded)
        usage = shutil.disk_usage(tmp_path)._replace(free=free * 2**20)
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
        body = (await api.http.get("/health")).json()

        assert (body["status"], body["disk_free_mb"]) == (status, free)


async def test_nats_away_is_degraded_but_ready(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        api.server.available = False
        health, ready = await api.http.get("/health"), await api.http.get("/health/ready")

        assert (health.json()["status"], health.json()["nats"]) == ("degraded", "unavailable")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")


async def test_a_database_that_does_not_answer_is_not_ready(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        (tmp_path / "casenote.db").write_bytes(b"no database at all" * 1000)
        ready, live = await api.http.get("/health/ready"), await api.http.get("/health/live")

        assert (ready.status_code, ready.json()["database"]) == (503, "unavailable")
        assert live.status_code == 200


async def test_metrics_count_by_route_and_state(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        await api.http.post(f"/sessions/{session_id}/generate-notes")
        await api.http.get("/sessions/555")
        answer = await api.http.get("/metrics")

        samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }
        route = (("method", "GET"), ("route", "/sessions/{session_id}"), ("status", "404"))
        assert samples["casenote_http_requests_total", route] == 1
        assert samples["casenote_generations", (("state", "done"),)] == 1
        assert samples["casenote_outbox_lag", ()] == 1
        assert samples["casenote_database_up", ()] == 1
        # Times are numbers that may hold any digits; all else of the page holds no id.
        names = "\n".join(line.rpartition(" ")[0] for line in answer.text.splitlines())
        assert "555" not in names


async def test_the_description_is_valid_and_whole(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        document = (await api.http.get("/openapi.json")).json()
        routes = [route for route in api.app.routes if isinstance(route, Route)]

        OpenAPIV31SpecValidator(document).validate()
        served = {
            (method.lower(), re.sub(r":\w+}", "}", route.path))
            for route in routes
            for method in route.methods or ()
            if method != "HEAD"
        }
        described = {(method, path) for path, methods in document["paths"].items() for method in methods}
        assert served == described


async def test_every_call_documents_its_problems(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        document = (await api.http.get("/openapi.json")).json()
        for path, methods in document["paths"].items():
            for method, call in methods.items():
                problems = {
                    status
                    for status, a in call["responses"].items()
                    if "application/problem+json" in a.get("content", {})
                }
                assert "500" in problems, (method, path)
                assert ("401" in problems) == (call.get("security") != []), (method, path)


async def test_the_list_is_described_in_the_order_that_it_has(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        first, second = await api.create(), await api.create()
        await api.http.post(f"/sessions/{first}/close")
        listed = [entry["id"] for entry in (await api.http.get("/sessions")).json()["sessions"]]
        document = (await api.http.get("/openapi.json")).json()

        call = document["paths"]["/sessions"]["get"]
        order = next(one for one in call["parameters"] if one["name"] == "order")
        assert listed == [second, first]
        assert order["schema"]["default"] == "created"
        described = document["components"]["schemas"]["SessionList"]["properties"]["sessions"]["description"]
        assert "by last change" not in f"{call['summary']} {described}"


async def answers(api: Any, session_id: int) -> list[tuple[str, str, Any]]:
    http = api.http
    return [
        ("/sessions/{session_id}", "get", (await http.get(f"/sessions/{session_id}")).json()),
        ("/sessions/patient/{patient_id}", "get", (await http.get("/sessions/patient/7")).json()),
        ("/sessions", "get", (await http.get("/sessions")).json()),
        ("/sessions/{session_id}/turns", "get", (await http.get(f"/sessions/{session_id}/turns")).json()),
        ("/sessions/{session_id}/notes", "get", (await http.get(f"/sessions/{session_id}/notes")).json()),
        (
            "/sessions/{session_id}/notes/revisions",
            "get",
            (await http.get(f"/sessions/{session_id}/notes/revisions")).json(),
        ),
        ("/formats", "get", (await http.get("/formats")).json()),
        ("/me", "get", (await http.get("/me")).json()),
        ("/health", "get", (await http.get("/health")).json()),
        ("/summarize-sessions", "post", (await http.post("/summarize-sessions", json={"patient_id": 7})).json()),
    ]


async def test_answers_are_what_the_description_says(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        document = (await api.http.get("/openapi.json")).json()
        session_id = await api.create(original_transcription=SHORT_SESSION)
        await api.http.post(f"/sessions/{session_id}/generate-notes")
        await api.http.post(f"/sessions/{session_id}/notes/sign")
        await api.http.post(f"/sessions/{session_id}/notes/addenda", json={"text": "More."})
        for path, method, body in await answers(api, session_id):
            schema = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema_rs.validate({**schema, "components": document["components"]}, body)


async def test_the_events_are_described(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        document = (await api.http.get("/asyncapi.json")).json()

        assert document["asyncapi"].startswith("3.")
        assert "notes.{sessionId}.updated" in {channel["address"] for channel in document["channels"].values()}


async def test_the_description_can_be_read_as_a_page_of_our_own(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        page = await api.http.get("/docs")
        files = re.findall(r'(?:src|href)="([^"]+)"', page.text)

        assert page.headers["content-type"].startswith("text/html")
        assert "unsafe" not in page.headers["content-security-policy"]
        assert files
        for path in files:
            assert path.startswith("/")
            assert (await api.http.get(path)).status_code == 200


async def test_the_editors_page_has_a_fresh_nonce_each_time(tmp_path: Path) -> None:
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text('<meta name="csp-nonce" content="__CSP_NONCE__">')
    (web / "assets" / "main-1a2b.js").write_text("'use strict';")
    (web / "secret.txt").write_text("outside")
    async with running_api(tmp_path / "data", web=web) as api:
        first, second = await api.http.get("/"), await api.http.get("/")
        script = await api.http.get("/assets/main-1a2b.js")
        outside = await api.http.get("/assets/%2e%2e/secret.txt")

        nonces = [re.findall(r'content="([^"]+)"', answer.text)[0] for answer in (first, second)]
        assert len(set(nonces)) == 2
        for answer, nonce in zip((first, second), nonces, strict=True):
            assert answer.headers["content-security-policy"] == (
                f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; "
                "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'; require-trusted-types-for 'script'"
            )
        assert script.headers["content-type"].startswith("text/javascript")
        assert "immutable" in script.headers["cache-control"]
        assert outside.status_code == 404


async def test_without_a_built_page_it_says_so(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        answer = await api.http.get("/")

        assert answer.status_code == 200
        named = re.findall(r"make ([a-z-]+)", answer.text)
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert named[0] == "setup"
        assert set(named) - {"and"} <= set(targets)


@pytest.mark.parametrize("path", ["/health", "/sessions", "/docs", "/openapi.json"])
async def test_the_head_of_a_page_is_answered(tmp_path: Path, path: str) -> None:
    async with running_api(tmp_path) as api:
        answer = await api.http.head(path)

        assert (answer.status_code, answer.content) == (200, b"")
