"""Judging rows through a running server: the synchronous scan API, and its reports for scores where they have any."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self

import httpx

from scangate.client import SCAN_PATH, JsonObject, Server, json_list, json_object, refusal, unreachable, wait_seconds
from scangate.detectors.contract import DetectorSpec
from scangate.domain.taxonomy import OutcomeStatus, Side
from scangate.errors import ConfigurationError, RequestInvalidError
from scangate.evaluation.judging import Judgement, Progress
from scangate.evaluation.rows import TOOL_SIDES, Row

CONCURRENCY: Final = 4
_REPORTS: Final = "/v1/scan/reports"
_REPORTS_AT_ONCE: Final = 5
_ATTEMPTS: Final = 100
_ASKED_AGAIN: Final = (429, 503)
_ROW_REFUSED: Final = (400, 413)
"""Statuses that are the row's own fault once another row has been accepted."""


def judge_via(server: Server, spec: DetectorSpec[Any], rows: Iterable[Row], progress: Progress = lambda: None) -> list[Judgement]:
    """A judgement for each row, in their order. At most CONCURRENCY requests are under way; a server that is busy is asked again when it says.

    Raises:
        RequestInvalidError: the server refuses the key, the profile or the first row, or cannot be reached; or it does not run
            the detector on a row's side.
    """
    return asyncio.run(_judge_all(server, spec, list(rows), progress))


async def _judge_all(server: Server, spec: DetectorSpec[Any], rows: Sequence[Row], progress: Progress) -> list[Judgement]:
    async with _RemoteJudge(server, spec) as judge:
        waiting = iter(enumerate(rows))
        judged: dict[int, _Scanned] = {}

        async def work(limit: int | None = None) -> None:
            for index, row in waiting:
                judged[index] = await judge.scan(row)
                progress()
                if limit is not None and len(judged) >= limit:
                    return

        await work(limit=1)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(CONCURRENCY):
                    group.create_task(work())
        except* (RequestInvalidError, ConfigurationError) as failures:
            raise _first(failures) from None
        return await judge.with_scores([judged[index] for index in range(len(rows))])


def _first(failures: BaseExceptionGroup[Any]) -> BaseException:
    failure = failures.exceptions[0]
    return _first(failure) if isinstance(failure, BaseExceptionGroup) else failure


@dataclass(frozen=True, slots=True)
class _Scanned:
    judgement: Judgement
    report_id: str = ""


class _RemoteJudge:
    def __init__(self, server: Server, spec: DetectorSpec[Any]) -> None:
        self._server = server
        self._spec = spec
        self._client = server.client()
        self._accepted = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None) -> None:
        await self._client.aclose()

    async def scan(self, row: Row) -> _Scanned:
        body = {"contents": _contents(row), **self._server.profile_reference}
        answer = await self._ask("POST", SCAN_PATH, json=body)
        elapsed_ms = answer.elapsed.total_seconds() * 1000
        if answer.status_code != 200:
            if self._accepted and answer.status_code in _ROW_REFUSED:
                return _Scanned(Judgement(row, OutcomeStatus.ERROR, elapsed_ms=elapsed_ms))
            raise RequestInvalidError(f"line {row.line}: {refusal(answer)}")
        self._accepted = True
        document = json_object(answer)
        flag = self._flag(document, row)
        status = self._status(document, row.side)
        judgement = Judgement(row, status, flag, float(flag), elapsed_ms)
        return _Scanned(judgement, str(document.get("report_id", "")))

    def _flag(self, document: JsonObject, row: Row) -> bool:
        flag = _detections(document, row.side).get(self._spec.flag.value)
        if isinstance(flag, bool):
            return flag
        profile = document.get("profile_name")
        raise RequestInvalidError(
            f"line {row.line}: the server does not run {self._spec.name.value} on the side {row.side.value}: "
            f"it is switched off in the profile {profile!r}"
        )

    def _status(self, document: JsonObject, side: Side) -> OutcomeStatus:
        place = "response" if side in (Side.RESPONSE, Side.TOOL_OUTPUT) else "prompt"
        for error in document.get("errors") or []:
            if error.get("feature") == self._spec.flag.value and error.get("content_type") == place:
                return OutcomeStatus.TIMEOUT if error.get("status") == "timeout" else OutcomeStatus.ERROR
        return OutcomeStatus.OK

    async def with_scores(self, scanned: Sequence[_Scanned]) -> list[Judgement]:
        """The judgements with the scores of their reports; as they are once the first reports turn out to carry none.

        Reports are asked for in lots, flagged rows first: a server answers few such requests a minute.
        """
        scores: dict[str, float] = {}
        asked = [one for one in scanned if one.report_id and one.judgement.status is OutcomeStatus.OK]
        asked.sort(key=lambda one: not one.judgement.flagged)
        for start in range(0, len(asked), _REPORTS_AT_ONCE):
            lot = {one.report_id: one.judgement.row.side for one in asked[start : start + _REPORTS_AT_ONCE]}
            found = await self._scores(lot)
            if not found and not scores:
                return [one.judgement for one in scanned]
            scores |= dict.fromkeys(lot, 0.0) | found
        return [replace(one.judgement, score=scores.get(one.report_id, one.judgement.score)) for one in scanned]

    async def _scores(self, sides: dict[str, Side]) -> dict[str, float]:
        answer = await self._ask("GET", _REPORTS, params={"report_ids": ",".join(sides)})
        if answer.status_code != 200:
            raise RequestInvalidError(refusal(answer))
        found: dict[str, float] = {}
        for report in json_list(answer):
            report_id = str(report.get("report_id", ""))
            for row in report.get("detection_results") or []:
                if report_id in sides and self._is_about(row, sides[report_id]):
                    for score in _scores_in(row):
                        found[report_id] = max(score, found.get(report_id, 0.0))
        return found

    def _is_about(self, row: JsonObject, side: Side) -> bool:
        if row.get("detection_service") != self._spec.service.value:
            return False
        if side not in TOOL_SIDES:
            return bool(row.get("data_type") == side.value)
        direction = (row.get("metadata") or {}).get("direction")
        return bool(row.get("data_type") == "tool_event" and direction == side.value.removeprefix("tool_"))

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        for _ in range(_ATTEMPTS):
            try:
                answer = await self._client.request(method, path, **request)
            except httpx.HTTPError as error:
                raise RequestInvalidError(unreachable(error)) from None
            if answer.status_code not in _ASKED_AGAIN:
                return answer
            await asyncio.sleep(wait_seconds(answer))
        raise RequestInvalidError(f"{refusal(answer)}, {_ATTEMPTS} times in a row")


def _contents(row: Row) -> list[JsonObject]:
    last: JsonObject = {"prompt": row.question} if row.question else {}
    if row.side in TOOL_SIDES:
        last["tool_event"] = {row.side.value.removeprefix("tool_"): row.text}
    else:
        last[row.side.value] = row.text
    if row.context is not None:
        last["context"] = row.context
    return [*({"prompt": text} for text in row.history), last]


def _detections(document: JsonObject, side: Side) -> JsonObject:
    """The flags of one side; empty where the answer has none."""
    if side not in TOOL_SIDES:
        flags: JsonObject = document.get(f"{side.value}_detected") or {}
        return flags
    direction = side.value.removeprefix("tool_")
    entries = ((document.get("tool_detected") or {}).get(f"{direction}_detected") or {}).get("detection_entries") or [{}]
    detections: JsonObject = entries[0].get("detections") or {}
    return detections


def _scores_in(value: object) -> Iterator[float]:
    """Every number in [0, 1] under a key `score`, however deep in a report row."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "score" and isinstance(inner, int | float) and 0 <= inner <= 1:
                yield float(inner)
            else:
                yield from _scores_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _scores_in(inner)
