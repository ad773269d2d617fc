"""Errors of the scan plane as its clients know them: `{"error": {"message": …}}`, with the documented messages.

`message` is the documented one of the status, except that profile faults say what clients look for ("profile not found",
"invalid profile"). `detail` says more, for people; it names fields, never values.
"""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from scangate.errors import (
    LimitExceededError,
    MethodNotAllowedError,
    NotFoundError,
    ProfileInvalidError,
    RequestInvalidError,
    RequestTooLargeError,
    ScangateError,
)
from scangate.telemetry import metrics
from scangate.web.responses import OrjsonResponse

log = structlog.get_logger(__name__)

_BY_STATUS: dict[int, type[ScangateError]] = {
    400: RequestInvalidError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    413: RequestTooLargeError,
}


def error_response(error: ScangateError) -> Response:
    """The wire form of an error, with `Retry-After` where waiting helps."""
    envelope: dict[str, Any] = {"message": error.default_message}
    headers: dict[str, str] = {}
    if isinstance(error, ProfileInvalidError):
        envelope["message"] = error.message
    elif error.message != error.default_message and error.status < 500:
        envelope["detail"] = error.message
    if isinstance(error, LimitExceededError):
        seconds = max(1, error.retry_after_seconds)
        headers["Retry-After"] = str(seconds)
        envelope["retry_after"] = {"interval": -(-seconds // 60), "unit": "minute"}
    if error.status in (408, 413):
        headers["Connection"] = "close"
    return OrjsonResponse({"error": envelope}, status_code=error.status, headers=headers)


async def handle_error(request: Request, error: Exception) -> Response:
    """The answer to a ScangateError, counted and logged."""
    assert isinstance(error, ScangateError)
    metrics.REJECTED.labels(error.code).inc()
    log.info("request.rejected", code=error.code, status=error.status, path=_known_path(request))
    return error_response(error)


def install_error_handlers(app: FastAPI) -> None:
    async def handle_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = await handle_error(request, _BY_STATUS.get(error.status_code, NotFoundError)())
        if error.status_code == 405 and error.headers:
            response.headers.update(error.headers)
        return response

    async def handle_bug(request: Request, error: Exception) -> Response:
        log.error("request.failed", error=type(error).__name__, path=_known_path(request))
        return error_response(ScangateError())

    app.add_exception_handler(ScangateError, handle_error)
    app.add_exception_handler(HTTPException, handle_http)
    app.add_exception_handler(Exception, handle_bug)


def _known_path(request: Request) -> str:
    """The route's template, never the path as sent: people put secrets into URLs."""
    route = request.scope.get("route")
    return str(getattr(route, "path", "unknown"))
