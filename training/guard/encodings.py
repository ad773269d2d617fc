"""Ways to disguise a text. Used on both classes alike, so that a disguise by itself says nothing.

`READABLE` ones leave something that a model can read; `OPAQUE` ones do not: what they hide is found in the decoded views at run
time, and as raw text they count as harmless, whatever they hide.
"""

from __future__ import annotations

import base64
import codecs
import random
from collections.abc import Callable
from urllib.parse import quote

LEET = str.maketrans("aeiostAEIOST", "431057431057")
LOOKALIKES = str.maketrans("aceopxyiACEOPXTKMH", "асеорхуіАСЕОРХТКМН")
ZERO_WIDTH = "\u200b\u200c\u200d\u2060"


def leet(text: str, rng: random.Random) -> str:
    return "".join(char.translate(LEET) if rng.random() < 0.7 else char for char in text)


def spaced(text: str, rng: random.Random) -> str:
    gap = rng.choice((" ", ".", "-", "_"))
    return (gap * 3 if gap == " " else " ").join(gap.join(word) for word in text.split())


def lookalikes(text: str, rng: random.Random) -> str:
    return "".join(char.translate(LOOKALIKES) if rng.random() < 0.5 else char for char in text)


def zero_width(text: str, rng: random.Random) -> str:
    return "".join(char + rng.choice(ZERO_WIDTH) if rng.random() < 0.3 else char for char in text)


def fullwidth(text: str, _rng: random.Random) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def mixed_case(text: str, rng: random.Random) -> str:
    return "".join(rng.choice((char.upper(), char.lower())) for char in text)


def capitals(text: str, _rng: random.Random) -> str:
    return text.upper()


def typos(text: str, rng: random.Random) -> str:
    chars = list(text)
    for at in range(len(chars) - 1):
        if chars[at].isalpha() and chars[at + 1].isalpha() and rng.random() < 0.06:
            chars[at], chars[at + 1] = chars[at + 1], chars[at]
    return "".join(char for char in chars if not (char.isalpha() and rng.random() < 0.02))


def backwards_words(text: str, _rng: random.Random) -> str:
    return " ".join(word[::-1] for word in text.split())


def as_base64(text: str, _rng: random.Random) -> str:
    return base64.b64encode(text.encode()).decode()


def as_hex(text: str, rng: random.Random) -> str:
    return text.encode().hex(rng.choice((" ", ":"))) if rng.random() < 0.5 else text.encode().hex()


def as_rot13(text: str, _rng: random.Random) -> str:
    return codecs.encode(text, "rot13")


def as_percent(text: str, _rng: random.Random) -> str:
    return quote(text)


Encoder = Callable[[str, random.Random], str]

READABLE: dict[str, Encoder] = {
    "leet": leet,
    "spaced": spaced,
    "lookalikes": lookalikes,
    "zero_width": zero_width,
    "fullwidth": fullwidth,
    "mixed_case": mixed_case,
    "capitals": capitals,
    "typos": typos,
    "backwards_words": backwards_words,
}

OPAQUE: dict[str, Encoder] = {"base64": as_base64, "hex": as_hex, "rot13": as_rot13, "percent": as_percent}

LATIN_ONLY = frozenset({"leet", "lookalikes", "fullwidth", "mixed_case", "capitals", "backwards_words", "rot13"})


def choose(lang: str, rng: random.Random, *, opaque: bool = False) -> Encoder:
    """An encoder that does something to texts in `lang`."""
    table = OPAQUE if opaque else READABLE
    names = [name for name in table if lang not in {"ja", "zh", "ru"} or name not in LATIN_ONLY]
    return table[rng.choice(names)]
