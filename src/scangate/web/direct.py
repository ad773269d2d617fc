"""The way of a scan past the router: a request to exactly such a route goes straight to its endpoint.

Everything else goes on to the application, which knows these routes too: for the OpenAPI document, and for other methods and spellings
of the path. Matching, and the stack of handlers that a framework puts around an endpoint, take as long as a scan without detectors.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from scangate.errors import ScangateError

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]
ErrorHandler = Callable[[Request, Exception], Coroutine[Any, Any, Response]]


class DirectRoutes:
    """For endpoints that take the request alone and whose faults are ScangateErrors; others pass on to what handles bugs."""

    def __init__(self, app: ASGIApp, routes: Iterable[APIRoute], on_error: ErrorHandler) -> None:
        self._app = app
        self._on_error = on_error
        self._routes: dict[tuple[str, str], tuple[APIRoute, Endpoint]] = {
            (method, route.path): (route, route.endpoint) for route in routes for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"], endpoint = found
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except ScangateError as error:
            response = await self._on_error(request, error)
        await response(scope, receive, send)
