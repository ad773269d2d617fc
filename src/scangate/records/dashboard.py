"""What the dashboards of applications and sessions show, computed from what the scan log amounts to when it is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.domain.moments import timestamp
from scangate.domain.taxonomy import Side
from scangate.errors import NotFoundError
from scangate.identity.labels import Labels, labels_of
from scangate.records import figures, repository
from scangate.records.entry import LogEntry, microseconds, moment_of
from scangate.records.figures import App, AppFigures
from scangate.records.windows import Span
from scangate.records.wire import JsonObject, Tally, side_present

SOURCE = "api"
TOP_APPLICATIONS = 10
VIOLATED, CLEAN = "violated", "clean"
_SCALES = ((10**9, "B"), (10**6, "M"), (10**3, "K"))


@asynccontextmanager
async def _view(database: Database, tsg_id: str, seconds: int) -> AsyncIterator[tuple[AsyncConnection, Span]]:
    """A connection that sees one state of the log, and the window of that length in it."""
    async with database.read(one_state=True) as connection:
        yield connection, await figures.span_at(connection, tsg_id, seconds, microseconds(datetime.now(UTC)))


def _moment(microseconds_: int) -> str:
    return timestamp(moment_of(microseconds_))


def _pagination(limit: int, offset: int, total: int) -> JsonObject:
    return {"limit": limit, "skip": offset, "total_items": total}


def _cloud(labels: Labels, application_id: str) -> str:
    application = labels.applications.get(application_id)
    return application.cloud_provider if application else ""


def _scaled(tokens: float) -> tuple[float, str]:
    """`17710000` to `(17.71, "M")`."""
    for size, word in _SCALES:
        if tokens >= size:
            return round(tokens / size, 3), word
    return round(tokens, 3), ""


async def applications_overview(database: Database, tsg_id: str, seconds: int, *, offset: int, limit: int) -> JsonObject:
    """A page of applications with their sessions, in the window and by bucket."""
    async with _view(database, tsg_id, seconds) as (connection, span):
        everything = await figures.applications(connection, tsg_id, span)
        shown = everything[offset : offset + limit]
        some = [found.app for found in shown] if len(shown) < len(everything) else None
        buckets = await figures.sessions_by_bucket(connection, tsg_id, span, some)
        labels = await labels_of(connection, tsg_id, (found.app[0] for found in shown))
    starts = span.starts()
    items = [_overview_item(found, buckets.get(found.app, {}), starts, labels) for found in shown]
    return {"items": items, "pagination": _pagination(limit, offset, len(everything))}


def _overview_item(
    found: AppFigures, buckets: dict[int, tuple[int, int]], starts: Sequence[datetime], labels: Labels
) -> JsonObject:
    application = labels.applications.get(found.app[0])
    return {
        "id": found.app[0],
        "name": found.app[1],
        "cloud": _cloud(labels, found.app[0]),
        "source": SOURCE,
        "created_at": timestamp(application.created_at) if application else None,
        "sessions": [
            {
                "bucket_number": number,
                "date": timestamp(start),
                "total": buckets.get(number, (0, 0))[0],
                "violated": buckets.get(number, (0, 0))[1],
            }
            for number, start in enumerate(starts)
        ],
        "sessions_total": found.sessions,
        "sessions_violated": found.violating,
    }


async def application(database: Database, tsg_id: str, seconds: int, app: App) -> JsonObject:
    """Tokens and sessions of one application; zeros where it has scanned nothing. The month is the current one in UTC."""
    month_start = microseconds(datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    async with _view(database, tsg_id, seconds) as (connection, span):
        found = next(iter(await figures.applications(connection, tsg_id, span, app)), None)
        last_us = await figures.last_activity(connection, tsg_id, span, app)
        tally = Tally()
        for mask, rows in await figures.severities(connection, tsg_id, span, app):
            tally.add(mask, rows)
        daily = _scaled(await figures.token_sum(connection, tsg_id, span, app) / span.days)
        monthly = _scaled(await figures.tokens_since(connection, tsg_id, span, app, month_start))
        profiles = await figures.profiles_used(connection, tsg_id, span, app)
        last_session = await figures.last_session(connection, tsg_id, app, last_us) if last_us else None
        labels = await labels_of(connection, tsg_id, [app[0]])
    registered = labels.applications.get(app[0])
    return {
        "id": app[0],
        "name": app[1],
        "cloud": _cloud(labels, app[0]),
        "source": SOURCE,
        "created_at": timestamp(registered.created_at) if registered else None,
        "updated_at": _moment(last_us) if last_us else None,
        "has_webhook_sig": False,
        "profiles": profiles,
        "token_stats": {
            "average_daily_tokens": daily[0],
            "average_daily_tokens_scale": daily[1],
            "monthly_total_tokens": monthly[0],
            "monthly_total_tokens_scale": monthly[1],
        },
        "session_stats": {
            "total": found.sessions if found else 0,
            "violating": found.violating if found else 0,
            "violation_breakdown": tally.of(),
            "last_session_id": last_session,
            "most_recent_session_time": _moment(last_us) if last_us else None,
        },
    }


async def violation_breakdown(database: Database, tsg_id: str, seconds: int, app: App) -> JsonObject:
    """Every detector with its violations by severity, those without any too."""
    async with _view(database, tsg_id, seconds) as (connection, span):
        found = await figures.severities(connection, tsg_id, span, app)
    tally = Tally()
    for mask, rows in found:
        tally.add(mask, rows)
    return {
        "detection_type_violation_breakdown": tally.by_detector(every=True),
        "total_violating": sum(rows for _, rows in found),
    }


async def top_applications(database: Database, tsg_id: str, seconds: int) -> JsonObject:
    """The applications with most violations."""
    tallies: defaultdict[App, Tally] = defaultdict(Tally)
    async with _view(database, tsg_id, seconds) as (connection, span):
        for app, mask, rows in await figures.severities_by_app(connection, tsg_id, span):
            tallies[app].add(mask, rows)
    ranked = sorted(tallies.items(), key=lambda found: (-found[1].total, found[0][1]))[:TOP_APPLICATIONS]
    return {
        "applications": [
            {
                "id": app[0],
                "name": app[1],
                "policy_violations": [
                    {"detection_type": entry["detection_type"], "total": entry["violation_breakdown"]["total"]}
                    for entry in tally.by_detector()
                ],
                "total_violations": tally.total,
            }
            for app, tally in ranked
        ]
    }


async def violations_trend(database: Database, tsg_id: str, seconds: int) -> JsonObject:
    """Violations by severity over time, empty buckets too."""
    async with _view(database, tsg_id, seconds) as (connection, span):
        tallies = await _tallies(connection, tsg_id, span)
    return {
        "violations": [
            {"bucket_number": number, "date": timestamp(start), "violation_breakdown": tallies[number].of()}
            for number, start in enumerate(span.starts())
        ]
    }


async def _tallies(connection: AsyncConnection, tsg_id: str, span: Span) -> defaultdict[int, Tally]:
    tallies: defaultdict[int, Tally] = defaultdict(Tally)
    for number, mask, items in await figures.severities_by_bucket(connection, tsg_id, span):
        tallies[number].add(mask, items)
    return tallies


async def apps_list(database: Database, tsg_id: str, seconds: int) -> JsonObject:
    async with _view(database, tsg_id, seconds) as (connection, span):
        found = await figures.applications(connection, tsg_id, span)
    return {"applications": [{"application_id": one.app[0], "application_name": one.app[1]} for one in found]}


async def sessions_chart(database: Database, tsg_id: str, seconds: int) -> JsonObject:
    """Sessions over time; one that lasts through several buckets is in each of them."""
    async with _view(database, tsg_id, seconds) as (connection, span):
        tallies = await _tallies(connection, tsg_id, span)
        sessions = await figures.sessions_chart(connection, tsg_id, span)
    return {
        "bucket_size_seconds": span.bucket_us // 1_000_000,
        "buckets": [
            {
                "bucket_number": number,
                "time": timestamp(start),
                "total": sessions.get(number, (0, 0))[0],
                "violating": sessions.get(number, (0, 0))[1],
                "detection_type_violation_breakdown": tallies[number].by_detector(),
                "violation_breakdown": tallies[number].of(),
            }
            for number, start in enumerate(span.starts())
        ],
    }


async def sessions_overview(database: Database, tsg_id: str, seconds: int, *, offset: int, limit: int) -> JsonObject:
    """A page of sessions, latest activity first."""
    tallies: defaultdict[tuple[App, str], Tally] = defaultdict(Tally)
    async with _view(database, tsg_id, seconds) as (connection, span):
        shown = await figures.newest_sessions(connection, tsg_id, span, offset=offset, limit=limit)
        total = await figures.count_sessions(connection, tsg_id, span)
        for app, session_id, mask, rows in await figures.severities_of_sessions(connection, tsg_id, span, shown):
            tallies[app, session_id].add(mask, rows)
    return {
        "items": [
            {
                "application_id": found.app[0],
                "application_name": found.app[1],
                "session_id": found.session_id,
                "last_session_activity": _moment(found.last_us),
                "violation_status": VIOLATED if (found.app, found.session_id) in tallies else CLEAN,
                "violation_breakdown": tallies.get((found.app, found.session_id), Tally()).of(),
                "detection_type_violation_breakdown": tallies.get((found.app, found.session_id), Tally()).by_detector(),
            }
            for found in shown
        ],
        "pagination": _pagination(limit, offset, total),
    }


async def session(
    database: Database, tsg_id: str, seconds: int, app: App, session_id: str, *, offset: int, limit: int
) -> JsonObject:
    """A session and a page of what was scanned in it, oldest first.

    Raises:
        NotFoundError: this tenant has no such session in the window.
    """
    async with _view(database, tsg_id, seconds) as (connection, span):
        total, violating, first_us, last_us = await figures.session(connection, tsg_id, span, app, session_id)
        if not total:
            raise NotFoundError
        entries = await repository.list_session(
            connection, tsg_id, app, session_id, span.counted_us, span.until_us, offset=offset, limit=limit
        )
        labels = await labels_of(connection, tsg_id, [app[0]])
    return {
        "application": {"id": app[0], "name": app[1]},
        "id": session_id,
        "session_actions": [_action(entry) for entry in entries],
        "pagination": _pagination(limit, offset, total),
        "cloud": _cloud(labels, app[0]),
        "source": SOURCE,
        "start_time": _moment(first_us),
        "end_time": _moment(last_us),
        "last_session_activity": _moment(last_us),
        "violation_status": VIOLATED if violating else CLEAN,
    }


def _action(entry: LogEntry) -> JsonObject:
    tally = Tally().add(entry.severities)
    return {
        "application_id": entry.application_id,
        "application_name": entry.app_name,
        "session_id": entry.session_id,
        "scan_id": entry.scan_id,
        "scan_sub_req_id": entry.req_id,
        "transaction_id": entry.transaction_id,
        "status": entry.action,
        "start_time": _moment(entry.received_us),
        "profile_name": entry.profile_name,
        "kind": _kinds(entry),
        "correlation_type": None,
        "enable_full_conversation_inspection": None,
        "detection_type_violation_breakdown": tally.by_detector(),
        "violation_breakdown": tally.of(),
    }


def _kinds(entry: LogEntry) -> list[str]:
    has_tool = side_present(entry, Side.TOOL_INPUT) or side_present(entry, Side.TOOL_OUTPUT)
    return [side.value for side in (Side.PROMPT, Side.RESPONSE) if side_present(entry, side)] + ["tool_event"] * has_tool


async def session_transaction(
    database: Database, tsg_id: str, seconds: int, app: App, session_id: str, scan_id: str, req_id: int
) -> JsonObject:
    """One scanned item of a session.

    Raises:
        NotFoundError: this tenant has no such item in that session and window.
    """
    async with _view(database, tsg_id, seconds) as (connection, span):
        entry = await repository.find_item(connection, tsg_id, scan_id, req_id)
        if (
            entry is None
            or (entry.application_id, entry.app_name, entry.session_id) != (*app, session_id)
            or not span.counted_us <= entry.received_us < span.until_us
        ):
            raise NotFoundError
        labels = await labels_of(connection, tsg_id, [app[0]])
    registered = labels.applications.get(app[0])
    return _action(entry) | {
        "end_time": _moment(entry.completed_us),
        "ai_traffic_latency_ms": entry.latency_us / 1000,
        "timeout": entry.timed_out,
        "tokens": entry.tokens,
        "attributes": {
            "environment": registered.environment if registered else None,
            "model_name": entry.ai_model or (registered.model_name if registered else None),
            "profile": entry.profile_name,
            "text_records": entry.text_records,
            "user_id": entry.app_user or None,
            "user_ip": entry.user_ip or None,
        },
    }
