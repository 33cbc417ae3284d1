"""From a request to an operation: let the caller in, read what was sent, run the handler. One route for each path, so
that a method it does not answer is refused with all those it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.http import auth
from server.http.access import CALLER
from server.http.api import Api
from server.http.bodies import parse, read_body
from server.http.operation import Call, Operation
from server.http.origin import refuse_other_hosts, refuse_other_sites
from server.http.problems import InvalidInputError


def routes_of(operations: Sequence[Operation], api: Api) -> list[Route]:
    """The routes of all operations, in the order of the table: a fixed path goes before one with a parameter."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    return [_route(path, methods, api) for path, methods in by_path.items()]


def _route(path: str, operations: Mapping[str, Operation], api: Api) -> Route:
    async def endpoint(request: Request) -> Response:
        operation = operations["GET" if request.method == "HEAD" else request.method]
        return await operation.handler(await _call(request, operation, api))

    return Route(path, endpoint, methods=list(operations))


async def _call(request: Request, operation: Operation, api: Api) -> Call:
    """The request as a call. Raises what ``problems`` answers."""
    claims = await _let_in(request, operation, api)
    request.scope[CALLER] = caller = claims.subject if claims else None
    return Call(
        request=request,
        api=api,
        caller=caller,
        expires=claims.expires if claims else None,
        body=await _body(request, operation, api.parts.settings.body_limit),
        query=_query(request, operation),
    )


async def _let_in(request: Request, operation: Operation, api: Api) -> auth.Claims | None:
    """Who calls; None where nobody has to say so. Raises ``UnauthorizedError`` without a token that counts."""
    if api.tokens is None:
        refuse_other_hosts(request, api.parts.settings)
        refuse_other_sites(request)
        return None
    token, from_cookie = auth.bearer(request)
    if operation.is_open or from_cookie:
        refuse_other_sites(request)
    if operation.is_open:
        return None
    if token is None:
        raise auth.missing()
    return await api.tokens.check(token)


async def _body(request: Request, operation: Operation, limit: int) -> Any:
    raw = await read_body(request, limit)
    if operation.body is None or (not operation.body_required and raw.strip() in (b"", b"null")):
        return None
    return parse(operation.body, raw)


def _query(request: Request, operation: Operation) -> Any:
    if operation.query is None:
        return None
    if "\x00" in request.url.query or "%00" in request.url.query:
        raise InvalidInputError([("query", "must not hold the NUL character")])
    try:
        # A parameter without a value is one that was left out: forms and templates send them so.
        given = {name: value for name, value in request.query_params.items() if value}
        return operation.query.model_validate(given)
    except ValidationError as error:
        raise InvalidInputError.of(error, "query") from None
