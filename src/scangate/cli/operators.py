"""Who acts when a command of the server's own machine changes something."""

from __future__ import annotations

from scangate.identity.permissions import EVERYTHING, SUPERUSER
from scangate.identity.principal import COMMAND_LINE, Operator


def command_line(tsg_id: str) -> Operator:
    """Whoever may write the data directory may do everything; the audit log says that it was the command line."""
    return Operator(tsg_id, COMMAND_LINE, SUPERUSER, EVERYTHING, COMMAND_LINE)
