"""Contextual grounding: whether a response says only what the context that came with it says."""

from __future__ import annotations

from typing import Final

from scangate.detectors.contextual_grounding.detector import compile_contextual_grounding
from scangate.detectors.contextual_grounding.options import ContextualGroundingOptions, from_protections
from scangate.detectors.contextual_grounding.report import report
from scangate.detectors.contract import DetectorSpec
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC: Final = DetectorSpec(
    name=DetectorName.CONTEXTUAL_GROUNDING,
    flag=Flag.UNGROUNDED,
    service=Service.CONTEXTUAL_GROUNDING,
    sides=frozenset({Side.RESPONSE}),
    options=ContextualGroundingOptions,
    from_protections=from_protections,
    compile=compile_contextual_grounding,
    report=report,
    runs_model=True,
)
