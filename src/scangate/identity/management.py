"""Management routes of tenants' identity: the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from scangate.identity import audit
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.service import Identity
from scangate.web.management import Limit, Offset, page

router = APIRouter()


class AuditEntryObject(BaseModel):
    """One management call that changed something."""

    at: datetime
    actor: str
    remote: str
    action: str
    entity: str
    entity_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditPage(BaseModel):
    audit_log: list[AuditEntryObject]
    next_offset: int


@router.get("/auditlogs", summary="The audit log, newest first", tags=["Audit log"])
async def list_audit_log(request: Request, offset: Offset = 0, limit: Limit = 100) -> AuditPage:
    operator = await permitted(request, Entity.AUDIT_LOG, Verb.READ)
    identity: Identity = request.app.state.runtime.identity
    async with identity.database.read() as connection:
        found = await audit.list_entries(connection, operator.tsg_id, offset=offset, limit=limit + 1)
    entries, following = page(found, offset, limit)
    return AuditPage(
        audit_log=[AuditEntryObject.model_validate(entry, from_attributes=True) for entry in entries], next_offset=following
    )
