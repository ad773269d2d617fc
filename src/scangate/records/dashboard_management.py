"""Management routes of the dashboards: applications and sessions, computed from what the scan log amounts to."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from scangate.db.engine import Database
from scangate.errors import StorageUnavailableError
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.records import dashboard
from scangate.records import dashboard_schemas as shapes
from scangate.records.management import Interval, Unit, written
from scangate.records.service import ScanLog
from scangate.records.windows import seconds_of
from scangate.web.management import Limit, Offset

router = APIRouter(prefix="/dashboard/v2", tags=["Dashboard"])

AppId = Annotated[str, Query(min_length=1, max_length=36, description="Id of the customer application.")]
AppName = Annotated[
    str, Query(min_length=1, description="`metadata.app_name` as the scans sent it, or the application's own name.")
]
SessionId = Annotated[str, Query(min_length=1, max_length=100)]


async def _asked(request: Request, interval: int, unit: str) -> tuple[Database, str, int]:
    """The database with all that was answered summed up in it, the caller's tenant and the window's seconds."""
    operator = await permitted(request, Entity.DASHBOARD, Verb.READ)
    seconds = seconds_of(interval, unit)
    await written(request)
    scan_log: ScanLog = request.app.state.runtime.scan_log
    with suppress(StorageUnavailableError):
        await scan_log.sum_up()
    return scan_log.database, operator.tsg_id, seconds


@router.get("/apps/applicationsoverview", summary="Applications and their sessions", response_model=shapes.ApplicationsOverview)
async def applications_overview(
    request: Request, time_interval: Interval = 30, time_unit: Unit = "days", offset: Offset = 0, limit: Limit = 25
) -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    return await dashboard.applications_overview(database, tsg_id, seconds, offset=offset, limit=limit)


@router.get("/apps/application", summary="Tokens and sessions of an application", response_model=shapes.ApplicationDetail)
async def application(
    request: Request, appid: AppId, appname: AppName, time_interval: Interval = 30, time_unit: Unit = "days"
) -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    return await dashboard.application(database, tsg_id, seconds, (appid, appname))


@router.get(
    "/apps/applicationviolationbreakdown",
    summary="An application's violations by detector and severity",
    response_model=shapes.ViolationBreakdown,
)
async def application_violation_breakdown(
    request: Request, appid: AppId, appname: AppName, time_interval: Interval = 30, time_unit: Unit = "days"
) -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    return await dashboard.violation_breakdown(database, tsg_id, seconds, (appid, appname))


@router.get("/apps/topapplicationsviolations", summary="Applications with most violations", response_model=shapes.TopApplications)
async def top_applications_violations(request: Request, time_interval: Interval = 1, time_unit: Unit = "day") -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    return await dashboard.top_applications(database, tsg_id, seconds)


@router.get(
    "/apps/applicationsviolationstrend", summary="Violations by severity over time", response_model=shapes.ViolationsTrend
)
async def applications_violations_trend(request: Request, time_interval: Interval = 1, time_unit: Unit = "day") -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    return await dashboard.violations_trend(database, tsg_id, seconds)


@router.get("/apps/appslist", summary="Applications that scanned something", response_model=shapes.AppsList)
async def apps_list(request: Request, time_interval: Interval = 30, time_unit: Unit = "days") -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    return await dashboard.apps_list(database, tsg_id, seconds)


@router.get("/sessions/sessionschart", summary="Sessions over time", response_model=shapes.SessionsChart)
async def sessions_chart(request: Request, time_interval: Interval = 1, time_unit: Unit = "day") -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    return await dashboard.sessions_chart(database, tsg_id, seconds)


@router.get("/sessions/sessionsoverview", summary="Sessions, latest activity first", response_model=shapes.SessionsOverview)
async def sessions_overview(
    request: Request, time_interval: Interval = 1, time_unit: Unit = "day", offset: Offset = 0, limit: Limit = 25
) -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    return await dashboard.sessions_overview(database, tsg_id, seconds, offset=offset, limit=limit)


@router.get("/sessions/session", summary="A session and what was scanned in it", response_model=shapes.SessionDetail)
async def session(
    request: Request,
    session_id: SessionId,
    app_id: AppId,
    app_name: AppName,
    time_interval: Interval = 30,
    time_unit: Unit = "days",
    offset: Offset = 0,
    limit: Limit = 25,
) -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    app = app_id, app_name
    return await dashboard.session(database, tsg_id, seconds, app, session_id, offset=offset, limit=limit)


@router.get("/sessions/sessiontransaction", summary="One scanned item of a session", response_model=shapes.SessionTransaction)
async def session_transaction(
    request: Request,
    session_id: SessionId,
    app_id: AppId,
    app_name: AppName,
    scan_id: Annotated[str, Query(min_length=1, max_length=36)],
    scan_sub_req_id: Annotated[int, Query(ge=0, le=2**32 - 1, description="The item's `req_id`.")] = 0,
    time_interval: Interval = 30,
    time_unit: Unit = "days",
) -> Any:
    database, tsg_id, seconds = await _asked(request, time_interval, time_unit)
    app = app_id, app_name
    return await dashboard.session_transaction(database, tsg_id, seconds, app, session_id, scan_id, scan_sub_req_id)
