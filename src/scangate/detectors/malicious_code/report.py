"""The report row of the detector: `mc_report`, in the documented shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.malicious_code.finding import CodeFinding
from scangate.detectors.malicious_code.options import MaliciousCodeOptions
from scangate.detectors.malicious_code.rulebook import Kind
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Verdict

MAX_BLOCKS: Final = 20
MAX_CHARACTERS: Final = 16_384
"""Of all blocks that a report quotes. What is cut is still scanned and named by its SHA-256."""

FILE_TYPES: Final = {
    "python": "Python", "javascript": "JavaScript", "typescript": "TypeScript", "powershell": "PowerShell", "vbscript": "VBScript",
    "batch": "Batch", "shell": "Shell", "perl": "Perl", "php": "PHP", "csharp": "C#", "java": "Java", "cpp": "C++", "c": "C",
    "go": "Go", "ruby": "Ruby", "rust": "Rust", "sql": "SQL", "html": "HTML", "lua": "Lua", "text": "Text",
}  # fmt: skip
"""How file types are written; a language that is absent keeps its name."""


def report(
    options: MaliciousCodeOptions,  # noqa: ARG001 - the signature of every detector's report
    findings: Sequence[Sequence[Finding]],
    context: ReportContext,
) -> JsonObject:
    """Both verdicts, every block with its type and digest, and what of the blocks was too long to be quoted."""
    pairs = [(finding, part.text) for part, found in zip(context.parts, findings, strict=False) for finding in _code(found)]
    pairs.sort(key=lambda pair: not pair[0].flagged)
    scripts = [pair for pair in pairs if pair[0].kind is not Kind.INJECTION]
    injections = [pair for pair in pairs if pair[0].kind is Kind.INJECTION]
    blocks, original = _quoted([text[finding.code.start : finding.code.end] for finding, text in pairs])
    detail: JsonObject = {
        "verdict": _verdict(pairs),
        "all_code_blocks": blocks,
        "code_analysis_by_type": _types([finding for finding, _ in pairs]),
        "malware_script_report": {"verdict": _verdict(scripts)},
        "command_injection_report": [
            {"code_block": text[finding.code.start : finding.code.end][:MAX_CHARACTERS], "verdict": _verdict([(finding, text)])}
            for finding, text in injections[:MAX_BLOCKS]
        ],
    }
    quoted = sum(map(len, blocks))
    if original:
        detail["truncation_info"] = {
            "payload_truncated": quoted < original,
            "original_payload_length": original,
            "truncated_payload_length": quoted,
            "truncation_mode": "tail",
        }
    return {"mc_report": detail}


def _code(findings: Sequence[Finding]) -> Iterator[CodeFinding]:
    return (finding for finding in findings if isinstance(finding, CodeFinding))


def _verdict(pairs: Sequence[tuple[CodeFinding, str]]) -> str:
    return (Verdict.MALICIOUS if any(finding.flagged for finding, _ in pairs) else Verdict.BENIGN).value


def _types(findings: Sequence[CodeFinding]) -> list[JsonObject]:
    known = {finding.sha256: finding.language for finding in findings}
    return [{"file_type": FILE_TYPES.get(name, name), "code_sha256": digest} for digest, name in known.items()]


def _quoted(blocks: Sequence[str]) -> tuple[list[str], int]:
    """The blocks, each once, as far as there is room, and the length of all."""
    distinct = list(dict.fromkeys(blocks))
    room, quoted = MAX_CHARACTERS, []
    for block in distinct[:MAX_BLOCKS]:
        if room <= 0:
            break
        quoted.append(block[:room])
        room -= len(block)
    return quoted, sum(map(len, distinct))
