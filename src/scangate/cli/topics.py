"""`scangate topics`: custom topics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from scangate.cli.installation import AsJson, DataDir, Tenant, on_installation, print_json
from scangate.cli.operators import command_line
from scangate.cli.plans import local_resources
from scangate.cli.profiles import read_document
from scangate.cli.rows import opened
from scangate.detectors.topic_guardrails.evaluation import LabelledText
from scangate.detectors.topic_guardrails.library import find_in_library, load_library
from scangate.domain.taxonomy import Side
from scangate.errors import RequestInvalidError
from scangate.evaluation.rows import RowFormat
from scangate.identity.principal import COMMAND_LINE, Operator
from scangate.profiles.topic_repository import Topic
from scangate.profiles.topic_reviews import TopicReviews, evaluation_object, review_object
from scangate.profiles.topics import TopicDraft, Topics, checked_topic, draft_of, topic_object

app = typer.Typer(help="List, store and delete custom topics.", no_args_is_help=True)
T = TypeVar("T")
_EVALUATION_SECONDS = 3600.0


def _on_topics(data_dir: Path | None, tenant: str | None, work: Callable[[Topics, Operator], Awaitable[T]]) -> T:
    return on_installation(data_dir, lambda database, tsg_id: work(Topics(database), command_line(tsg_id)), tenant=tenant)


@app.command("list")
def list_topics(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the topics."""
    found = _on_topics(data_dir, tenant, lambda topics, operator: topics.page(operator.tsg_id))
    if as_json:
        print_json([topic_object(topic) for topic in found])
        return
    table = Table("name", "revision", Column("id", no_wrap=True), "examples", "changed", "by")
    for topic in found:
        changed = f"{topic.last_modified_at:%Y-%m-%d %H:%M}"
        table.add_row(topic.topic_name, str(topic.revision), topic.topic_id, str(len(topic.examples)), changed, topic.updated_by)
    Console().print(table)


@app.command("apply")
def apply_topics(
    file: Annotated[
        Path, typer.Argument(help="A topic (topic_name, description, examples) or a list of topics, as JSON or YAML.")
    ],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Store topics, each as the next revision of its name; all of them or none. Says what may weaken them."""
    document = read_document(file)
    drafts = [_draft(entry) for entry in (document if isinstance(document, list) else [document])]
    _store(drafts, tenant, data_dir, as_json=as_json)


@app.command("library")
def list_library(as_json: AsJson = False) -> None:
    """List the ready topics that `topics add` stores."""
    found = load_library().values()
    if as_json:
        print_json(
            [
                {
                    "id": topic.id,
                    "group": topic.group,
                    "topic_name": topic.name,
                    "description": topic.description,
                    "examples": list(topic.examples),
                }
                for topic in found
            ]
        )
        return
    table = Table(Column("id", no_wrap=True), "group", "name", "description")
    for topic in found:
        table.add_row(topic.id, topic.group, topic.name, topic.description)
    Console().print(table)


@app.command("add")
def add_topic(
    from_library: Annotated[list[str], typer.Option("--from-library", help="A ready topic's id or name; may be given again.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Store ready topics of the library, each as the next revision of its name."""
    ready = [find_in_library(name) for name in from_library]
    drafts = [checked_topic(topic.name, topic.description, list(topic.examples)) for topic in ready]
    _store(drafts, tenant, data_dir, as_json=as_json)


@app.command("eval")
def evaluate_topic(
    topic: Annotated[str, typer.Argument(help="A stored topic's name or id, a ready topic's id, or a file with a topic.")],
    file: Annotated[Path, typer.Argument(help="Rows with text, label (1: about the topic) and lang as JSON lines; - for stdin.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Measure a topic on labelled rows: coverage, false alarms, the worst mistakes, and a change that would help."""
    rows = _rows(file)
    draft = _named(topic, tenant, data_dir)

    async def work(topics: Topics, _operator: Operator) -> dict[str, Any]:
        reviews = TopicReviews(topics, local_resources(data_dir))
        return evaluation_object(await reviews.evaluate(draft, rows, seconds=_EVALUATION_SECONDS), rows)

    found = _on_topics(data_dir, tenant, work)
    if as_json:
        print_json(found)
    else:
        _print_evaluation(found)


def _rows(file: Path) -> list[LabelledText]:
    with opened(file) as stream:
        found = RowFormat(frozenset(Side)).read(stream)
    return [LabelledText(row.text, row.label) for row in found]


def _named(topic: str, tenant: str | None, data_dir: Path | None) -> TopicDraft:
    """From a file, the tenant's topics or the library, the first that has it."""
    if Path(topic).is_file():
        return _draft(read_document(Path(topic)))
    if topic.strip().casefold() in load_library():
        ready = find_in_library(topic)
        return checked_topic(ready.name, ready.description, list(ready.examples))
    return draft_of(_on_topics(data_dir, tenant, lambda topics, operator: topics.find(operator.tsg_id, topic)))


def _store(drafts: Sequence[TopicDraft], tenant: str | None, data_dir: Path | None, *, as_json: bool) -> None:
    async def work(topics: Topics, operator: Operator) -> list[tuple[Topic, dict[str, Any]]]:
        reviews = TopicReviews(topics, local_resources(data_dir))
        stored = await topics.apply_all(operator, drafts, by=COMMAND_LINE)
        return [
            (topic, review_object(await reviews.review(operator.tsg_id, draft)))
            for topic, draft in zip(stored, drafts, strict=True)
        ]

    stored = _on_topics(data_dir, tenant, work)
    if as_json:
        print_json([{**topic_object(topic), "review": review} for topic, review in stored])
        return
    for topic, review in stored:
        typer.echo(f"{topic.topic_name}: revision {topic.revision}, id {topic.topic_id}")
        for warning in review["warnings"]:
            typer.echo(f"  warning: {warning['message']}", err=True)


def _print_evaluation(found: dict[str, Any]) -> None:
    console = Console()
    table = Table("rows", "about the topic", "coverage", "false alarms")
    table.add_row(str(found["rows"]), str(found["about_the_topic"]), _share(found["coverage"]), _share(found["false_alarms"]))
    console.print(table)
    if found["worst_mistakes"]:
        mistakes = Table("row", "label", "score", "text", title="Worst mistakes")
        for mistake in found["worst_mistakes"]:
            mistakes.add_row(str(mistake["row"]), str(mistake["label"]), f"{mistake['score']:.2f}", mistake["text"])
        console.print(mistakes)
    suggestion = found["suggestion"]
    if suggestion is not None:
        shares = f"coverage {_share(suggestion['coverage'])}, false alarms {_share(suggestion['false_alarms'])}"
        console.print(f"Better on these rows: {suggestion['change']} ({shares})", markup=False)
        print_json(suggestion["topic"])


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _draft(entry: object) -> TopicDraft:
    if not isinstance(entry, dict):
        raise RequestInvalidError("a topic is an object with topic_name, description and examples")
    return checked_topic(entry.get("topic_name"), entry.get("description"), entry.get("examples"), active=entry.get("active"))


@app.command("delete")
def delete_topic(
    topic: Annotated[str, typer.Argument(help="A topic's name or id.")],
    force: Annotated[bool, typer.Option("--force", help="Delete it even where profiles refer to it.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete a topic that no revision of a profile refers to."""

    async def work(topics: Topics, operator: Operator) -> Topic:
        found = await topics.find(operator.tsg_id, topic)
        return await topics.remove(operator, found.topic_id, forced_by=COMMAND_LINE if force else None)

    removed = _on_topics(data_dir, tenant, work)
    if as_json:
        print_json({"topic_id": removed.topic_id, "topic_name": removed.topic_name})
    else:
        typer.echo(f"deleted {removed.topic_name}: id {removed.topic_id}")
