"""The figures for people: tables drawn from the object that `summarise` made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

JsonObject = dict[str, Any]
GROUPS_SHOWN: Final = 50
_FIGURES: Final = (
    ("precision", "precision"),
    ("recall", "recall"),
    ("f1", "F1"),
    ("fpr", "false-positive rate"),
    ("accuracy", "accuracy"),
    ("auc", "AUC"),
    ("recall_at_fpr_1", "recall at 1 % false positives"),
    ("threshold", "  at the score"),
)
_RATES: Final = ("precision", "recall", "f1", "fpr", "accuracy")
_COUNTS: Final = ("tp", "fp", "tn", "fn")


def fraction(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def printable(text: str) -> Text:
    """Text from a file, on one line, unable to command the terminal or to be read as markup."""
    return Text("".join(character if character.isprintable() else "�" for character in " ".join(text.split())))


def tables(summary: JsonObject) -> Iterator[RenderableType]:
    """Everything, in reading order."""
    yield _figures(summary)
    if "kinds" in summary:
        yield _kinds(summary)
    if "spans" in summary:
        yield _spans(summary["spans"])
    yield _sweep(summary["sweep"])
    for field, groups in summary["groups"].items():
        yield _groups(field, groups)
    if summary["worst"]:
        yield _worst(summary["worst"], list(summary["groups"]))


def _table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in left:
        table.add_column(Text(name), overflow="fold")
    for name in right:
        table.add_column(name, justify="right")
    return table


def _figures(summary: JsonObject) -> Table:
    table = _table("Figures", [""], [""])
    table.show_header = False
    table.add_row("rows", str(summary["n"]))
    for key in ("timeouts", "errors"):
        table.add_row(f"{key} (in no figure)", str(summary[key]))
    table.add_row("hits, false alarms, passed, missed", ", ".join(str(summary[key]) for key in _COUNTS))
    for key, title in _FIGURES:
        table.add_row(title, fraction(summary[key]))
    if summary["median_ms"] is not None:
        table.add_row("ms a row, median and 95 %", f"{summary['median_ms']:.2f}, {summary['p95_ms']:.2f}")
    return table


def _kinds(summary: JsonObject) -> Table:
    table = _table("By kind", ["kind"], (*_COUNTS, "precision", "recall", "f1"))
    for name, figures in summary["kinds"].items():
        counts = (str(figures[key]) for key in _COUNTS)
        table.add_row(printable(name), *counts, *(fraction(figures[key]) for key in ("precision", "recall", "f1")))
    empty, hit = summary["empty_rows"], summary["empty_rows_hit"]
    table.caption = f"kinds exactly right: {fraction(summary['exact'])} of the rows; found where there is none: {hit} of {empty}"
    return table


def _spans(spans: JsonObject) -> Table:
    counts = ("labelled", "found", "findings", "right")
    rates = ("precision", "recall", "f1", "f2")
    table = _table("By place", ["group"], (*counts, *rates))
    for name, figures in (("all", spans), *spans["groups"].items()):
        table.add_row(printable(name), *(str(figures[key]) for key in counts), *(fraction(figures[key]) for key in rates))
    outside = ", ".join(f"{name} {count}" for name, count in spans["out_of_scope"].items())
    table.caption = Text(f"labelled but out of scope: {outside or 'none'}")
    return table


def _sweep(rows: Sequence[JsonObject]) -> Table:
    table = _table("If every score from a threshold on were flagged", ["threshold"], _RATES)
    for row in rows:
        table.add_row(f"{row['threshold']:.2f}", *(fraction(row[key]) for key in _RATES))
    return table


def _groups(field: str, groups: JsonObject) -> Table:
    rates = ("precision", "recall", "fpr", "auc")
    table = _table(f"By {printable(field)}", [field], ("n", *_COUNTS, *rates))
    for value, group in list(groups.items())[:GROUPS_SHOWN]:
        counts = (str(group[key]) for key in ("n", *_COUNTS))
        table.add_row(printable(value), *counts, *(fraction(group[key]) for key in rates))
    if len(groups) > GROUPS_SHOWN:
        table.caption = f"{len(groups) - GROUPS_SHOWN} smaller groups are in --json only"
    return table


def _mistake(row: JsonObject) -> str:
    if "found" in row:
        expected, found = (", ".join(row[key]) or "nothing" for key in ("expected", "found"))
        return f"{expected}, found {found}"
    return "missed" if row["label"] else "false alarm"


def _worst(rows: Sequence[JsonObject], by: Sequence[str]) -> Table:
    with_text = "text" in rows[0]
    table = _table("Worst mistakes", ["row", "score", "mistake", *by, *(["text"] if with_text else [])], [])
    for row in rows:
        mistake = printable(_mistake(row))
        groups = (printable(row["groups"][field]) for field in by)
        text = [printable(row["text"])] if with_text else []
        table.add_row(str(row["row"]), fraction(row["score"]), mistake, *groups, *text)
    return table
