"""Whether a text is about malicious code (a write-up, a manual of a security tool, a detection rule) rather than such code itself.

Only rules of dual use ask; an implant, a stealer or a wiper counts wherever it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
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
_FOREIGN_CUES: Final = (
    r"(?i)angreifer|attaquant|atacante|attaccant|злоумышленник|атакующ|攻撃者|攻击者|攻擊者|\bopfer|victime|víctima|vittima|vítima|жертв|被害者|受害",
    r"(?i)erkennung|gegenmaßnahme|abwehr|schutzmaßnahme|détection|détecter|contre-mesure|mesures? de protection|detección|detectar|mitigaci|rilevament|contromisur|mitigazion|dete[cç]ção|deteção|mitiga[cç]|обнаружен|защит|предотвра|検知|対策|防御|检测|防护|防禦|缓解",
    r"(?i)schwachstelle|sicherheitslücke|vulnérabilité|correctif|vulnerabilidad|parche|vulnerabilità|correzion|vulnerabilidade|correç|уязвимост|脆弱性|修正プログラム|漏洞|补丁|修補",
    r"(?i)vorfall|vorfälle|sicherheitsanalyse|analysten?\b|rapports? d.incident|analyste|informes? de incidentes|analista|rapporti? sugli incidenti|relatórios? de incidentes|инцидент|аналитик|インシデント|アナリスト|应急响应|安全分析|事件響應",
    r"(?i)schulung|lehrzweck|testumgebung|laboratoire|exercice|formación|laboratorio|ejercicio|fines educativos|esercitazion|scopo didattico|laboratório|exercício|fins educativos|учебн|лаборатор|обучени|教育目的|演習|訓練|教学|演练|实验环境|實驗環境",
    r"(?i)schadprogramm|schadsoftware|logiciels? malveillant|programas? malicioso|software dannoso|вредонос|マルウェア|恶意(?:软件|程序|代码)|惡意",
)
"""The same in German, French, Spanish, Italian, Portuguese, Russian, Japanese and Chinese."""
_LONGEST_PROSE: Final = 1 << 17
_LONG_RUN: Final = 12
"""Letters that stand together, from which on they are a sentence of a script without blanks; two of them count as a word."""
_RULE_FILE: Final = re2.compile(
    rb"(?m)^\s*(?:logsource|detection):\s*$|(?:CommandLine|Image|ParentImage|ScriptBlockText)\|(?:contains|endswith|startswith|re)|^\s*rule \w+[^\n]*\{?\s*\n?\s*(?:meta|strings):|^(?:alert|drop) (?:tcp|udp|http|ip) |\bSecRule |^\s*(?:process|sequence|any) where |DeviceProcessEvents",
    options=latin1(),
)


def _cue_set(patterns: Sequence[str], options: re2.Options) -> re2._Set:
    options.max_mem = 8 << 20
    cues = re2.Set.SearchSet(options)
    for cue in patterns:
        cues.Add(cue.encode())
    cues.Compile()
    return cues


_CUE_SET: Final = _cue_set(_CUES, latin1())
_FOREIGN_CUE_SET: Final = _cue_set(_FOREIGN_CUES, re2.Options())


def is_about_code(prose: bytes, whole: bytes, text: str) -> bool:
    """`prose` is the text without its code, one byte a character, `text` the same in its own letters; `whole` is all of it."""
    if _RULE_FILE.search(whole) is not None:
        return True
    words = 0
    for match in _WORD.finditer(prose):
        run = match.group()
        words += len(run) // 2 if len(run) >= _LONG_RUN and run[:1] == b"\xff" else 1
        if words >= _FEWEST_WORDS:
            break
    if words < _FEWEST_WORDS:
        return False
    cues = len(_CUE_SET.Match(prose) or ())
    if cues < _FEWEST_CUES:
        cues += len(_FOREIGN_CUE_SET.Match(text[:_LONGEST_PROSE].encode("utf-8", "replace")) or ())
    return cues >= _FEWEST_CUES
