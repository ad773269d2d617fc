"""What the engine tells the metrics and the log: names and times, never content."""

from __future__ import annotations

from functools import cache

import structlog
from prometheus_client import Counter, Histogram

from scangate.domain.finding import DetectorOutcome
from scangate.domain.taxonomy import OutcomeStatus
from scangate.domain.verdict import Verdict
from scangate.telemetry import metrics

log = structlog.get_logger(__name__)


@cache
def _requests(route: str, status: int) -> Counter:
    """Looking a label up costs more than counting."""
    return metrics.REQUESTS.labels(route, str(status))


@cache
def _request_seconds(route: str) -> Histogram:
    return metrics.REQUEST_SECONDS.labels(route)


@cache
def _scans(mode: str, category: str, action: str) -> Counter:
    return metrics.SCANS.labels(mode, category, action)


@cache
def _scan_seconds(mode: str) -> Histogram:
    return metrics.SCAN_SECONDS.labels(mode)


@cache
def _seconds(detector: str) -> Histogram:
    return metrics.DETECTOR_SECONDS.labels(detector)


@cache
def _outcomes(detector: str, status: str, flagged: bool) -> Counter:
    return metrics.DETECTOR_OUTCOMES.labels(detector, status, str(flagged).lower())


def detector_done(outcome: DetectorOutcome, error: BaseException | None) -> None:
    """The engine's observer. An exception is logged by type and place of origin only: its message may quote content."""
    detector = outcome.detector.value
    _seconds(detector).observe(outcome.elapsed_ms / 1000)
    _outcomes(detector, outcome.status.value, outcome.flagged).inc()
    if outcome.status is OutcomeStatus.ERROR and error is not None:
        log.error("detector.failed", detector=detector, error=type(error).__name__, at=_origin(error))


def scan_done(mode: str, verdict: Verdict) -> None:
    _scans(mode, verdict.category.value, verdict.action.value).inc()
    _scan_seconds(mode).observe(verdict.elapsed_ms / 1000)


def request_done(route: str, status: int, seconds: float) -> None:
    """`route` is the template, so there are few of them."""
    _requests(route, status).inc()
    _request_seconds(route).observe(seconds)


def feed_counted(feed: str, entries: int, fetched_seconds: float | None) -> None:
    """`feed` is the name that the administrator gave it; `fetched_seconds` since 1970, None where nobody knows."""
    metrics.FEED_ENTRIES.labels(feed).set(entries)
    if fetched_seconds is not None:
        metrics.FEED_FETCHED.labels(feed).set(fetched_seconds)


def _origin(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return ""
    code = traceback.tb_frame.f_code
    return f"{code.co_filename.rpartition('scangate/')[2]}:{traceback.tb_lineno} {code.co_name}"
