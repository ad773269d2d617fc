"""Management routes of the scan log: pages of it, stored content, and what a tenant keeps."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from scangate.domain.ids import report_id
from scangate.errors import StorageUnavailableError
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.records.recorder import Recorder
from scangate.records.schemas import (
    LogFilter,
    LogQuery,
    PaginatedScanResults,
    ScanContentReport,
    ScanLogSettings,
    ScanLogSettingsUpdate,
)
from scangate.records.service import LogPage, ScanLog
from scangate.records.windows import window
from scangate.web.documents import body_of, read_document
from scangate.web.responses import OrjsonResponse

router = APIRouter()

Interval = Annotated[int, Query(ge=1, le=10_000, description="With `time_unit`: 1 hour, or 1, 7, 30 or 60 days.")]
Unit = Annotated[str, Query(description="hour, hours, day or days.")]
PageNumber = Annotated[int, Query(alias="pageNumber", ge=1, le=10**9)]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=1000)]


async def written(request: Request) -> None:
    """What this process has answered is in the log before it is read. While nothing can be written, what is there is shown."""
    recorder: Recorder[Any] = request.app.state.runtime.recorder
    with suppress(StorageUnavailableError):
        await recorder.flush()


@router.post(
    "/scanlogs",
    summary="A page of the scan log, newest first",
    response_model=PaginatedScanResults,
    response_model_exclude_none=True,
    tags=["Scan log"],
    openapi_extra=body_of(LogQuery),
)
async def query_scan_log(
    request: Request,
    time_interval: Interval = 1,
    time_unit: Unit = "day",
    page_number: PageNumber = 1,
    page_size: PageSize = 100,
    filter: LogFilter = LogFilter.ALL,  # noqa: A002 - the parameter's name
) -> Response:
    """Pages by `page_token` cost the same however far back they are and do not shift while scans come in."""
    operator = await permitted(request, Entity.SCAN_LOG, Verb.READ)
    span = window(time_interval, time_unit, datetime.now(UTC))
    asked = await read_document(request, LogQuery) if await request.body() else LogQuery(page_token=None)
    await written(request)
    scan_log: ScanLog = request.app.state.runtime.scan_log
    found = await scan_log.page(
        operator.tsg_id,
        span,
        category=filter.category,
        token=asked.page_token,
        offset=(page_number - 1) * page_size,
        limit=page_size,
    )
    entries = await scan_log.documents(operator.tsg_id, found.entries)
    counts = {category: rows for category, (rows, _) in found.totals.items()}
    document: dict[str, Any] = {
        "scan_result_for_dashboard": _counts(found) | {"scan_result_entries": entries},
        "total_pages": -(-sum(rows for category, rows in counts.items() if filter.category in (None, category)) // page_size),
        "page_number": page_number,
        "page_size": page_size,
    }
    return OrjsonResponse(document | ({"page_token": found.page_token} if found.page_token else {}))


def _counts(found: LogPage) -> dict[str, int]:
    counts = {category: rows for category, (rows, _) in found.totals.items()}
    return {
        "text_records_count": sum(records for _, records in found.totals.values()),
        "api_calls_count": sum(counts.values()),
        "threats_count": counts.get("malicious", 0),
        "all_transactions_count": sum(counts.values()) - counts.get("rejected", 0),
        "benign_transaction_count": counts.get("benign", 0),
    }


@router.get("/scanlogs/settings", summary="What the tenant keeps of scans", tags=["Scan log"])
async def get_scan_log_settings(request: Request) -> ScanLogSettings:
    operator = await permitted(request, Entity.SCAN_LOG, Verb.READ)
    scan_log: ScanLog = request.app.state.runtime.scan_log
    found = await scan_log.settings(operator.tsg_id)
    return ScanLogSettings(content_storage=found.content_storage, retention_days=found.retention_days)


@router.put(
    "/scanlogs/settings",
    summary="Change what the tenant keeps of scans",
    tags=["Scan log"],
    openapi_extra=body_of(ScanLogSettingsUpdate),
)
async def put_scan_log_settings(request: Request) -> ScanLogSettings:
    """Storage of content holds for scans from then on, within a second; a shorter retention deletes within ten minutes."""
    operator = await permitted(request, Entity.SCAN_LOG, Verb.UPDATE)
    wanted = await read_document(request, ScanLogSettingsUpdate)
    scan_log: ScanLog = request.app.state.runtime.scan_log
    changed = await scan_log.change_settings(
        operator, content_storage=wanted.content_storage, retention_days=wanted.retention_days
    )
    return ScanLogSettings(content_storage=changed.content_storage, retention_days=changed.retention_days)


@router.get("/reports/scancontent", summary="The stored content of a scanned item", tags=["Scan log"])
async def get_scan_content(
    request: Request,
    scan_id: Annotated[str, Query(max_length=36)],
    scan_sub_req_id: Annotated[int, Query(ge=0, le=2**32 - 1, description="The item's `req_id`.")] = 0,
) -> ScanContentReport:
    """Who reads stored content stands in the audit log."""
    operator = await permitted(request, Entity.SCAN_LOG, Verb.READ)
    await written(request)
    scan_log: ScanLog = request.app.state.runtime.scan_log
    entry, content = await scan_log.read_content(operator, scan_id, scan_sub_req_id)
    return ScanContentReport(
        report_id=report_id(entry.scan_id),
        scan_id=entry.scan_id,
        sub_scan_req_id=entry.req_id,
        transaction_id=entry.transaction_id,
        scan_contents=content,
    )
