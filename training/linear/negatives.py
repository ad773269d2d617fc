"""Harmless text that the pools lack: code and records. Made here, so that the model knows what is not prose.

The code is Python's own library as installed (only weights are kept of it); the records are put together from word lists.
"""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

SEED = 20261123
CODE_FILES = 700
RECORDS = 900

WORDS = """
amber anchor apple april archive arrow aspen atlas autumn badge bakery bamboo banner barley basin beacon bench birch blanket
border bottle branch bridge bronze brook bucket cabin cable candle canvas carbon carpet castle cedar cellar chapel cherry
circle clay cliff clock cobalt copper coral corner cotton crane creek crystal dairy dawn delta depot desert dock dragon drift
eagle easel ember engine estate fabric falcon farm feather fern ferry field flint forest forge fossil fountain galaxy garden
garnet glacier glass grain granite grove guitar hangar harbor harvest hazel helmet hill honey horizon hotel island ivory
jasmine jungle kettle ladder lagoon lamp lantern laurel leaf ledger lemon lily linen lunar maple marble market meadow mercury
mill mineral mirror mosaic motor museum needle nickel nutmeg oak oasis ocean olive onyx opal orbit orchard orchid oxide
paddle palace panel paper parade park pearl pebble pepper petal pilot pine planet plaza pollen pond porch prairie prism
quarry quartz quilt rabbit radar rail ranch raven reef ribbon ridge river robin rocket roof saddle saffron sail salmon sand
sapphire scarf school shelter shore silk silver sparrow spruce station stone storm stream sugar summit sunset tailor temple
terrace thistle timber tower trail tulip tunnel valley vault velvet village violet walnut water willow window winter wood
yard zinc
""".split()  # noqa: SIM905 - a list of one-word lines says less
FIELDS = """
id name date time city country status price total amount count quantity rank score points position team player coach venue
result opponent attendance notes category type code sku batch shelf weight height width year month day start end duration
owner manager department phone email address currency tax discount paid balance order invoice customer supplier product model
version size color
""".split()  # noqa: SIM905 - a list of one-word lines says less
LEVELS = ("INFO", "DEBUG", "WARN", "ERROR")


def code_texts() -> list[str]:
    """A stretch of each of many library files, in a fixed order."""
    rng = random.Random(SEED)
    folder = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(path for path in folder.rglob("*.py") if "site-packages" not in path.parts)
    texts = []
    for path in rng.sample(files, min(CODE_FILES, len(files))):
        lines = path.read_text(encoding="utf-8", errors="ignore").splitlines()
        first = rng.randrange(max(1, len(lines) - 20))
        texts.append("\n".join(lines[first : first + rng.randrange(10, 90)])[:6000])
    return [text for text in texts if len(text) > 60]


def record_texts() -> list[str]:
    """Tables, comma-separated values, JSON and logs."""
    rng = random.Random(SEED + 1)
    makers = (_table, _values, _json, _log, _invoice, _numbers)
    return [makers[index % len(makers)](rng) for index in range(RECORDS)]


def _name(rng: random.Random) -> str:
    return " ".join(word.title() for word in rng.sample(WORDS, rng.choice((1, 2, 2, 3))))


def _value(rng: random.Random) -> str:
    return rng.choice(
        (
            _name(rng),
            _name(rng),
            str(rng.randrange(10_000)),
            f"{rng.randrange(1, 999)}.{rng.randrange(100):02d}",
            f"{rng.randrange(1, 29)} {rng.choice(('March', 'May', 'June', 'August', 'Oct'))} {rng.randrange(1950, 2027)}",
            f"{rng.randrange(24)}:{rng.randrange(60):02d}",
            "–",
            f"+{rng.randrange(60)}.{rng.randrange(1000):03d}",
            f"({rng.choice(WORDS)})",
        )
    )


def _rows(rng: random.Random) -> tuple[list[str], list[list[str]]]:
    columns = rng.sample(FIELDS, rng.randrange(3, 9))
    return columns, [[_value(rng) for _ in columns] for _ in range(rng.randrange(3, 25))]


def _table(rng: random.Random) -> str:
    columns, rows = _rows(rng)
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    lines = [[column.title() for column in columns], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _values(rng: random.Random) -> str:
    columns, rows = _rows(rng)
    mark = rng.choice((",", ";", "\t"))
    return "\n".join(mark.join(line) for line in [columns, *rows])


def _json(rng: random.Random) -> str:
    columns, rows = _rows(rng)
    items = ["{" + ", ".join(f'"{name}": "{cell}"' for name, cell in zip(columns, row, strict=True)) + "}" for row in rows]
    return "[" + rng.choice((", ", ",\n  ")).join(items) + "]"


def _log(rng: random.Random) -> str:
    lines = []
    for _ in range(rng.randrange(5, 30)):
        stamp = f"2026-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:00Z"
        words = " ".join(rng.sample(WORDS, rng.randrange(2, 7)))
        lines.append(
            f"{stamp} {rng.choice(LEVELS)} [{rng.choice(WORDS)}-{rng.randrange(9)}] {words} took {rng.randrange(900)} ms"
        )
    return "\n".join(lines)


def _invoice(rng: random.Random) -> str:
    lines = [f"Invoice {rng.randrange(9999)}", f"Date: {_value(rng)}", f"Bill to: {_name(rng)}", ""]
    lines += [
        f"{rng.randrange(1, 9)} x {_name(rng)}  ${rng.randrange(900)}.{rng.randrange(100):02d}"
        for _ in range(rng.randrange(2, 8))
    ]
    return "\n".join([*lines, "", f"Total: ${rng.randrange(9000)}.00", "Thank you for your business."])


def _numbers(rng: random.Random) -> str:
    """Dumps of numbers, as tables of characters and memory are."""
    mark, base = rng.choice((" ", ", ", "\t", "; ")), rng.choice(("d", "x", "04X", "08b"))
    top = rng.choice((256, 65_536))
    lines = [
        mark.join(format(rng.randrange(top), base) for _ in range(rng.randrange(6, 20))) for _ in range(rng.randrange(4, 30))
    ]
    return "\n".join(lines)
