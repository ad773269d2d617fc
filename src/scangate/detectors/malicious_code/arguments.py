"""Values that should be plain: the arguments of a tool, and a short text that is nothing but a value.

A value that is a command by its name (`command`, `script`) or by its first word may hold separators; it is judged as a script.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import re2

from scangate.detectors.contract import Subject
from scangate.detectors.malicious_code.pieces import Piece
from scangate.domain.content import Span
from scangate.domain.taxonomy import PartKind
from scangate.matching.code_lines import latin1

MAX_ARGUMENTS: Final = 200
_SHORTEST: Final = 4
_LONGEST: Final = 2000
_LONGEST_TEXT: Final = 400
_SIGN: Final = re2.compile(
    rb"[;&|`\n]|\$[({I]|%(?:3b|7c|26|0a)|\{\{|\{\w+,|__|^[\x22\x27]?(?:--?[a-z-]{1,24}[= ]|-o|ext::)|<%=|!!|/\?", options=latin1()
)
_COMMAND_KEY: Final = re2.compile(
    rb"(?i)(?:^|[._\[\]$-])(?:commands?|cmd|cmdline|command_?line|scripts?|code|shell|bash|powershell|exec|run|sql|query|content|body|source|diff|patch|expression|program|snippet|text|markdown|html|description|message|prompt|stdin|input_code|file_text|new_str|old_str|snippets)\W*$",
    options=latin1(),
)
_FIRST_WORD: Final = re2.compile(
    rb"^\s*(?:sudo\s+)?(?:\$ |> |# )?(?:cd|ls|echo|cat|git|npm|npx|yarn|pnpm|pip3?|python[23]?|node|docker|kubectl|helm|make|cmake|go|cargo|mvn|gradle|java|mkdir|rm|cp|mv|touch|chmod|chown|export|source|set|env|apt|apt-get|yum|dnf|brew|systemctl|service|ssh|scp|rsync|curl|wget|tar|unzip|zip|grep|find|sed|awk|sort|head|tail|ps|kill|pkill|test|\[|if|for|while|function|def|import|from|const|let|var|class|return|print|#!|//|<\?|<%|@echo|rem|powershell|pwsh|cmd|bash|sh|zsh|whoami|id|uname|ifconfig|ip|ping|nslookup|dig|netstat|ss|df|du|free|top|date|pwd|which|where|type|dir|copy|del|move|ren|start|call|net|sc|reg|wmic|tasklist|taskkill|ipconfig|systeminfo|Get-|Set-|New-|Invoke-|Write-|Select-|nc|ncat|perl|ruby|php|openssl|base64|vim?|nano|tee|xargs|nohup|exec|eval|mount|umount|dd|iptables|useradd|crontab|printf|read|sleep|true|false|trap|unset|alias|\w+=)(?:[\s;&|]|$)|^\s*(?:Get|Set|New|Invoke|Write|Select|Start|Stop|Add|Remove)-\w",
    options=latin1(),
)


def arguments(subject: Subject) -> Iterator[Piece]:
    """The values to look at, with their places in the raw view."""
    raw = subject.text.raw.text
    if subject.part.kind is PartKind.JSON and subject.text.segments:
        count = 0
        for segment in subject.text.segments:
            if count >= MAX_ARGUMENTS:
                return
            value = raw[segment.span.start : segment.span.end]
            if _is_plain(value, _LONGEST) and _COMMAND_KEY.search(segment.path.encode("latin-1", "replace")) is None:
                count += 1
                yield Piece(value, segment.span)
    elif "\n" not in raw.strip() and _is_plain(raw, _LONGEST_TEXT):
        yield Piece(raw, Span(0, len(raw)))


def _is_plain(value: str, longest: int) -> bool:
    if not _SHORTEST <= len(value) <= longest:
        return False
    data = value.encode("latin-1", "replace")
    return _SIGN.search(data) is not None and _FIRST_WORD.search(data) is None
