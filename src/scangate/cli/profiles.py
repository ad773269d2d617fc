"""`scangate profiles`: security profiles and their revisions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import yaml
from rich.console import Console
from rich.table import Column, Table

from scangate.cli.installation import AsJson, DataDir, Tenant, on_configured, print_json
from scangate.cli.operators import command_line
from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.detectors.registry import REGISTRY
from scangate.errors import ProfileInvalidError
from scangate.identity.principal import COMMAND_LINE, Operator
from scangate.profiles.documents import profile_object
from scangate.profiles.pepper import pepper_of
from scangate.profiles.repository import ProfileRevision
from scangate.profiles.service import Profiles
from scangate.settings import Settings

app = typer.Typer(help="List, show, change, test and delete security profiles.", no_args_is_help=True)
T = TypeVar("T")


def on_profiles(data_dir: Path | None, tenant: str | None, work: Callable[[Profiles, Operator], Awaitable[T]]) -> T:
    """Run `work(profiles, operator)` for a tenant; the audit log says that it was the command line.

    Raises:
        ConfigurationError, RequestInvalidError: there is no sound installation there, or no such tenant.
    """

    async def run(database: Database, settings: Settings, tsg_id: str) -> T:
        resources = Resources(data_dir=settings.data_dir)  # where the server's compiled rules are
        return await work(Profiles(database, REGISTRY, resources, pepper_of(settings)), command_line(tsg_id))

    return on_configured(data_dir, run, tenant=tenant)


def read_document(file: Path) -> object:
    """A document from a JSON or YAML file.

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


def _print(found: list[ProfileRevision], *, as_json: bool) -> None:
    if as_json:
        print_json([profile_object(revision) for revision in found])
        return
    table = Table("name", "revision", Column("id", no_wrap=True), "changed", "by")
    for revision in found:
        changed = f"{revision.last_modified_at:%Y-%m-%d %H:%M}"
        table.add_row(revision.profile_name, str(revision.revision), revision.profile_id, changed, revision.updated_by)
    Console().print(table)


@app.command("list")
def list_profiles(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the newest revision of every profile."""
    found = on_profiles(data_dir, tenant, lambda profiles, operator: profiles.list_latest(operator.tsg_id))
    _print(found, as_json=as_json)


@app.command("revisions")
def list_revisions(
    name: Annotated[str, typer.Argument(help="A profile's name.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List every revision of a profile, newest first."""
    _print(on_profiles(data_dir, tenant, lambda profiles, operator: profiles.revisions(operator.tsg_id, name)), as_json=as_json)


@app.command("show")
def show_profile(
    profile: Annotated[str, typer.Argument(help="A profile's name or id.")],
    revision: Annotated[int | None, typer.Option(help="A revision of that name; by default the newest.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,  # noqa: ARG001 - it always prints JSON; the option is there as everywhere
    data_dir: DataDir = None,
) -> None:
    """Print a profile document as JSON, as `apply` takes it."""
    found = on_profiles(data_dir, tenant, lambda profiles, operator: profiles.show(operator.tsg_id, profile, revision=revision))
    print_json(profile_object(found))


@app.command("apply")
def apply_profile(
    file: Annotated[Path, typer.Argument(help="A profile document (profile_name, policy) as JSON or YAML.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Store a document as the next revision of its profile; a running server uses it within a second."""
    document = read_document(file)
    stored = on_profiles(data_dir, tenant, lambda profiles, operator: profiles.apply(operator, document, by=COMMAND_LINE))
    if as_json:
        print_json(profile_object(stored))
    else:
        typer.echo(f"{stored.profile_name}: revision {stored.revision}, id {stored.profile_id}")


@app.command("delete")
def delete_profile(
    profile: Annotated[str, typer.Argument(help="The id of a revision, or a profile's name.")],
    revision: Annotated[int | None, typer.Option(help="The revision of that name to delete.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Delete all revisions of that name.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Delete even what applications scan with.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete one revision of a profile, or all of them."""

    async def work(profiles: Profiles, operator: Operator) -> list[ProfileRevision]:
        forced_by = COMMAND_LINE if force else None
        if everything:
            return await profiles.remove_all(operator, profile, forced_by=forced_by)
        found = await profiles.show(operator.tsg_id, profile, revision=revision)
        if revision is None and found.profile_id != profile and len(await profiles.revisions(operator.tsg_id, profile)) > 1:
            raise ProfileInvalidError(f"{profile!r} has several revisions: give an id, --revision or --all")
        return [await profiles.remove(operator, found.profile_id, forced_by=forced_by)]

    removed = on_profiles(data_dir, tenant, work)
    if as_json:
        print_json([{"profile_id": each.profile_id, "revision": each.revision} for each in removed])
    else:
        for each in removed:
            typer.echo(f"deleted {each.profile_name}: revision {each.revision}, id {each.profile_id}")


def document_of(stored: ProfileRevision) -> dict[str, Any]:
    """What `checked_profile` takes."""
    return {"profile_name": stored.profile_name, "policy": stored.policy, "active": stored.active}
