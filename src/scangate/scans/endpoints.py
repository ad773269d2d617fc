"""The routes of the scan plane. Bodies are read and parsed here by hand: bounded first, and with this API's own errors."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from scangate.errors import CredentialsInvalidError, NotAuthenticatedError
from scangate.identity.principal import Principal
from scangate.runtime import Runtime
from scangate.scans import openapi
from scangate.scans.schemas import parse_batch, parse_scan_request
from scangate.scans.wire import JsonObject
from scangate.web.body import check_payload_hash, read_body, require_json
from scangate.web.responses import OrjsonResponse


class BodyRoute(APIRoute):
    """A route whose endpoint reads the request itself: FastAPI documents it, and solves no dependencies on the scan path."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


router = APIRouter()
bodies = APIRouter(route_class=BodyRoute)


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _principal(request: Request, runtime: Runtime, *, is_sync: bool) -> Principal:
    """
    Raises:
        NotAuthenticatedError: neither key nor token.
        CredentialsInvalidError: one that does not hold. Both stand in the log of refused requests.
    """
    key, token = request.headers.get("x-pan-token") or "", ""
    try:
        if key:
            return await runtime.identity.authenticator.authenticate(key)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            raise NotAuthenticatedError
        if scheme.lower() != "bearer":
            raise CredentialsInvalidError
        return await runtime.identity.authenticator.authenticate_bearer(token.strip())
    except (NotAuthenticatedError, CredentialsInvalidError) as error:
        remote = request.client.host if request.client else ""
        await runtime.refusals.stranger(error, key=key, token=token.strip(), remote=remote, is_sync=is_sync)
        raise


async def _body(request: Request, runtime: Runtime, max_bytes: int) -> bytes:
    require_json(request)
    body = await read_body(request, max_bytes=max_bytes, seconds=runtime.settings.server.body_seconds)
    check_payload_hash(request, body)
    return body


@bodies.post("/v1/scan/sync/request", **openapi.SYNC_REQUEST)
async def scan_sync_request(request: Request) -> Response:
    """Scan the last element of `contents` and answer with the verdict."""
    runtime = _runtime(request)
    principal = await _principal(request, runtime, is_sync=True)
    with runtime.refusals.logged(principal, is_sync=True):
        body = await _body(request, runtime, runtime.settings.limits.sync_body_bytes)
        response = await runtime.scans.scan_now(principal, parse_scan_request(body), len(body))
    return Response(response, media_type="application/json")


@bodies.post("/v1/scan/async/request", **openapi.ASYNC_REQUEST)
async def scan_async_request(request: Request) -> Response:
    """Accept a batch of scans; the answer means that it is stored and will be scanned whatever happens."""
    runtime = _runtime(request)
    principal = await _principal(request, runtime, is_sync=False)
    with runtime.refusals.logged(principal, is_sync=False):
        body = await _body(request, runtime, runtime.settings.limits.async_body_bytes)
        batch = parse_batch(body, max_items=runtime.settings.limits.batch_items)
        accepted = await runtime.scans.accept_batch(principal, batch)
    runtime.worker.wake()
    return OrjsonResponse(accepted)


@router.get("/v1/scan/results", **openapi.RESULTS)
async def get_scan_results(request: Request, scan_ids: Annotated[list[str] | None, Query()] = None) -> Response:
    """Rows of up to five scans: one per item of a batch, in no particular order."""
    runtime = _runtime(request)
    principal = await _principal(request, runtime, is_sync=False)
    with runtime.refusals.logged(principal, is_sync=False):
        _check_query(request, runtime, principal, "results")
        return OrjsonResponse(await runtime.scans.results(principal, _split(scan_ids)))


@router.get("/v1/scan/results/{scan_id}", **openapi.RESULT)
async def get_scan_result(request: Request, scan_id: Annotated[str, Path()]) -> Response:
    """One scan: its row with the fields of its result beside them, or an array of rows for a batch of several."""
    runtime = _runtime(request)
    principal = await _principal(request, runtime, is_sync=False)
    with runtime.refusals.logged(principal, is_sync=False):
        _check_query(request, runtime, principal, "results")
        rows = await runtime.scans.results(principal, [scan_id])
    return OrjsonResponse(_flattened(rows[0]) if len(rows) == 1 else rows)


@router.get("/v1/scan/reports", **openapi.REPORTS)
async def get_threat_scan_reports(request: Request, report_ids: Annotated[list[str] | None, Query()] = None) -> Response:
    """Reports of up to five scans: a row per enabled detection service and side of the content."""
    runtime = _runtime(request)
    principal = await _principal(request, runtime, is_sync=False)
    with runtime.refusals.logged(principal, is_sync=False):
        _check_query(request, runtime, principal, "reports")
        return OrjsonResponse(await runtime.scans.reports(principal, _split(report_ids)))


def _check_query(request: Request, runtime: Runtime, principal: Principal, route: str) -> None:
    """
    Raises:
        RequestInvalidError: a payload hash that does not match.
        LimitExceededError: too many queries of this key within a minute.
    """
    check_payload_hash(request, b"")
    runtime.query_limiter.hit(route, principal.api_key_id)


def _split(values: list[str] | None) -> list[str]:
    """`?ids=a,b` and `?ids=a&ids=b` alike."""
    return [part.strip() for value in values or [] for part in value.split(",") if part.strip()]


def _flattened(row: JsonObject) -> JsonObject:
    result: dict[str, Any] = row.get("result") or {}
    return {**result, **row}
