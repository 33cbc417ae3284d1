"""The API's description (OpenAPI 3.1), made of the operations and of the models that check and document them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from server.http.operation import Answer, Operation
from server.http.outputs import Problem
from server.http.problems import MEDIA_TYPE

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"{(\w+)(?::path)?}")

_SUMMARY = (
    "Progress notes for psychotherapy sessions, written on the clinic's own machine as the session closes. "
    "Errors are problem documents (RFC 9457) whose detail is fit to be displayed."
)
_PROBLEMS = {
    400: "The request cannot be carried out as it stands",
    401: "No valid bearer token",
    403: "Another site's page sent this change",
    404: "There is no such thing, or it is another therapist's",
    409: "It contradicts what is stored",
    412: "The note moved on; 'current' holds it as it is now",
    413: "The body, or what it would be stored in, is too large",
    421: "Without authentication: the name in the address is not this machine's",
    422: "A field is missing, of another type or too long; 'errors' names it",
    423: "The note is signed, or still being written",
    500: "An error that was not expected",
    503: "The database, the queue or the model cannot take it now; Retry-After says when to try again",
}
_HEADERS = {
    "If-Match": "the ETag of the version that the change was made on; refused with 412 when the note moved on",
    "If-None-Match": "ETags that the caller has; * refuses the change when there is a note at all",
    "Last-Event-ID": "the id of the last event that was seen",
    "Accept": "text/event-stream for the stream",
    "Prefer": "respond-async to be answered at once",
}
_ANSWER_HEADERS = {
    "ETag": "the version of the note, quoted: session id, a dot, version",
    "Location": "the stream of the note",
    "Set-Cookie": "the token, for this site only and out of reach of scripts",
}


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(_path(operation.path), {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Casenote",
            "version": version,
            "description": _SUMMARY,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "security": [{"bearer": []}, {"cookie": []}, {}],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "casenote_token"},
            },
        },
    }


def _path(path: str) -> str:
    return _PARAMETER.sub(r"{\1}", path)


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _operation_id(operation),
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_headers(operation)],
        "responses": _responses(operation),
    }
    if operation.is_open:
        described["security"] = []
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {"application/json": {"schema": {"$ref": _ref(operation.body)}}},
        }
    return described


def _operation_id(operation: Operation) -> str:
    words = re.sub(r"[^a-zA-Z0-9]+", "_", _path(operation.path)).strip("_") or "page"
    slash = "_slash" if operation.path.endswith("/") and operation.path != "/" else ""
    return f"{operation.method.lower()}_{words}{slash}"


def _path_parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    for name in _PARAMETER.findall(operation.path):
        number = name in ("session_id", "patient_id", "version")
        schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1} if number else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    if operation.query is None:
        return
    schema = operation.query.model_json_schema()
    for name, described in schema.get("properties", {}).items():
        # A parameter that is not given is absent, never null.
        kept = [option for option in described.pop("anyOf", []) if option.get("type") != "null"]
        text = described.pop("description", "")
        described.pop("title", None)
        if described.get("default", "") is None:
            described.pop("default")
        merged = {**described, **(kept[0] if kept else {})}
        yield {"name": name, "in": "query", "required": False, "description": text, "schema": merged}


def _headers(operation: Operation) -> Iterable[dict[str, Any]]:
    # OpenAPI leaves Accept to the answers' media types.
    for name in operation.headers:
        if name != "Accept":
            yield {
                "name": name,
                "in": "header",
                "required": False,
                "description": _HEADERS[name],
                "schema": {"type": "string"},
            }


def _responses(operation: Operation) -> dict[str, Any]:
    responses = {str(status): _answer(answer) for status, answer in operation.answers.items()}
    always = {421, 500, 503} if operation.method == "GET" else {403, 421, 500, 503}
    statuses = {*operation.problems, *always} | (set() if operation.is_open else {401})
    for status in sorted(statuses - operation.answers.keys()):
        responses[str(status)] = {
            "description": _PROBLEMS.get(status, HTTPStatus(status).phrase),
            "content": {MEDIA_TYPE: {"schema": {"$ref": _ref(Problem)}}},
        }
    return responses


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    content: dict[str, Any] = {}
    if answer.model is not None:
        content["application/json"] = {"schema": {"$ref": _ref(answer.model)}}
    if answer.media is not None:
        content[answer.media] = {"schema": {"type": "object" if answer.media.endswith("json") else "string"}}
    if content:
        described["content"] = content
    if answer.headers:
        described["headers"] = {
            name: {"description": _ANSWER_HEADERS[name], "schema": {"type": "string"}} for name in answer.headers
        }
    return described


def _ref(model: type[BaseModel]) -> str:
    return _REF.format(model=model.__name__)


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    inputs = {operation.body for operation in operations if operation.body is not None}
    answers = {answer.model for operation in operations for answer in operation.answers.values()}
    outputs = {model for model in answers if model is not None} | {Problem}
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in sorted(inputs, key=_name)),
        *((model, "serialization") for model in sorted(outputs, key=_name)),
    ]
    _, schema = models_json_schema(wanted, ref_template=_REF)
    found: dict[str, Any] = schema["$defs"]
    return found


def _name(model: type[BaseModel]) -> str:
    return model.__name__
