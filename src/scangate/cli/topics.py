"""`scangate topics`: custom topics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from scangate.cli.installation import AsJson, DataDir, Tenant, on_installation, print_json
from scangate.cli.operators import command_line
from scangate.cli.profiles import read_document
from scangate.errors import RequestInvalidError
from scangate.identity.principal import COMMAND_LINE, Operator
from scangate.profiles.topic_repository import Topic
from scangate.profiles.topics import TopicDraft, Topics, checked_topic, topic_object

app = typer.Typer(help="List, store and delete custom topics.", no_args_is_help=True)
T = TypeVar("T")


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
    """Store topics, each as the next revision of its name; all of them or none."""
    document = read_document(file)
    drafts = [_draft(entry) for entry in (document if isinstance(document, list) else [document])]
    stored = _on_topics(data_dir, tenant, lambda topics, operator: topics.apply_all(operator, drafts, by=COMMAND_LINE))
    if as_json:
        print_json([topic_object(topic) for topic in stored])
    else:
        for topic in stored:
            typer.echo(f"{topic.topic_name}: revision {topic.revision}, id {topic.topic_id}")


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
