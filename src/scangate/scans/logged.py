"""What the scan log is told of a request."""

from __future__ import annotations

from datetime import datetime

from scangate.records.entry import Circumstances
from scangate.scans.schemas import AgentMeta, Metadata, ScanRequest
from scangate.scans.wire import ScanIds


def circumstances(request: ScanRequest, ids: ScanIds, received: datetime, *, item: int = 0, is_sync: bool) -> Circumstances:
    about = request.metadata or _NO_METADATA
    agent = about.agent_meta or _NO_AGENT
    return Circumstances(
        scan_id=ids.scan_id,
        item=item,
        req_id=ids.req_id,
        source=ids.source,
        transaction_id=ids.transaction_id,
        session_id=ids.session_id,
        received=received,
        is_sync=is_sync,
        app_name=about.app_name,
        app_user=about.app_user,
        ai_model=about.ai_model,
        user_ip=about.user_ip,
        agent_id=agent.agent_id,
        agent_version=agent.agent_version,
        agent_arn=agent.agent_arn,
    )


_NO_METADATA = Metadata()
_NO_AGENT = AgentMeta()
