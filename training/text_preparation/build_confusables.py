"""Writes `confusables.txt` of `scangate.matching`: letters that look like ASCII letters, from Unicode's confusables table.

Run: `python build_confusables.py CONFUSABLES_JSON OUTPUT_FILE` with the `confusables.json` of the Python package
confusable_homoglyphs 3.3.1 (MIT; its data is Unicode's confusables.txt 15.1, UTS #39, under the Unicode licence).
Kept: single letters outside Latin whose prototype is an ASCII letter, straight or through a Latin small capital; letters of
right-to-left, Indic and East Asian scripts are left out, because ordinary words mix those with Latin letters.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

LEFT_OUT = {
    "ARABIC",
    "HEBREW",
    "THAI",
    "LAO",
    "MYANMAR",
    "MALAYALAM",
    "ETHIOPIC",
    "AHOM",
    "HANGUL",
    "HALFWIDTH",
    "TAMIL",
    "ORIYA",
}
SMALL_CAPITALS = dict(zip("ʙɢʜɪᴊᴋʟᴍʍɴᴘʀᴛᴜᴠᴡᴢᴀᴄᴅᴇᴏĸ", "bghijklmmnprtuvwzacdeok", strict=True))

HEADER = """\
# Letters that look like ASCII letters: target, kind, sources.
# kind: strict (same shape), loose (same shape as a small capital; trusted only beside real Latin letters),
#       latin (a letter of phonetic or historic Latin alphabets, always read as its target).
# Derived from confusables.txt of Unicode 15.1 (UTS #39, Unicode Security Mechanisms). Copyright © 1991-2023 Unicode, Inc.
# Unicode and the Unicode Logo are registered trademarks of Unicode, Inc. in the U.S. and other countries.
# Licence: UNICODE-LICENSE.txt beside this file. Made by training/text_preparation/build_confusables.py.
"""


def is_latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith("LATIN")


def main(table: Path, output: Path) -> None:
    confusables = json.loads(table.read_text("utf-8"))
    prototype = {
        entry["c"]: target
        for target in [chr(code) for code in range(0x41, 0x7B) if chr(code).isalpha()] + list(SMALL_CAPITALS)
        for entry in confusables.get(target, ())
        if len(entry["c"]) == 1
    }
    found: dict[tuple[str, str], list[str]] = {}
    for char, target in prototype.items():
        script = unicodedata.name(char, "? ").split()[0]
        skipped = char.isascii() or script in LEFT_OUT or not unicodedata.category(char).startswith("L")
        if skipped or unicodedata.normalize("NFKC", char) != char:
            continue
        lower = prototype.get(char.lower())
        if target == "l" and lower and lower.isascii():
            target = lower
        kind = "latin" if is_latin(char) else "loose" if target in SMALL_CAPITALS else "strict"
        found.setdefault((SMALL_CAPITALS.get(target, target).lower(), kind), []).append(char)
    for char, target in SMALL_CAPITALS.items():
        if char not in prototype or not prototype[char].isascii():
            found.setdefault((target, "latin"), []).append(char)
    lines = (f"{target} {kind} {' '.join(sorted(set(chars)))}\n" for (target, kind), chars in sorted(found.items()))
    output.write_text(HEADER + "".join(lines), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
