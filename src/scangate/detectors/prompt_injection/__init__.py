"""Prompt injection, jailbreaks and prompt extraction, in prompts and in what tools are given and return."""

from __future__ import annotations

from typing import Final

from scangate.detectors.contract import DetectorSpec
from scangate.detectors.prompt_injection.detector import compile_prompt_injection
from scangate.detectors.prompt_injection.options import PromptInjectionOptions, from_protections
from scangate.detectors.prompt_injection.report import report
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC: Final = DetectorSpec(
    name=DetectorName.PROMPT_INJECTION,
    flag=Flag.INJECTION,
    service=Service.PI,
    sides=frozenset({Side.PROMPT, Side.TOOL_INPUT, Side.TOOL_OUTPUT}),
    options=PromptInjectionOptions,
    from_protections=from_protections,
    compile=compile_prompt_injection,
    report=report,
    runs_model=True,
)
