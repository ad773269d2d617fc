"""HTTP mechanics of the management plane: its error envelope, its body limit, its paging.

It is an application of its own, mounted below `/v1/mgmt`, since its errors have a form of their own: `status_code` and `error_message`,
as its clients know them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeVar

import structlog
from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scangate.errors import (
    ConflictError,
    LimitExceededError,
    MethodNotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    RequestInvalidError,
    RequestTooLargeError,
    ScangateError,
)
from scangate.telemetry import metrics
from scangate.web.responses import OrjsonResponse

log = structlog.get_logger(__name__)
T = TypeVar("T")

PAGE_LIMIT: Final = 1000
_BY_STATUS: Final = {404: NotFoundError, 405: MethodNotAllowedError}

Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="Entries to leave out.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_LIMIT, description="Most entries of the answer.")]


class MgmtError(BaseModel):
    """An error of the management plane. `message` and `payload` are there where something is in the way (409)."""

    model_config = ConfigDict(title="MgmtError")

    status_code: int
    error_message: str
    message: str | None = None
    payload: list[dict[str, Any]] | None = None


def error_response(error: ScangateError) -> Response:
    document: dict[str, Any] = {"status_code": error.status, "error_message": error.message}
    headers: dict[str, str] = {}
    if error.status >= 500:
        document["error_message"] = error.default_message
    if isinstance(error, ConflictError):
        document |= {"message": error.message, "payload": list(error.payload)}
    if isinstance(error, NotAuthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, LimitExceededError):
        headers["Retry-After"] = str(max(1, error.retry_after_seconds))
    return OrjsonResponse(document, status_code=error.status, headers=headers)


def install_management_errors(app: FastAPI) -> None:
    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, ScangateError)
        metrics.REJECTED.labels(error.code).inc()
        log.info("management.rejected", code=error.code, status=error.status, path=_known_path(request))
        return error_response(error)

    async def handle_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"] if step != "body")
        message = first["msg"].removeprefix("Value error, ")
        return await handle(request, RequestInvalidError(f"{place}: {message}" if place else message))

    async def handle_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = await handle(request, _BY_STATUS.get(error.status_code, RequestInvalidError)())
        if error.headers:
            response.headers.update(error.headers)
        return response

    async def handle_bug(request: Request, error: Exception) -> Response:
        log.error("management.failed", error=type(error).__name__, path=_known_path(request))
        return error_response(ScangateError())

    app.add_exception_handler(ScangateError, handle)
    app.add_exception_handler(RequestValidationError, handle_invalid)
    app.add_exception_handler(HTTPException, handle_http)
    app.add_exception_handler(Exception, handle_bug)


def _known_path(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", "unknown"))


class BodyLimit:
    """Refuses bodies above `max_bytes` while they arrive, whatever Content-Length says."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._max_bytes:
                raise RequestTooLargeError
            return message

        try:
            await self._app(scope, counted, send)
        except RequestTooLargeError as error:
            await error_response(error)(scope, receive, send)


def page(found: Sequence[T], offset: int, limit: int) -> tuple[Sequence[T], int]:
    """`limit` entries of `limit + 1` that were read, and the offset of the next page: 0 on the last one."""
    return found[:limit], offset + limit if len(found) > limit else 0
