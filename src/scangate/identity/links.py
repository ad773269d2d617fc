"""What applications refer to, for the slices that must not delete it from under them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity.tables import ApplicationRow


async def applications_with_profile(connection: AsyncConnection, tsg_id: str, profile_name: str) -> list[tuple[str, str]]:
    """`(application id, name)` of those whose scans use that profile when they name none, in the order of their names."""
    row = ApplicationRow
    query = select(row.application_id, row.name).where(row.tsg_id == tsg_id, row.profile_name == profile_name, row.active)
    return [(application_id, name) for application_id, name in (await connection.execute(query.order_by(row.name))).all()]
