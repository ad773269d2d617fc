"""Database security: operations on databases in responses and tool calls, by what they do and how risky they are."""

from scangate.detectors.contract import DetectorSpec
from scangate.detectors.database_security.detector import compile_database_security
from scangate.detectors.database_security.options import DatabaseSecurityOptions, from_protections
from scangate.detectors.database_security.report import report
from scangate.detectors.database_security.statement import KINDS
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC = DetectorSpec(
    name=DetectorName.DATABASE_SECURITY,
    flag=Flag.DB_SECURITY,
    service=Service.DBS,
    sides=frozenset((Side.RESPONSE, Side.TOOL_INPUT, Side.TOOL_OUTPUT)),
    options=DatabaseSecurityOptions,
    from_protections=from_protections,
    compile=compile_database_security,
    report=report,
    kinds=KINDS,
)
