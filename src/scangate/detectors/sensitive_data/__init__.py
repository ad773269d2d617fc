"""Sensitive data: payment, identity and bank numbers, contact data, secrets. See README.md."""

from typing import Final

from scangate.detectors.contract import DetectorSpec, Entities
from scangate.detectors.sensitive_data.detector import compile_sensitive_data
from scangate.detectors.sensitive_data.entities import entities, group_of_type
from scangate.detectors.sensitive_data.options import SensitiveDataOptions, from_protections
from scangate.detectors.sensitive_data.report import report
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC: Final = DetectorSpec(
    name=DetectorName.SENSITIVE_DATA,
    flag=Flag.DLP,
    service=Service.DLP,
    sides=frozenset(Side),
    options=SensitiveDataOptions,
    from_protections=from_protections,
    compile=compile_sensitive_data,
    report=report,
    entities=Entities(group_of_type, entities),
)
