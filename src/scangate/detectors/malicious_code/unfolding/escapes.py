"""Signs that a shell drops before it reads a word: backticks of PowerShell, carets and slices of batch, quotes of the shell."""

from __future__ import annotations

from typing import Final

import re2

from scangate.matching.code_lines import latin1

MAX_VARIABLES: Final = 500
_SET: Final = re2.compile(
    rb"(?im)^[ \t@&(]*set +\"?([^\s=\"]{1,40})=([^\r\n]*?)\"?[ \t]*\r?$|&& *set +\"?([^\s=\"]{1,40})=([^&\r\n\"]*)",
    options=latin1(),
)
_USE: Final = re2.compile(rb"%([^%\s:]{1,40})(?::~ ?(-?\d{1,5})(?:, ?(-?\d{1,5}))?)?%|!([^!\s:]{1,40})!", options=latin1())
_ASSIGN: Final = re2.compile(
    rb"(?:^|[;&|\s(])([A-Za-z_]\w{0,30})=(?:\"([^\"\n$`]{0,400})\"|'([^'\n]{0,400})'|([^\s;&|\"'$`()]{1,200}))", options=latin1()
)
_DOLLAR: Final = re2.compile(rb"\$\{?([A-Za-z_]\w{0,30})(?::(\d{1,4}):(\d{1,4}))?\}?", options=latin1())
_KNOWN: Final = {
    b"comspec": b"C:\\Windows\\system32\\cmd.exe", b"public": b"C:\\Users\\Public", b"programfiles": b"C:\\Program Files",
    b"systemroot": b"C:\\Windows", b"windir": b"C:\\Windows", b"pathext": b".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC",
}  # fmt: skip
"""What variables of Windows hold on every machine: their letters serve as an alphabet."""


def without_escapes(data: bytes, language: str) -> bytes:
    """The text as the interpreter reads its words; equal to `data` where nothing is escaped."""
    if language == "powershell":
        return _broken(data, b"`")
    if language == "batch":
        return _batch(_broken(data, b"^"))
    if language == "shell":
        return _shell(data)
    return data


_TICKED: Final = re2.compile(rb"([A-Za-z-])`([A-Za-z-])", options=latin1())
_CARETED: Final = re2.compile(rb"\^([^\r\n])", options=latin1())


def _broken(data: bytes, sign: bytes) -> bytes:
    if sign not in data:
        return data
    if sign == b"^":
        return bytes(_CARETED.sub(rb"\1", data))
    return bytes(_TICKED.sub(rb"\1\2", _TICKED.sub(rb"\1\2", data)))


def _batch(data: bytes) -> bytes:
    variables = dict(_KNOWN)
    for count, match in enumerate(_SET.finditer(data)):
        if count >= MAX_VARIABLES:
            break
        name, value = (match.group(1), match.group(2)) if match.group(1) else (match.group(3), match.group(4))
        variables[name.lower()] = _expanded(value[:4096], variables)
    return _expanded(data, variables)


def _expanded(data: bytes, variables: dict[bytes, bytes]) -> bytes:
    pieces, position, room = [], 0, 1 << 18
    for match in _USE.finditer(data):
        value = variables.get((match.group(1) or match.group(4)).lower())
        if value is None or room <= 0:
            continue
        if match.group(2):
            start = int(match.group(2))
            start = start if start >= 0 else max(0, len(value) + start)
            length = int(match.group(3)) if match.group(3) else len(value)
            value = value[start : start + length] if length >= 0 else value[start:length]
        pieces += [data[position : match.start()], value]
        position = match.end()
        room -= len(value)
    return b"".join([*pieces, data[position:]])


_QUOTED: Final = re2.compile(rb"(\w)(?:''|\"\")(\w)", options=latin1())
_SLASHED: Final = re2.compile(rb"([a-z])\\([a-z])", options=latin1())
_INNER: Final = re2.compile(rb"([a-z])(?:\"([a-z]{1,8})\"|'([a-z]{1,8})')([a-z]?)", options=latin1())
_ANSI: Final = re2.compile(rb"\$'((?:\\x[0-9A-Fa-f]{2}|\\[0-7]{1,3}|[^'\\\n])*)'", options=latin1())


_EMPTY: Final = re2.compile(rb"[a-z]\$\{([A-Za-z_]\w{0,30})\}[a-z]", options=latin1())
"""Variables in the middle of a word: where nothing sets them, they are nothing."""


def _shell(data: bytes) -> bytes:
    from scangate.detectors.malicious_code.unfolding.tokens import unescaped

    changed = data.replace(b"${IFS}", b" ").replace(b"$IFS$9", b" ").replace(b"$IFS", b" ").replace(b"$@", b"")
    changed = _ANSI.sub(lambda match: unescaped(match.group(1)).encode("latin-1", "replace"), changed)
    for _ in range(2):
        changed = _QUOTED.sub(rb"\1\2", changed)
        changed = _SLASHED.sub(rb"\1\2", changed)
        changed = _INNER.sub(rb"\1\2\3\4", changed)
    variables: dict[bytes, bytes] = dict.fromkeys(_EMPTY.findall(changed)[:MAX_VARIABLES], b"")
    for count, match in enumerate(_ASSIGN.finditer(changed)):
        if count >= MAX_VARIABLES:
            break
        variables[match.group(1)] = match.group(2) or match.group(3) or match.group(4) or b""
    if not variables:
        return bytes(changed)
    pieces, position, room = [], 0, 1 << 18
    for match in _DOLLAR.finditer(changed):
        value = variables.get(match.group(1))
        if value is None or room <= 0:
            continue
        if match.group(2):
            value = value[int(match.group(2)) :][: int(match.group(3))]
        pieces += [changed[position : match.start()], value]
        position = match.end()
        room -= len(value)
    return b"".join([*pieces, changed[position:]])
