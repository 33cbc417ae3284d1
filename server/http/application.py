"""The HTTP application: the calls, what stands around all of them, and one place for their errors."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from server.errors import CasenoteError
from server.http import openapi, problems
from server.http.api import Api
from server.http.auth import TokenCheck
from server.http.changes import SessionChanges
from server.http.dispatch import routes_of
from server.http.edge import Edge
from server.http.measures import Measures
from server.http.parts import ApiParts
from server.http.routes import OPERATIONS
from server.version import VERSION


def create_api(parts: ApiParts, lifespan: Any = None) -> Starlette:
    """The application over ``parts``; ``lifespan`` opens and closes them."""
    api = Api(
        parts=parts,
        tokens=TokenCheck.of(parts.settings),
        changes=SessionChanges(parts.database, parts.broker, parts.workers),
        measures=Measures(),
        openapi=openapi.document(OPERATIONS, VERSION),
    )
    application = Starlette(
        routes=routes_of(OPERATIONS, api),
        middleware=[Middleware(Edge, measures=api.measures)],
        exception_handlers={CasenoteError: _refused, HTTPException: _refused},
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    return application


def _refused(request: Request, error: Exception) -> Response:
    """The errors that a call is meant to raise; all others go to the edge."""
    return problems.of_exception(request, error) or problems.unexpected(request)
