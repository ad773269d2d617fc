from __future__ import annotations

import uuid

import pytest

from scangate.domain.ids import correlation_ids, is_uuid, new_id, report_id, scan_id_of

GOOD = "46ea2f2b-0000-42e1-9972-bbc444628a26"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(GOOD, True), (GOOD.upper(), True), (GOOD[:-1], False), (f"{{{GOOD[:-2]}}}", False), ("g" * 36, False), ("", False)],
)
def test_is_uuid(text: str, expected: bool) -> None:
    assert is_uuid(text) is expected


def test_report_id_and_back() -> None:
    assert scan_id_of(report_id(GOOD)) == GOOD
    assert [scan_id_of(text) for text in (GOOD, f"r{GOOD}", f"R{GOOD}0", "R", "")] == [None] * 5


def test_new_ids_are_random_uuids() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000 and {uuid.UUID(text).version for text in ids} == {4}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(("t", "s"), ("s", "s")), (("t", None), ("t", "t")), ((None, "s"), ("s", "s")), (("", ""), None), ((None, None), None)],
)
def test_correlation_ids(sent: tuple[str | None, str | None], expected: tuple[str, str] | None) -> None:
    tr_id, session_id, transaction_id = correlation_ids(*sent, None)
    assert transaction_id.startswith("pan_") and transaction_id != tr_id
    if expected is None:
        assert tr_id == session_id and is_uuid(tr_id.removeprefix("pan_"))
    else:
        assert (tr_id, session_id) == expected
