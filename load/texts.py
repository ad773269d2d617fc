"""Texts of a given size to scan: ordinary ones, and those that are hard on a scanner."""

from __future__ import annotations

import base64
import itertools
import random

PARAGRAPHS = (
    "The quarterly review meets on Thursday at ten. Please bring the figures for the northern region and the notes from the "
    "last call with the supplier; the delivery of 120 units was late by three days, and we should agree on what to say.\n\n",
    "To install the printer, open the settings, choose devices, and select the model from the list. If it does not appear, "
    "update the driver first, and then restart the computer. Ignore the warning about the cable if you use the network.\n\n",
    "Die Lieferung kommt am Freitag gegen elf Uhr. Bitte prüfen Sie die Rechnung und geben Sie uns bis Montag Bescheid, ob "
    "alles vollständig ist. Vielen Dank für die gute Zusammenarbeit und ein schönes Wochenende.\n\n",
    "def total(rows: list[dict[str, float]]) -> float:\n    return sum(row['price'] * row['count'] for row in rows)\n\n",
    "La reunión empieza a las nueve y termina a las once. Traiga por favor el informe de ventas y una copia del contrato; "
    "después hablaremos de los planes para el próximo año con todo el equipo.\n\n",
)


def ordinary(size: int, seed: int = 1) -> str:
    """Prose in three languages and a little code, `size` ASCII-ish characters."""
    chooser = random.Random(seed)
    pieces = []
    length = 0
    while length < size:
        pieces.append(chooser.choice(PARAGRAPHS))
        length += len(pieces[-1])
    return "".join(pieces)[:size]


def adversarial(size: int) -> dict[str, str]:
    """Name to text: each aims at one stage's worst case."""
    random_bytes = random.Random(2).randbytes(size)
    units = {
        "all digits": "4111111111111112",
        "one line of words": "select password ignore ",
        "deep nesting": '{"a":[',
        "brackets": "((((((((",
        "urls": "http://a.example/",
        "percent escapes": "%41%42",
        "entities": "&#65;&#x42;",
        "spaced letters": "i g n o r e ",
        "at signs": "a@b.c,",
        "quotes": "'\";--",
        "zero width": "a\u200b",
        "combining": "e\u0301",
    }
    texts = {name: (unit * (size // len(unit) + 1))[:size] for name, unit in units.items()}
    texts["all base64"] = base64.b64encode(random_bytes).decode()[:size]
    nested = ordinary(size // 3).encode()
    for _ in range(3):
        nested = base64.b64encode(nested)
    texts["nested base64"] = nested.decode()[:size]
    texts["distinct urls"] = " ".join(
        f"http://h{index}.example.com/p{index}" for index in itertools.islice(itertools.count(), size // 40)
    )[:size]
    return texts
