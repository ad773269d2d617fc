"""Toxic content: eight categories in prompts, responses and what tools are given and return."""

from __future__ import annotations

from typing import Final

from scangate.detectors.contract import DetectorSpec
from scangate.detectors.toxic_content.detector import compile_toxic_content
from scangate.detectors.toxic_content.options import ToxicContentOptions, from_protections
from scangate.detectors.toxic_content.report import details, report
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC: Final = DetectorSpec(
    name=DetectorName.TOXIC_CONTENT,
    flag=Flag.TOXIC_CONTENT,
    service=Service.TC,
    sides=frozenset(Side),
    options=ToxicContentOptions,
    from_protections=from_protections,
    compile=compile_toxic_content,
    report=report,
    runs_model=True,
    details=details,
)
