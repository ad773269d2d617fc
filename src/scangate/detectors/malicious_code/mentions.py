"""Whether a text is about malicious code (a write-up, a manual of a security tool, a detection rule) rather than such code itself.

Only rules of dual use ask; an implant, a stealer or a wiper counts wherever it stands.
"""

from __future__ import annotations

from typing import Final

import re2

from scangate.matching.code_lines import latin1

_FEWEST_WORDS: Final = 60
"""Of prose outside of the code."""
_FEWEST_CUES: Final = 2
_WORD: Final = re2.compile(rb"[A-Za-z\xff]{2,}", options=latin1())

_CUES: Final = (
    r"(?i)write[- ]?up|walk-?through",
    r"(?i)\bctf\b|capture the flag|hack ?the ?box|try ?hack ?me|\bhtb\b|vulnhub|picoctf|overthewire|root-me\b|portswigger|\bflag\{|user\.txt|root\.txt",
    r"(?i)mitre|att&ck|\bT1\d{3}\b|tactic|technique",
    r"(?i)\bsigma rule|yara rule|detection (?:rule|logic|engineering)|\bsiem\b|\bedr\b|splunk|elastic (?:security|rule)|event id \d",
    r"(?i)\bcve-\d{4}-\d+|advisory|vulnerab|patch(?:es|ed)? (?:the|this|in|is)",
    r"(?i)indicators? of compromise|\biocs?\b|malware analys|reverse engineer|threat (?:intel|hunt|actor|report)|incident (?:report|response)|forensic|post-?mortem",
    r"(?i)penetration test|pen-?test|red team|blue team|purple team|security (?:audit|assessment|training|course|awareness|research)|ethical hack|\boscp\b|bug bounty",
    r"(?i)attacker|adversar|threat actor|the malware|the (?:sample|payload|dropper|ransomware|implant)|victim machine",
    r"(?i)mitigat|remediat|hardening|to (?:detect|prevent|block|defend|protect)|defen[cs]e|how to (?:spot|recognise|recognize)",
    r"(?i)enumerat|foothold|privilege escalation|initial access|lateral movement|persistence",
    r"(?i)authoriz|authoris|lab environment|your own (?:lab|machine|system)|for educational|do not run|never run|only in a (?:lab|test)",
    r"(?i)nmap|burp ?suite|metasploit|wireshark|gobuster|ffuf|sqlmap|netcat listener|listener on",
    r"(?i)\b(?:synopsis|usage|options|description|examples?)\b[:\n]",
)
_RULE_FILE: Final = re2.compile(
    rb"(?m)^\s*(?:logsource|detection):\s*$|(?:CommandLine|Image|ParentImage|ScriptBlockText)\|(?:contains|endswith|startswith|re)|^\s*rule \w+[^\n]*\{?\s*\n?\s*(?:meta|strings):|^(?:alert|drop) (?:tcp|udp|http|ip) |\bSecRule |^\s*(?:process|sequence|any) where |DeviceProcessEvents",
    options=latin1(),
)


def _cue_set() -> re2._Set:
    options = latin1()
    options.max_mem = 8 << 20
    cues = re2.Set.SearchSet(options)
    for cue in _CUES:
        cues.Add(cue.encode())
    cues.Compile()
    return cues


_CUE_SET: Final = _cue_set()


def is_about_code(prose: bytes, whole: bytes) -> bool:
    """`prose` is the text without its code, one byte a character; `whole` is all of it."""
    if _RULE_FILE.search(whole) is not None:
        return True
    words = 0
    for _ in _WORD.finditer(prose):
        words += 1
        if words >= _FEWEST_WORDS:
            break
    if words < _FEWEST_WORDS:
        return False
    return len(_CUE_SET.Match(prose) or ()) >= _FEWEST_CUES
