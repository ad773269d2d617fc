"""CPU time of the five exact detectors against the size of the text, to 2 MB, and what one more pattern costs. One thread, best of several.

python -m load.linear [--quick] [--svg docs/linear.svg]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from load import texts
from load.figure import Figure
from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.registry import REGISTRY
from scangate.detectors.sensitive_data.catalog import Catalog
from scangate.detectors.sensitive_data.rule import load_rules, load_vocabularies
from scangate.detectors.sensitive_data.scanner import Scanner
from scangate.domain.content import Part
from scangate.domain.profile import parse_policy
from scangate.domain.taxonomy import Confidence, PartKind, Side
from scangate.matching.prepare import prepare
from scangate.profiles.seeds import measured_policy

KIB: Final = 1024
SIZES: Final = tuple(KIB << power for power in (6, 7, 8, 9, 10, 11))
EXACT: Final = ("sensitive_data", "malicious_urls", "malicious_code", "source_code", "database_security")
ALLOWED_GROWTH: Final = 2.5
"""Doubling the text may take so many times as long: 2 is linear, the rest is noise of the machine."""
Points = Mapping[str, Sequence[tuple[int, float]]]
"""Per detector: size in bytes, CPU seconds."""


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """The best of several."""
    best = float("inf")
    for _ in range(repeats):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def _never() -> None:
    """No deadline."""


def _detect(detector: CompiledDetector, subject: Subject) -> None:
    detector.detect(Subject(subject.part, subject.text))  # a new one each time: what a scan remembers must not help the next


def curves(sizes: Sequence[int], repeats: int) -> Points:
    """Ordinary text in a response, prepared beforehand: preparation is shared by all detectors."""
    protections = parse_policy(measured_policy()).security_profile.protections(Side.RESPONSE)
    resources = Resources()
    compiled: dict[str, CompiledDetector] = {}
    for spec in REGISTRY:
        options = spec.from_protections(protections) if spec.name.value in EXACT else None
        if options is not None:
            compiled[spec.name.value] = spec.compile(options, resources)
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in compiled}
    for size in sizes:
        part = Part(Side.RESPONSE, PartKind.TEXT, texts.ordinary(size))
        text = prepare(part.text, part.kind)
        for name, detector in compiled.items():
            found[name].append((size, cpu_seconds(partial(_detect, detector, Subject(part, text)), repeats)))
    return found


def pattern_cost(counts: Sequence[int], size: int, repeats: int) -> list[tuple[int, float]]:
    """CPU seconds of sensitive data with so many rules, over ordinary text."""
    rules, vocabularies = load_rules(), load_vocabularies()
    text = texts.ordinary(size)
    found = []
    for count in counts:
        catalog = Catalog(rules[:count], vocabularies)
        scanner = Scanner(catalog, {compiled.index: Confidence.LOW for compiled in catalog.rules})
        scanner.scan(text, checkpoint=_never)
        found.append((count, cpu_seconds(partial(scanner.scan, text, checkpoint=_never), repeats)))
    return found


def measure(*, quick: bool, svg: Path | None = None) -> list[Figure]:
    """The table's rows; the plot where it is asked for."""
    points = curves(SIZES[:3] if quick else SIZES, 2 if quick else 3)
    if svg is not None:
        svg.write_text(plot(points), encoding="utf-8")
    figures = []
    for name, curve in points.items():
        growth = (curve[-1][1] / curve[0][1]) ** (1 / (len(curve) - 1))
        figures.append(
            Figure(
                f"{name}, {curve[-1][0] // KIB} KB of text, CPU time; growth when the text doubles",
                f"{curve[-1][1] * 1000:.0f} ms; {growth:.2f} ×",
                f"≤ {ALLOWED_GROWTH} ×",
                growth <= ALLOWED_GROWTH,
            )
        )
    (_, low), (_, fifty), (_, high), (_, last) = pattern_cost((10, 50, 210, 250), 256 * KIB, 3 if quick else 7)
    early, late = (fifty - low) / 40, (last - high) / 40
    figures.append(
        Figure(
            "one more pattern of sensitive data over 256 KB: mean of the 11th to the 50th; of the 211th to the 250th",
            f"{early * 1e6:.0f} µs; {late * 1e6:.0f} µs",
            "late ≤ early",
            late <= early,
        )
    )
    return figures


_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _RIGHT, _TOP = 760, 420, 60, 50, 170, 20
_COLOURS: Final = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#b8860b")


def plot(points: Points) -> str:
    """An SVG with linear axes: straight lines are linear time."""
    widest = max(size for curve in points.values() for size, _ in curve)
    highest = max(seconds for curve in points.values() for _, seconds in curve) * 1000 or 1.0
    across, up = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(size: float, ms: float) -> str:
        return f"{_LEFT + across * size / widest:.1f},{_HEIGHT - _BOTTOM - up * ms / highest:.1f}"

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<path d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="#444"/>',
        f'<text x="{_LEFT + across / 2:.0f}" y="{_HEIGHT - 12}" text-anchor="middle">size of the text, KB</text>',
        f'<text x="16" y="{_TOP + up / 2:.0f}" text-anchor="middle" transform="rotate(-90 16 {_TOP + up / 2:.0f})">CPU time, ms</text>',
    ]
    for part in range(5):
        size, ms = widest * part / 4, highest * part / 4
        x, y = place(size, 0).split(",")[0], place(0, ms).split(",")[1]
        lines.append(f'<text x="{x}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{size / KIB:.0f}</text>')
        lines.append(f'<text x="{_LEFT - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{ms:.0f}</text>')
    for number, (name, curve) in enumerate(sorted(points.items(), key=lambda item: -item[1][-1][1])):
        colour, row = _COLOURS[number % len(_COLOURS)], _TOP + 16 + 20 * number
        path = " ".join(place(size, seconds * 1000) for size, seconds in curve)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{p.split(",")[0]}" cy="{p.split(",")[1]}" r="3" fill="{colour}"/>' for p in path.split()]
        lines.append(f'<text x="{_WIDTH - _RIGHT + 14}" y="{row}" fill="{colour}">{name}</text>')
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="to 256 KB only")
    parser.add_argument("--svg", type=Path, help="write the plot here")
    arguments = parser.parse_args()
    for figure in measure(quick=arguments.quick, svg=arguments.svg):
        verdict = "" if figure.good is None else " ok" if figure.good else " MISSED"
        sys.stdout.write(f"{figure.name}: {figure.measured} (target {figure.target}){verdict}\n")
