"""Queries for the names of logged ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity.tables import ApiKeyRow, ApplicationRow


@dataclass(frozen=True, slots=True)
class ApplicationLabel:
    """What logs and dashboards say of an application beside its id."""

    name: str
    environment: str
    cloud_provider: str
    model_name: str
    created_at: datetime


async def application_labels(
    connection: AsyncConnection, tsg_id: str, application_ids: Sequence[str]
) -> dict[str, ApplicationLabel]:
    """By id, of those that are still there."""
    row = ApplicationRow
    query = select(
        row.application_id, row.name, row.environment, row.cloud_provider, row.model_name, row.created_at
    ).where(row.tsg_id == tsg_id, row.application_id.in_(application_ids))  # fmt: skip
    return {found[0]: ApplicationLabel(*found[1:]) for found in (await connection.execute(query)).all()}


async def key_names(connection: AsyncConnection, tsg_id: str, api_key_ids: Sequence[str]) -> dict[str, str]:
    """By id, revoked ones too."""
    query = select(ApiKeyRow.api_key_id, ApiKeyRow.name).where(ApiKeyRow.tsg_id == tsg_id, ApiKeyRow.api_key_id.in_(api_key_ids))
    return {found.api_key_id: found.name for found in (await connection.execute(query)).all()}
