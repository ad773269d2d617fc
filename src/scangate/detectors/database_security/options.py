"""Which database operations a profile wants to be told about, and what it wants done about each."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.database_security.statement import Operation
from scangate.domain.profile import DatabaseRule, Protections
from scangate.domain.taxonomy import Action, Severity

DEFAULT_SEVERITIES: Final = {
    Operation.CREATE: Severity.MEDIUM,
    Operation.READ: Severity.LOW,
    Operation.UPDATE: Severity.MEDIUM,
    Operation.DELETE: Severity.HIGH,
}
"""What the live service fills in when a profile names no severity."""

_PREFIX: Final = "database-security-"


class OperationRule(BaseModel):
    """What to do about one operation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(description="block or alert flag the operation; allow reports it with a benign verdict")
    severity: Severity = Field(description="Severity of a finding of this operation")


class DatabaseSecurityOptions(BaseModel):
    """An operation without a rule is switched off: it is neither flagged nor reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    create: OperationRule | None = Field(
        default=None, description="Statements that add rows, tables, files or accounts: INSERT, CREATE, COPY, insertMany, HSET"
    )
    read: OperationRule | None = Field(default=None, description="Statements that read: SELECT, find, GET")
    update: OperationRule | None = Field(
        default=None, description="Statements that change what is there: UPDATE, MERGE, ALTER, GRANT, updateMany, CONFIG SET"
    )
    delete: OperationRule | None = Field(
        default=None, description="Statements that remove: DELETE, DROP, TRUNCATE, deleteMany, FLUSHALL"
    )
    plain_reads: bool = Field(
        default=True,
        description="Reads like any other count too; if not, only risky ones: credentials, injection, catalogs, files, delays",
    )

    def rule(self, operation: Operation) -> OperationRule | None:
        match operation:
            case Operation.CREATE:
                return self.create
            case Operation.READ:
                return self.read
            case Operation.UPDATE:
                return self.update
            case Operation.DELETE:
                return self.delete

    @property
    def strongest_action(self) -> Action:
        actions = {rule.action for rule in map(self.rule, Operation) if rule is not None}
        return next((action for action in (Action.BLOCK, Action.ALERT) if action in actions), Action.ALLOW)


def from_protections(protections: Protections) -> DatabaseSecurityOptions | None:
    """The `database-security` list of a profile; None when no entry has an action.

    Of two entries for one operation the later one holds. The extension field `plain-reads: false` on the entry
    `database-security-read` leaves plain reads unflagged.
    """
    entries = (protections.data_protection and protections.data_protection.database_security) or []
    latest = {Operation(entry.name.removeprefix(_PREFIX)): entry for entry in entries}
    rules = {operation.value: _rule(operation, entry) for operation, entry in latest.items() if entry.action}
    if not rules:
        return None
    read = latest.get(Operation.READ)
    plain_reads = read is None or read.plain_reads is not False
    return DatabaseSecurityOptions.model_validate({**rules, "plain_reads": plain_reads})


def _rule(operation: Operation, entry: DatabaseRule) -> OperationRule:
    return OperationRule(action=Action(entry.action), severity=entry.severity or DEFAULT_SEVERITIES[operation])
