"""Identifiers of the scan API: how they look and how they are made."""

from __future__ import annotations

import os
import uuid
from typing import Final

SCAN_ID_LENGTH: Final = 36
REPORT_ID_LENGTH: Final = 37
CORRELATION_ID_MAX: Final = 100
"""Characters of `tr_id`, `session_id` and `transaction_id`."""


def new_id() -> str:
    """A random UUID, version 4 (RFC 9562 section 5.4); written out here, because `uuid.uuid4` takes three times as long."""
    octets = bytearray(os.urandom(16))
    octets[6] = octets[6] & 0x0F | 0x40
    octets[8] = octets[8] & 0x3F | 0x80
    digits = octets.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in its 36-character form, in either case."""
    if len(text) != SCAN_ID_LENGTH:
        return False
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def report_id(scan_id: str) -> str:
    """`R` and the scan id."""
    return f"R{scan_id}"


def scan_id_of(report: str) -> str | None:
    """The scan id inside a report id; None when it is not one."""
    scan_id = report[1:]
    return scan_id if report[:1] == "R" and is_uuid(scan_id) else None


def correlation_ids(tr_id: str | None, session_id: str | None, transaction_id: str | None) -> tuple[str, str, str]:
    """`(tr_id, session_id, transaction_id)` of the response, by the rules probed on the live service (2026-09-01).

    A session id overrides the transaction's; one that is missing is copied from the other; with neither, one `pan_<uuid4>`
    stands for both. `transaction_id` is independent and gets a `pan_<uuid4>` of its own.
    """
    shared = session_id or tr_id or f"pan_{new_id()}"
    return shared, shared, transaction_id or f"pan_{new_id()}"
