"""Structured logs on standard error. What is logged is named by the caller, key by key; content and secrets are never passed in,
and exceptions are logged by type, because a message may quote what was scanned."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from scangate.settings import LogSettings


@contextmanager
def _missing(name: str) -> Iterator[None]:
    """As if a package that others can do without were not installed."""
    known = name in sys.modules
    if not known:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python marks what cannot be imported
    try:
        yield
    finally:
        if not known:
            del sys.modules[name]


with _missing("rich"):  # structlog would draw tracebacks with it, which are never logged: a twentieth of the start, and 5 MB
    import structlog
    from structlog.types import EventDict, Processor, WrappedLogger


def configure_logs(settings: LogSettings) -> None:
    """Set up structlog and route the standard library's logging (uvicorn, alembic) through it."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    renderer: Processor = (
        structlog.processors.JSONRenderer() if settings.format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_traceback,
    ]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _without_traceback(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Messages and tracebacks of exceptions may hold content; their type is enough to find the place."""
    for key in ("exc_info", "exception", "stack_info"):
        info = event.pop(key, None)
        if isinstance(info, tuple) and info[0] is not None:
            event["error"] = info[0].__name__
        elif isinstance(info, BaseException):
            event["error"] = type(info).__name__
    record = event.get("_record")
    if isinstance(record, logging.LogRecord) and record.exc_info and record.exc_info[0] is not None:
        event["error"] = record.exc_info[0].__name__
        record.exc_info = None
        record.exc_text = None
    return event
