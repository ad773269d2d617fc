"""Names for the ids that logs and dashboards hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity import label_repository
from scangate.identity.label_repository import ApplicationLabel


@dataclass(frozen=True, slots=True)
class Labels:
    """What is not there any more has no name."""

    applications: dict[str, ApplicationLabel] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)


async def labels_of(
    connection: AsyncConnection, tsg_id: str, application_ids: Iterable[str], api_key_ids: Iterable[str] = ()
) -> Labels:
    """A tenant's applications and keys by their ids; a few hundred at a time."""
    applications, keys = sorted(set(application_ids)), sorted(set(api_key_ids))
    return Labels(
        await label_repository.application_labels(connection, tsg_id, applications) if applications else {},
        await label_repository.key_names(connection, tsg_id, keys) if keys else {},
    )
