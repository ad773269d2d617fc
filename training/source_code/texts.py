"""Programs and what only looks like them, in the forms in which a model is asked about them. Everything is seeded."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FORMS: Final = ("bare", "prose", "fence", "hint", "diff")
LEADS: Final = (
    "Can you check this for me?\n\n",
    "Here is the code we talked about:\n",
    "Das ist der Code:\n\n",
    "Voici le code :\n\n",
    "Why does this fail?\n",
    "请看这段代码：\n\n",
    "Please review:\n\n",
)
TAILS: Final = ("\n\nThanks!", "", "\n\nWhat does it do?", "\n\nMerci d'avance.", "\nLet me know.")
PROGRAMS: Final = {
    "py": "python", "pyx": "python", "js": "javascript", "mjs": "javascript", "ts": "typescript", "pl": "perl", "pm": "perl", "sh": "bash",
    "c": "c", "h": "c", "cpp": "cpp", "cc": "cpp", "hpp": "cpp", "lua": "lua", "rb": "ruby", "go": "go", "rs": "rust", "java": "java",
    "bat": "bat", "ps1": "powershell", "tcl": "tcl", "f90": "fortran",
}  # fmt: skip
OTHERS: Final = {
    "conf": "", "cfg": "ini", "ini": "ini", "service": "ini", "yaml": "yaml", "yml": "yaml", "json": "json", "toml": "toml", "xml": "xml",
    "svg": "xml", "log": "text", "rst": "text", "txt": "text", "csv": "", "list": "",
}  # fmt: skip
_COMMENT: Final = re.compile(r"\s*(#(?!include|define|!)|//|/?\*|--|<!--|;|rem\b|@echo|::|\"\"\"|=|%)", re.IGNORECASE)
_DATA: Final = re.compile(r"\s*[\[\](){}\s,;:'\"\d.xa-f+-]*$|\s*[\w.]+[,;]?$|\s*[A-Z][^()={};$]*$|[^(){};=$<>:]*$")
_CODE: Final = re.compile(
    r"\bdef \w+\(|#include|#define|\bfunction\b[^.]{0,40}\(|\b(?:const|let|var) \w+ ?=|^\s*(?:import|from) [\w.]+(?: import| as|$)|^\s*\w+\s*=\s*\w[\w.]*\(|"
    r"^\s*(?:if|while|for) ?\(|<\?php|\$\w+ ?=|=>|^#!|>>>|```|::\n",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Sample:
    text: str
    is_source: bool
    form: str


def files(folders: Iterable[Path], endings: dict[str, str], most: int, dice: random.Random) -> list[tuple[str, str]]:
    """(text, name for a fence) of at most `most` files of each ending."""
    chosen: list[tuple[str, str]] = []
    for ending, hint in endings.items():
        paths = sorted(path for folder in folders for path in folder.rglob(f"*.{ending}") if path.is_file())
        dice.shuffle(paths)
        texts = (_text(path) for path in paths[: 3 * most])
        chosen += [(text, hint) for text in texts if text][:most]
    return chosen


def programs(texts: Iterable[tuple[str, str]], dice: random.Random) -> Iterator[Sample]:
    """Each program whole, and windows of three lengths in one form each. Windows of comments and data are no programs."""
    for text, hint in texts:
        yield Sample(text[:6000], True, "bare")
        for lines in (3, 8, 20):
            if window := _window(text, lines, dice):
                form = dice.choice(FORMS if lines > 3 else FORMS[:-1])
                yield Sample(wrapped(window, hint, form, dice), True, form)


def others(texts: Iterable[tuple[str, str]], dice: random.Random, *, may_hold_code: bool) -> Iterator[Sample]:
    """Texts that are no programs, whole and in windows. Where they may hold code in between, those that do are left out."""
    for text, hint in texts:
        if may_hold_code and _CODE.search(text):
            continue
        yield Sample(text[:8000], False, "bare")
        lines = [line for line in text.split("\n") if line.strip() and len(line) < 400]
        for count in (4, 15) if lines else ():
            at = dice.randrange(max(1, len(lines) - count + 1))
            form = dice.choice(FORMS)
            yield Sample(wrapped("\n".join(lines[at : at + count]), hint, form, dice), False, form)


def wrapped(code: str, hint: str, form: str, dice: random.Random) -> str:
    if form == "bare":
        return code
    if form == "diff":
        lines = code.split("\n")
        body = "\n".join(dice.choice("+- ") + line for line in lines)
        return f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,{len(lines)} +1,{len(lines)} @@\n{body}"
    inner = code if form == "prose" else f"```{hint if form == 'hint' else ''}\n{code}\n```"
    return dice.choice(LEADS) + inner + dice.choice(TAILS)


def _window(text: str, count: int, dice: random.Random) -> str:
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip() and len(line) < 400]
    for _ in range(12 if len(lines) >= count else 0):
        at = dice.randrange(len(lines) - count + 1)
        window = lines[at : at + count]
        if 3 * sum(not _COMMENT.match(line) and not _DATA.match(line) for line in window) >= 2 * count:
            return "\n".join(window)
    return ""


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size < 400_000 else ""
    except (OSError, UnicodeDecodeError):
        return ""
    return text if len(text) > 40 else ""
