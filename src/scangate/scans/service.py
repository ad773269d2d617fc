"""Scanning for the API: now, or later through the queue; and what became of it. One engine call for both."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from scangate.db.engine import Database
from scangate.domain.content import Content
from scangate.domain.ids import correlation_ids, is_uuid, new_id, report_id, scan_id_of
from scangate.domain.taxonomy import Action
from scangate.domain.verdict import Verdict
from scangate.engine.deadline import Deadline
from scangate.engine.pipeline import scan
from scangate.engine.plan import ScanPlan
from scangate.errors import ProfileInvalidError, RequestInvalidError
from scangate.identity.principal import Principal
from scangate.identity.usage import Meter, add_usage, month_of, tokens_of
from scangate.jobs import queue
from scangate.jobs.queue import Job
from scangate.profiles.service import Profiles
from scangate.records.entry import Caller, LogEntry, caller_of, failed
from scangate.records.recorder import Recorder
from scangate.records.service import ScanLog
from scangate.scans import repository
from scangate.scans.admission import Admission
from scangate.scans.logged import circumstances
from scangate.scans.repository import ScanRecord
from scangate.scans.schemas import AsyncScanObject, PinnedRequest, ScanRequest, to_content
from scangate.scans.wire import SOURCE_API, JsonObject, ScanIds, failed_response, scan_report, scan_response, timestamp
from scangate.settings import LimitSettings
from scangate.telemetry import observation

JOB_KIND = "scan"
log = structlog.get_logger(__name__)


class LeaseLostError(Exception):
    """Another worker has the job now; this one's result is thrown away."""


@dataclass(slots=True)
class Scans:
    """The scan plane's service. `executor` runs texts above `limits.inline_bytes`; it is owned by the runtime."""

    database: Database
    profiles: Profiles
    recorder: Recorder[ScanRecord | LogEntry]
    scan_log: ScanLog
    executor: ThreadPoolExecutor
    limits: LimitSettings
    meter: Meter
    admission: Admission

    async def plan_for(self, principal: Principal, request: ScanRequest) -> ScanPlan:
        """The profile that the request names, else the one linked to the key's application.

        Raises:
            ProfileInvalidError: there is none.
        """
        asked = request.ai_profile
        profile_id = (asked.profile_id or None) if asked else None
        profile_name = (asked.profile_name or None) if asked else None
        if not profile_id and not profile_name:
            profile_name = principal.profile_name
        return await self.profiles.plan(principal.tsg_id, profile_id=profile_id, profile_name=profile_name)

    async def scan_now(self, principal: Principal, request: ScanRequest, size_bytes: int) -> bytes:
        """Scan, answer (a ScanResponse as JSON), record behind the answer.

        Raises:
            LimitExceededError: too many scans of this tenant, or of all in this process, are in progress.
            QuotaExceededError: the deployment profile's tokens of this month are used up.
            ProfileInvalidError: no such profile, or it is inactive.
            RequestInvalidError: a conversation of too many texts, where the profile inspects all of it.
            StorageUnavailableError: scans cannot be recorded.
        """
        received = datetime.now(UTC)
        self.recorder.check()
        plan = await self.plan_for(principal, request)
        content = to_content(request)
        self._check_conversation(content, plan, "contents")
        tokens = tokens_of(plan.characters(content))
        await self.meter.check(principal, tokens)
        with self.admission.scan(principal.tsg_id):
            verdict = await self._run(content, plan, size_bytes)
        completed = datetime.now(UTC)
        observation.scan_done("sync", verdict)
        ids = _ids(request, new_id())
        response = orjson.dumps(scan_response(verdict, plan, ids, received, completed))
        report = orjson.dumps(scan_report(verdict, plan, ids, principal.agent_framework or ""))
        entry = self.scan_log.entry(
            caller_of(principal), circumstances(request, ids, received, is_sync=True), plan, verdict, completed
        )
        self.recorder.put_nowait(
            _record(principal, ids, received, completed=completed, result=response, report=report, tokens=tokens, entry=entry)
        )
        self.meter.add(principal.auth_code, received, tokens)
        return response

    def _check_conversation(self, content: Content, plan: ScanPlan, place: str) -> None:
        """
        Raises:
            RequestInvalidError: the plan inspects the whole conversation, and it has too many texts.
        """
        most = self.limits.conversation_texts
        if plan.inspects_conversation and len(content.history) > most:
            raise RequestInvalidError(f"{place}: the profile inspects whole conversations, of at most {most} earlier texts")

    async def _run(self, content: Content, plan: ScanPlan, size_bytes: int) -> Verdict:
        """Small texts are scanned right here, unless a model reads them: a thread's hand-over would cost more than the scan."""
        deadline = Deadline.after(plan.timeout_seconds)
        if size_bytes <= self.limits.inline_bytes and not plan.runs_models:
            return scan(content, plan, deadline=deadline, observe=observation.detector_done)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self.executor, lambda: scan(content, plan, deadline=deadline, observe=observation.detector_done)
        )

    async def accept_batch(self, principal: Principal, batch: Sequence[AsyncScanObject]) -> JsonObject:
        """Store a batch and its jobs in one transaction; acknowledged means stored.

        Raises:
            ProfileInvalidError: an item's profile does not exist or is inactive; nothing is accepted.
            RequestInvalidError: as above, of an item; nothing is accepted.
            QuotaExceededError: the batch is more than is left of the month's tokens; nothing is accepted.
            StorageUnavailableError: nothing is accepted.
        """
        received = datetime.now(UTC)
        scan_id = new_id()
        records = []
        for item, scan_object in enumerate(batch):
            plan = await self.plan_for(principal, scan_object.scan_req)
            ids = _ids(scan_object.scan_req, scan_id, scan_object.req_id)
            pinned = _pinned_request(principal, scan_object.scan_req, plan, ids)
            content = to_content(scan_object.scan_req)
            self._check_conversation(content, plan, f"[{item}].scan_req.contents")
            tokens = tokens_of(plan.characters(content))
            records.append(_record(principal, ids, received, item=item, request=pinned, tokens=tokens))
        await self.meter.check(principal, sum(record.tokens for record in records))
        usage = usage_of(records)
        async with self.database.write() as connection:
            await repository.insert_scans(connection, records)
            await add_usage(connection, usage)
            await queue.enqueue(connection, JOB_KIND, [{"scan_id": scan_id, "item": record.item} for record in records])
        self.meter.forget(usage)
        return {
            "received": timestamp(received),
            "scan_id": scan_id,
            "report_id": report_id(scan_id),
            "source": SOURCE_API,
        }

    async def run_job(self, job: Job) -> None:
        """Scan one item of a batch; its result and the end of the job are one transaction.

        Raises:
            LeaseLostError: nothing was written.
            StorageUnavailableError: nothing was written.
        """
        scan_id, item = str(job.payload["scan_id"]), int(job.payload["item"])
        async with self.database.read() as connection:
            record = await repository.find_pending(connection, scan_id, item)
        finished = None
        if record is not None and record.request is not None:
            finished = await self._scan_record(record, record.request)
        async with self.database.write() as connection:
            if record is not None and finished is not None:
                result, report, completed, entry = finished
                await repository.complete_scan(connection, record, result, report, completed)
                await self.scan_log.write(connection, [entry])
            if not await queue.complete(connection, job):
                raise LeaseLostError

    async def _scan_record(self, record: ScanRecord, body: bytes) -> tuple[bytes, bytes, datetime, LogEntry]:
        request = PinnedRequest.model_validate_json(body)
        ids = _ids(request, record.scan_id, record.req_id)
        caller = Caller(
            record.tsg_id, record.application_id, request.application_name, record.api_key_id, request.agent_framework
        )
        about = circumstances(request, ids, record.received_at, item=record.item, is_sync=False)
        try:
            plan = await self.profiles.plan(
                record.tsg_id, profile_id=request.ai_profile.profile_id if request.ai_profile else None, profile_name=None
            )
        except ProfileInvalidError as error:
            log.warning("scans.profile_gone", code=error.code, scan_id=record.scan_id)
            completed = datetime.now(UTC)
            response = failed_response(ids, None, Action.BLOCK, record.received_at, completed)
            report = {**_report_head(ids), "detection_results": []}
            entry = failed(caller, about, Action.BLOCK, completed, error.code)
            return orjson.dumps(response), orjson.dumps(report), completed, entry
        loop = asyncio.get_running_loop()
        deadline = Deadline.after(plan.timeout_seconds)
        content = to_content(request)
        verdict = await loop.run_in_executor(
            self.executor, lambda: scan(content, plan, deadline=deadline, observe=observation.detector_done)
        )
        completed = datetime.now(UTC)
        observation.scan_done("async", verdict)
        response = scan_response(verdict, plan, ids, record.received_at, completed)
        entry = self.scan_log.entry(caller, about, plan, verdict, completed)
        report = scan_report(verdict, plan, ids, request.agent_framework)
        return orjson.dumps(response), orjson.dumps(report), completed, entry

    async def results(self, principal: Principal, scan_ids: Sequence[str]) -> list[JsonObject]:
        """A row per item of each scan.

        Raises:
            RequestInvalidError: none or too many ids, one that is not a UUID, or one that this tenant does not have.
        """
        self._check_count(scan_ids, "scan")
        if not all(is_uuid(scan_id) for scan_id in scan_ids):
            raise RequestInvalidError("Invalid scan ID")
        return [_result_row(record) for record in await self._find(principal, scan_ids, "Invalid scan ID")]

    async def reports(self, principal: Principal, report_ids: Sequence[str]) -> list[JsonObject]:
        """A report per finished item of each scan.

        Raises:
            RequestInvalidError: none or too many ids, one that is not `R` and a UUID, or one that this tenant does not have.
        """
        self._check_count(report_ids, "report")
        scan_ids = [scan_id_of(report) for report in report_ids]
        known = [scan_id for scan_id in scan_ids if scan_id is not None]
        if len(known) != len(scan_ids):
            raise RequestInvalidError("Invalid report ID")
        records = await self._find(principal, known, "Invalid report ID")
        return [orjson.loads(record.report) for record in records if record.report is not None]

    def _check_count(self, ids: Sequence[str], kind: str) -> None:
        if not ids:
            raise RequestInvalidError(f"no {kind} IDs")
        if len(ids) > self.limits.query_ids:
            raise RequestInvalidError(f"too many {kind} IDs: at most {self.limits.query_ids}")

    async def _find(self, principal: Principal, scan_ids: Sequence[str], missing: str) -> list[ScanRecord]:
        wanted = list(dict.fromkeys(scan_id.lower() for scan_id in scan_ids))
        await self.recorder.flush()
        async with self.database.read() as connection:
            records = await repository.find_scans(connection, principal.tsg_id, wanted)
        if {record.scan_id for record in records} != set(wanted):
            raise RequestInvalidError(missing)
        return records


def _ids(request: ScanRequest, scan_id: str, req_id: int = 0) -> ScanIds:
    return ScanIds(scan_id, *correlation_ids(request.tr_id, request.session_id, request.transaction_id), req_id=req_id)


def _pinned_request(principal: Principal, request: ScanRequest, plan: ScanPlan, ids: ScanIds) -> bytes:
    """The request as it will be scanned: with the revision of the profile and the ids that held when it was accepted."""
    document: dict[str, Any] = request.model_dump(mode="json", exclude_none=True)
    document["ai_profile"] = {"profile_id": plan.profile_id}
    document |= {"tr_id": ids.tr_id, "session_id": ids.session_id, "transaction_id": ids.transaction_id}
    document |= {"application_name": principal.application_name, "agent_framework": principal.agent_framework or ""}
    return orjson.dumps(document)


def _record(
    principal: Principal,
    ids: ScanIds,
    received: datetime,
    *,
    item: int = 0,
    completed: datetime | None = None,
    request: bytes | None = None,
    result: bytes | None = None,
    report: bytes | None = None,
    tokens: int = 0,
    entry: LogEntry | None = None,
) -> ScanRecord:
    return ScanRecord(
        scan_id=ids.scan_id,
        item=item,
        tsg_id=principal.tsg_id,
        application_id=principal.application_id,
        api_key_id=principal.api_key_id,
        req_id=ids.req_id,
        source=ids.source,
        received_at=received,
        completed_at=completed,
        request=request,
        result=result,
        report=report,
        auth_code=principal.auth_code,
        tokens=tokens,
        entry=entry,
    )


def usage_of(records: Sequence[ScanRecord]) -> Counter[tuple[str, str]]:
    """Tokens by deployment profile and month; records of before there were quotas have no deployment profile."""
    usage: Counter[tuple[str, str]] = Counter()
    for record in records:
        if record.auth_code and record.tokens:
            usage[record.auth_code, month_of(record.received_at)] += record.tokens
    return usage


def _report_head(ids: ScanIds) -> JsonObject:
    return {
        "source": ids.source,
        "report_id": report_id(ids.scan_id),
        "scan_id": ids.scan_id,
        "req_id": ids.req_id,
        "transaction_id": ids.transaction_id,
        "session_id": ids.session_id,
    }


def _result_row(record: ScanRecord) -> JsonObject:
    row: JsonObject = {
        "source": record.source,
        "req_id": record.req_id,
        "status": "complete" if record.completed_at else "pending",
        "scan_id": record.scan_id,
    }
    if record.result is not None:
        row["result"] = orjson.loads(record.result)
    return row
