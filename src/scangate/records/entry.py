"""From a verdict to a row of the scan log. This runs behind every scan, so it does little and opens nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

import orjson

from scangate.domain.taxonomy import Action, OutcomeStatus, PartKind, Service, Severity, Side
from scangate.domain.verdict import Verdict
from scangate.engine.masking import stored_texts
from scangate.engine.plan import ScanPlan
from scangate.identity.principal import Principal
from scangate.identity.usage import tokens_of
from scangate.records.tables import TEXT_MAX
from scangate.records.verdict_bits import RANK, SEVERITY_BIT, SIDE_BIT, SIDES

REJECTED: Final = "rejected"
"""The category of a request that was refused."""
CHARACTERS_PER_TEXT_RECORD: Final = 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SIDE_INDEX: Final = {side: 1 << index for index, side in enumerate(SIDES)}
_FIELDS: Final = {
    (Side.PROMPT, PartKind.TEXT): "prompt",
    (Side.PROMPT, PartKind.CODE): "code_prompt",
    (Side.RESPONSE, PartKind.TEXT): "response",
    (Side.RESPONSE, PartKind.CODE): "code_response",
    (Side.TOOL_INPUT, PartKind.JSON): "tool_input",
    (Side.TOOL_OUTPUT, PartKind.JSON): "tool_output",
}


class ContentStorage(StrEnum):
    """What is stored of scanned content beside the log."""

    NONE = "none"
    MASKED = "masked"
    FULL = "full"


class LogEntry(NamedTuple):
    """A row of `scan_log`, with the content that goes into its own table; the fields are told there.

    A tuple and no dataclass: it is made behind every scan, and a frozen dataclass of so many fields takes longer than all the rest.
    """

    tsg_id: str
    source: str
    application_id: str
    api_key_id: str
    app_name: str
    received_us: int
    completed_us: int
    category: str
    action: str
    is_sync: bool
    scan_id: str = ""
    item: int = 0
    req_id: int = 0
    transaction_id: str = ""
    session_id: str = ""
    app_user: str = ""
    ai_model: str = ""
    user_ip: str = ""
    agent_id: str = ""
    agent_version: str = ""
    agent_arn: str = ""
    agent_framework: str = ""
    profile_id: str = ""
    profile_name: str = ""
    profile_revision: int = 0
    latency_us: int = 0
    enabled: int = 0
    detected: int = 0
    blocked: int = 0
    severities: int = 0
    sides: int = 0
    tokens: int = 0
    text_records: int = 0
    timed_out: bool = False
    errored: bool = False
    content_masked: bool = False
    reason: str = ""
    content: bytes | None = None
    log_id: int = 0
    """0 until it is stored."""


class Caller(NamedTuple):
    """Who sent a request, as far as the log says it."""

    tsg_id: str
    application_id: str
    application_name: str
    api_key_id: str
    agent_framework: str


def caller_of(principal: Principal) -> Caller:
    return Caller(
        principal.tsg_id,
        principal.application_id,
        principal.application_name,
        principal.api_key_id,
        principal.agent_framework or "",
    )


class Circumstances(NamedTuple):
    """What a request says about itself: its ids, its metadata as sent, when it came and how."""

    scan_id: str
    item: int
    req_id: int
    source: str
    transaction_id: str
    session_id: str
    received: datetime
    is_sync: bool
    app_name: str | None = None
    app_user: str | None = None
    ai_model: str | None = None
    user_ip: str | None = None
    agent_id: str | None = None
    agent_version: str | None = None
    agent_arn: str | None = None


def microseconds(moment: datetime) -> int:
    """Since 1970 in UTC, exactly."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of(microseconds_: int) -> datetime:
    return datetime.fromtimestamp(microseconds_ // 1_000_000, UTC).replace(microsecond=microseconds_ % 1_000_000)


def scanned(
    caller: Caller, about: Circumstances, plan: ScanPlan, verdict: Verdict, completed: datetime, storage: ContentStorage
) -> LogEntry:
    """The entry of an item that was scanned; its content is in it as far as `storage` and the profile allow."""
    characters = sides = 0
    masked = False
    for side in verdict.sides:
        sides |= _SIDE_INDEX[side.side]
        for part in side.parts:
            characters += len(part.text)
        if not masked and any(side.masked):
            masked = True
    found = _found(verdict, plan)
    return LogEntry(
        tsg_id=caller.tsg_id,
        source=about.source,
        application_id=caller.application_id,
        api_key_id=caller.api_key_id,
        app_name=_kept(about.app_name) or _kept(caller.application_name),
        received_us=microseconds(about.received),
        completed_us=microseconds(completed),
        category=verdict.category.value,
        action=verdict.action.value,
        is_sync=about.is_sync,
        scan_id=about.scan_id,
        item=about.item,
        req_id=about.req_id,
        transaction_id=_kept(about.transaction_id),
        session_id=_kept(about.session_id),
        app_user=_kept(about.app_user),
        ai_model=_kept(about.ai_model),
        user_ip=_kept(about.user_ip),
        agent_id=_kept(about.agent_id),
        agent_version=_kept(about.agent_version),
        agent_arn=_kept(about.agent_arn),
        agent_framework=_kept(caller.agent_framework)[:100],
        profile_id=plan.profile_id,
        profile_name=plan.profile_name,
        profile_revision=plan.revision,
        latency_us=int(verdict.elapsed_ms * 1000),
        enabled=found.enabled,
        detected=found.detected,
        blocked=found.blocked,
        severities=found.severities,
        sides=sides,
        tokens=tokens_of(characters),
        text_records=-(-characters // CHARACTERS_PER_TEXT_RECORD),
        timed_out=OutcomeStatus.TIMEOUT in found.statuses,
        errored=OutcomeStatus.ERROR in found.statuses,
        content_masked=masked,
        content=None if storage is ContentStorage.NONE else _content(verdict, storage, plan.masks_storage),
    )


def failed(caller: Caller, about: Circumstances, action: Action, completed: datetime, reason: str) -> LogEntry:
    """The entry of an accepted item that could not be scanned at all."""
    return LogEntry(
        **_common(caller, about),
        completed_us=microseconds(completed),
        category="error",
        action=action.value,
        errored=True,
        reason=reason,
    )


def rejected(caller: Caller, source: str, at: datetime, reason: str, *, is_sync: bool) -> LogEntry:
    """The entry of a request that was refused. `reason` is the error's code: what was sent is not quoted."""
    now = microseconds(at)
    return LogEntry(
        tsg_id=caller.tsg_id,
        source=source,
        application_id=caller.application_id,
        api_key_id=caller.api_key_id,
        app_name=_kept(caller.application_name),
        agent_framework=_kept(caller.agent_framework)[:100],
        received_us=now,
        completed_us=now,
        category=REJECTED,
        action=Action.BLOCK.value,
        is_sync=is_sync,
        reason=reason,
    )


def _common(caller: Caller, about: Circumstances) -> dict[str, Any]:
    return {
        "tsg_id": caller.tsg_id,
        "scan_id": about.scan_id,
        "item": about.item,
        "req_id": about.req_id,
        "source": about.source,
        "transaction_id": _kept(about.transaction_id),
        "session_id": _kept(about.session_id),
        "application_id": caller.application_id,
        "api_key_id": caller.api_key_id,
        "app_name": _kept(about.app_name) or _kept(caller.application_name),
        "app_user": _kept(about.app_user),
        "ai_model": _kept(about.ai_model),
        "user_ip": _kept(about.user_ip),
        "agent_id": _kept(about.agent_id),
        "agent_version": _kept(about.agent_version),
        "agent_arn": _kept(about.agent_arn),
        "agent_framework": _kept(caller.agent_framework)[:100],
        "received_us": microseconds(about.received),
        "is_sync": about.is_sync,
    }


def _kept(text: str | None) -> str:
    """At most `TEXT_MAX` code points, and nothing that a database refuses: one bad text would hold up a whole batch."""
    if not text:
        return ""
    text = text[:TEXT_MAX]
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    return text.encode("utf-8", "replace").decode().replace("\0", "")


class _Found(NamedTuple):
    enabled: int
    detected: int
    blocked: int
    severities: int
    statuses: set[OutcomeStatus]


def _found(verdict: Verdict, plan: ScanPlan) -> _Found:
    enabled = detected = blocked = severities = 0
    statuses: set[OutcomeStatus] = set()
    highest: dict[Service, Severity] = {}
    for side in verdict.sides:
        for outcome, planned in zip(side.outcomes, plan.side(side.side).detectors, strict=True):
            service = planned.spec.service
            bit = SIDE_BIT[side.side, service]
            enabled |= bit
            statuses.add(outcome.status)
            if not any(outcome.findings):
                continue
            flagged = [finding for finding in outcome.all_findings if finding.flagged]
            if not flagged:
                continue
            detected |= bit
            if any(finding.action is Action.BLOCK for finding in flagged):
                blocked |= bit
            severity = max((finding.severity for finding in flagged), key=RANK.__getitem__)
            if service not in highest or RANK[highest[service]] < RANK[severity]:
                highest[service] = severity
    for service, severity in highest.items():
        severities |= SEVERITY_BIT[severity, service]
    return _Found(enabled, detected, blocked, severities, statuses)


def _content(verdict: Verdict, storage: ContentStorage, profile_masks: bool) -> bytes:
    """A JSON object with the texts by the field that they came in; `masked` says whether sensitive data was masked.

    `earlier` is there where earlier elements of the conversation were scanned: lists of their texts, oldest first.
    """
    masks = storage is ContentStorage.MASKED or profile_masks
    texts: dict[str, Any] = {"masked": masks}
    earlier: dict[str, list[str | None]] = {}
    for side in verdict.sides:
        kept = stored_texts(side) if masks else [part.text for part in side.parts]
        named = [(_FIELDS[side.side, part.kind], text) for part, text in zip(side.parts, kept, strict=True)]
        texts.update(named[: side.newest])
        for field, text in reversed(named[side.newest :]):
            earlier.setdefault(field, []).append(text)
    return orjson.dumps(texts | ({"earlier": earlier} if earlier else {}))
