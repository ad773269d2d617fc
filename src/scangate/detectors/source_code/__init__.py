"""Source code: programs in prompts, responses and tool calls, by how likely they are ones and in which language."""

from __future__ import annotations

from typing import Final

from scangate.detectors.contract import DetectorSpec
from scangate.detectors.source_code.detector import compile_source_code
from scangate.detectors.source_code.finding import KINDS
from scangate.detectors.source_code.options import SourceCodeOptions, from_protections
from scangate.detectors.source_code.report import report
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC: Final = DetectorSpec(
    name=DetectorName.SOURCE_CODE,
    flag=Flag.SOURCE_CODE,
    service=Service.SOURCE_CODE,
    sides=frozenset(Side),
    options=SourceCodeOptions,
    from_protections=from_protections,
    compile=compile_source_code,
    report=report,
    kinds=KINDS,
)
