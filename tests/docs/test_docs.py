"""The documentation cannot drift: reference pages are what the code says today, and links lead somewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from docs.generate import PAGES, render

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
SKIPPED = {"build", "dist", "data"}
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def markdown_files() -> list[Path]:
    top = [path for path in ROOT.iterdir() if path.name not in SKIPPED and not path.name.startswith(".")]
    pages = [page for path in top if path.is_dir() for page in path.rglob("*.md")]
    return sorted([*pages, *(path for path in top if path.suffix == ".md")])


FILES = markdown_files()
LINKS = [
    (path, target)
    for path in FILES
    for target in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    if not re.match(r"[a-z][a-z0-9+.-]*:", target)
]


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    titles = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "").lower() for title in titles]
    return frozenset(re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in plain)


@pytest.mark.parametrize("name", PAGES)
def test_reference_page_is_what_the_code_says(name: str) -> None:
    committed = REFERENCE / name
    assert committed.is_file(), f"docs/reference/{name} is missing: run `make docs`"
    assert committed.read_text(encoding="utf-8") == render(name), f"docs/reference/{name} is out of date: run `make docs`"


def test_reference_holds_no_page_that_nothing_generates() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)


def test_generated_pages_name_every_setting_option_metric_error_and_detector() -> None:
    """Guards the generator itself: a page that forgot to walk something would still equal its committed copy."""
    from scangate.detectors.registry import REGISTRY
    from scangate.errors import ScangateError
    from scangate.settings import Settings
    from scangate.telemetry import metrics

    expected = {
        "settings.md": [f"`SCANGATE_{path}`" for path in setting_paths(Settings)],
        "detectors.md": [f"## {spec.name.value}\n" for spec in REGISTRY],
        "errors.md": [f"`{error.code}`" for error in ScangateError.__subclasses__() if error.__module__ == "scangate.errors"],
        "metrics.md": re.findall(r'"(scangate_\w+)"', Path(metrics.__file__).read_text(encoding="utf-8")),
        "cli.md": [f"## scangate {command}\n" for command in ("serve", "scan", "profiles apply", "keys revoke", "feeds import")],
    }
    for page, words in expected.items():
        text = render(page)
        assert words and [word for word in words if word not in text] == [], page


def setting_paths(group: object, prefix: str = "") -> list[str]:
    paths: list[str] = []
    for name, field in getattr(group, "model_fields", {}).items():
        nested = setting_paths(field.annotation, f"{prefix}{name.upper()}__")
        paths += nested or [f"{prefix}{name.upper()}"]
    return paths


@pytest.mark.parametrize(("path", "target"), LINKS, ids=[f"{path.relative_to(ROOT)}:{target}" for path, target in LINKS])
def test_relative_link_leads_somewhere(path: Path, target: str) -> None:
    file, _, anchor = target.partition("#")
    resolved = (path.parent / file).resolve() if file else path
    assert resolved.exists(), f"{path.relative_to(ROOT)} links to {target}, which does not exist"
    if anchor and resolved.suffix == ".md":
        assert anchor in anchors(resolved), f"{path.relative_to(ROOT)} links to {target}, a heading that does not exist"


def test_every_page_of_docs_is_reachable_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(path.parent / target.partition("#")[0]).resolve() for path, target in LINKS if path == index}
    pages = {path for path in FILES if path.is_relative_to(ROOT / "docs") and path != index}
    assert len(pages) > 10
    assert pages - linked == set()


def test_every_detector_has_a_readme() -> None:
    folders = [path.parent for path in (ROOT / "src" / "scangate" / "detectors").glob("*/__init__.py")]
    assert folders
    assert [folder.name for folder in folders if not (folder / "README.md").is_file()] == []


def test_pages_name_no_path_of_the_machine_that_they_were_written_on() -> None:
    assert len(FILES) > 15
    own = re.compile(r"/(?:work|root|home/\w+|Users/\w+)/", re.IGNORECASE)
    assert [str(path.relative_to(ROOT)) for path in FILES if own.search(path.read_text(encoding="utf-8"))] == []
