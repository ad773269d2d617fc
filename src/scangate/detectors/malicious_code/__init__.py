"""Malicious code: scripts and commands that do harm, in fences, prose and arguments, looked at behind what hides them."""

from scangate.detectors.contract import DetectorSpec
from scangate.detectors.malicious_code.detector import compile_malicious_code
from scangate.detectors.malicious_code.options import MaliciousCodeOptions, from_protections
from scangate.detectors.malicious_code.report import report
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC = DetectorSpec(
    name=DetectorName.MALICIOUS_CODE,
    flag=Flag.MALICIOUS_CODE,
    service=Service.MALICIOUS_CODE,
    sides=frozenset(Side),
    options=MaliciousCodeOptions,
    from_protections=from_protections,
    compile=compile_malicious_code,
    report=report,
)
