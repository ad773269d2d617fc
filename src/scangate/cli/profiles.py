"""`scangate profiles`: security profiles, until the management API does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.table import Table

from scangate.cli.keys import DataDir, on_installation
from scangate.cli.operators import command_line
from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.detectors.registry import REGISTRY
from scangate.errors import ProfileInvalidError
from scangate.identity.principal import COMMAND_LINE
from scangate.profiles.repository import ProfileRevision
from scangate.profiles.service import Profiles

app = typer.Typer(help="List, show and change security profiles.", no_args_is_help=True)


def _profiles(database: Database) -> Profiles:
    return Profiles(database, REGISTRY, Resources())


def read_document(file: Path) -> object:
    """A profile document from a JSON or YAML file.

    Raises:
        ProfileInvalidError: the file cannot be read or parsed.
    """
    try:
        return yaml.safe_load(file.read_text())
    except OSError as error:
        raise ProfileInvalidError(f"cannot read {str(file)!r}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ProfileInvalidError(f"{str(file)!r} is neither JSON nor YAML{place}") from None


def _document(revision: ProfileRevision) -> dict[str, object]:
    return {
        "profile_id": revision.profile_id,
        "profile_name": revision.profile_name,
        "revision": revision.revision,
        "active": revision.active,
        "policy": revision.policy,
        "updated_by": revision.updated_by,
        "last_modified_ts": revision.last_modified_at.isoformat(),
    }


@app.command("list")
def list_profiles(data_dir: DataDir = None) -> None:
    """List the newest revision of every profile."""
    table = Table("name", "revision", "id", "changed", "by")
    for revision in on_installation(data_dir, lambda database, tsg_id: _profiles(database).list_latest(tsg_id)):
        changed = f"{revision.last_modified_at:%Y-%m-%d %H:%M}"
        table.add_row(revision.profile_name, str(revision.revision), revision.profile_id, changed, revision.updated_by)
    Console().print(table)


@app.command("show")
def show_profile(profile: Annotated[str, typer.Argument(help="A profile's name or id.")], data_dir: DataDir = None) -> None:
    """Print a profile document as JSON, as `apply` takes it."""
    revision = on_installation(data_dir, lambda database, tsg_id: _profiles(database).show(tsg_id, profile))
    typer.echo(json.dumps(_document(revision), indent=2, ensure_ascii=False))


@app.command("apply")
def apply_profile(
    file: Annotated[Path, typer.Argument(help="A profile document (profile_name, policy) as JSON or YAML.")],
    data_dir: DataDir = None,
) -> None:
    """Store a document as the next revision of its profile; a running server uses it within a second."""
    document = read_document(file)
    revision = on_installation(
        data_dir, lambda database, tsg_id: _profiles(database).apply(command_line(tsg_id), document, by=COMMAND_LINE)
    )
    typer.echo(f"{revision.profile_name}: revision {revision.revision}, id {revision.profile_id}")
