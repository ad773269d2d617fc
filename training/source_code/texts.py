"""Programs and what only looks like them, in the forms in which a model is asked about them. Everything is seeded."""

from __future__ import annotations

import gzip
import random
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

A_FEW: Final = 4
"""Files of one folder with the same ending: a folder is often one author's, and of one form."""
WRITTEN_WEIGHT: Final = 3.0
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
    "conf": "", "ini": "ini", "service": "ini", "yaml": "yaml", "yml": "yaml", "json": "json", "toml": "toml", "xml": "xml",
    "svg": "xml", "log": "text", "csv": "", "list": "", "desktop": "ini", "socket": "ini", "properties": "",
}  # fmt: skip
DOCUMENTS: Final = {"rst": "text", "txt": "text", "1": "", "5": "", "8": "", "gz": "", "rules": "", "md": "text"}
"""These may hold programs or be ones."""
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
    weight: float = 1.0


def files(
    folders: Iterable[Path], endings: dict[str, str], most: int, dice: random.Random, of_folder: int = A_FEW, half: int | None = 0
) -> list[tuple[str, str]]:
    """(text, name for a fence) of at most `most` files of each ending, `of_folder` of each folder, of one half of the packages or (None) of all."""
    found: dict[str, list[Path]] = {ending: [] for ending in endings}
    for folder in folders:
        for path in folder.rglob("*"):
            ending = path.suffix[1:]
            if ending in found and half in (None, half_of(path)) and path.is_file():
                found[ending].append(path)
    chosen: list[tuple[str, str]] = []
    for ending, hint in endings.items():
        paths = sorted(found[ending])
        dice.shuffle(paths)
        seen: Counter[Path] = Counter()
        few = [path for path in paths if seen.update((path.parent,)) or seen[path.parent] <= of_folder]
        texts = (_text(path) for path in few[: 2 * most])
        chosen += [(text, hint) for text in texts if text][:most]
    return chosen


def half_of(path: Path) -> int:
    """0 or 1, the same for all files of a package: its folder below `/usr/share/doc`, `/usr/lib` and the like."""
    return zlib.crc32("/".join(path.parts[:5]).encode()) % 2


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


def written(path: Path, dice: random.Random) -> Iterator[Sample]:
    """The snippets of a YAML file (`programs`: name for a fence and snippets; `others`: snippets), bare, in prose and in a fence."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = [(code, hint, True) for hint, codes in document["programs"].items() for code in codes]
    rows += [(text, "", False) for text in document["others"]]
    for code, hint, is_source in rows:
        for form in FORMS[:-1]:
            yield Sample(wrapped(code, hint, form, dice), is_source, form, WRITTEN_WEIGHT)


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
        if path.stat().st_size >= 400_000:
            return ""
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8") as stream:
                text = stream.read(60_000)
        else:
            text = path.read_text(encoding="utf-8")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error):
        return ""
    return text if len(text) > 40 else ""
