"""Reading what a caller sent: JSON into a model, or an error that says what would be right."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.requests import Request

from server.errors import BadRequestError, TooLargeError
from server.http.problems import InvalidInputError

_Model = TypeVar("_Model", bound=BaseModel)

MAX_ID = 2**63 - 1


def _without_nul(text: str) -> str:
    # PostgreSQL stores no NUL, and no client shows one.
    if "\x00" in text:
        raise ValueError("must not hold the NUL character")
    return text


def _read_time(value: object) -> object:
    """ISO 8601; without an offset it is UTC. Numbers are refused: nobody knows their unit."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a date and time in ISO 8601, as in 2026-03-05T14:30:00+00:00") from None


def whole(value: object) -> object:
    """JSON has one kind of number: 3000.0 is 3000."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Id = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(whole)]
Count = Annotated[int, Field(ge=0, le=MAX_ID), BeforeValidator(whole)]
Words = Annotated[str, AfterValidator(_without_nul)]
Moment = Annotated[datetime, BeforeValidator(_read_time)]


class Input(BaseModel):
    """Base of what callers send. Types are strict: ``"7"`` is no id. Members that are not known are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises ``TooLargeError`` as soon as it is known to have more than ``limit`` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdecimal() and int(declared[:20]) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def parse(model: type[_Model], raw: bytes) -> _Model:
    """``raw`` as a ``model``. Raises ``BadRequestError`` for what is no JSON, ``InvalidInputError`` for JSON of
    another shape."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["type"] != "json_invalid":
            raise InvalidInputError.of(error) from None
    if _is_json(raw):
        raise InvalidInputError([("body", "a text holds half of a surrogate pair, which is no character")])
    raise BadRequestError("The body is not JSON, or is nested too deeply.")


def _is_json(raw: bytes) -> bool:
    """Whether ``raw`` follows the grammar; half a surrogate pair does."""
    if b"\\u" not in raw:
        return False
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The body is larger than {limit} bytes.", limit=limit)
