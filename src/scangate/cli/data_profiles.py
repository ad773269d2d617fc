"""`scangate data-profiles`: the predefined data profiles and the tenant's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from scangate.cli.installation import AsJson, DataDir, Tenant, on_configured, print_json
from scangate.cli.operators import command_line
from scangate.cli.profiles import read_document
from scangate.cli.rows import opened
from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.detectors.sensitive_data.data_profiles import predefined_profiles
from scangate.detectors.sensitive_data.own.exact_data import column_of
from scangate.errors import RequestInvalidError
from scangate.identity.principal import COMMAND_LINE, Operator
from scangate.profiles.data_profile_changes import DataProfile, data_profile_object
from scangate.profiles.data_profiles import DataProfiles, ImportResult
from scangate.profiles.pepper import pepper_of
from scangate.settings import Settings

app = typer.Typer(help="List, store, fill and delete data profiles.", no_args_is_help=True)
T = TypeVar("T")

DataProfileName = Annotated[str, typer.Argument(help="An own data profile's name or id.")]
PatternName = Annotated[str | None, typer.Option(help="The pattern's name; not needed where there is one of that type.")]


def _on_data_profiles(data_dir: Path | None, tenant: str | None, work: Callable[[DataProfiles, Operator], Awaitable[T]]) -> T:
    async def run(database: Database, settings: Settings, tsg_id: str) -> T:
        return await work(DataProfiles(database, Resources(), pepper_of(settings)), command_line(tsg_id))

    return on_configured(data_dir, run, tenant=tenant)


@app.command("list")
def list_data_profiles(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the data profiles that a security profile may name: the predefined ones, then the tenant's own."""
    own = _on_data_profiles(data_dir, tenant, lambda profiles, operator: profiles.page(operator.tsg_id))
    if as_json:
        predefined = [
            {"data_profile_name": each.name, "type": "predefined", "description": each.description}
            for each in predefined_profiles()
        ]
        print_json([*predefined, *map(data_profile_object, own)])
        return
    table = Table("name", "type", "revision", Column("id", no_wrap=True), "changed")
    for each in predefined_profiles():
        table.add_row(each.name, "predefined", str(each.version), each.ids[0] if each.ids else "", "")
    for profile in own:
        stored = profile.stored
        changed = f"{stored.last_modified_at:%Y-%m-%d %H:%M}"
        table.add_row(stored.data_profile_name, "custom", str(stored.revision), stored.data_profile_id, changed)
    Console().print(table)


@app.command("show")
def show_data_profile(
    data_profile: DataProfileName,
    tenant: Tenant = None,
    as_json: AsJson = False,  # noqa: ARG001 - it always prints JSON; the option is there as everywhere
    data_dir: DataDir = None,
) -> None:
    """Print an own data profile as JSON, as `apply` takes it."""
    found = _on_data_profiles(data_dir, tenant, lambda profiles, operator: profiles.find(operator.tsg_id, data_profile))
    print_json(data_profile_object(found))


@app.command("apply")
def apply_data_profile(
    file: Annotated[Path, typer.Argument(help="A data profile (data_profile_name, patterns, rules) as JSON or YAML.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Store a document as the next revision of its data profile; a running server uses it within a second."""
    document = read_document(file)
    stored = _on_data_profiles(data_dir, tenant, lambda profiles, operator: profiles.apply(operator, document, by=COMMAND_LINE))
    if as_json:
        print_json(data_profile_object(stored))
    else:
        _say(stored)


def _say(profile: DataProfile) -> None:
    stored = profile.stored
    typer.echo(f"{stored.data_profile_name}: revision {stored.revision}, id {stored.data_profile_id}")


@app.command("delete")
def delete_data_profile(
    data_profile: DataProfileName,
    force: Annotated[bool, typer.Option("--force", help="Delete it even where security profiles refer to it.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete a data profile that no revision of a security profile refers to, with all that was imported for it."""

    async def work(profiles: DataProfiles, operator: Operator) -> DataProfile:
        found = await profiles.find(operator.tsg_id, data_profile)
        return await profiles.remove(operator, found.stored.data_profile_id, forced_by=COMMAND_LINE if force else None)

    removed = _on_data_profiles(data_dir, tenant, work).stored
    if as_json:
        print_json({"data_profile_id": removed.data_profile_id, "data_profile_name": removed.data_profile_name})
    else:
        typer.echo(f"deleted {removed.data_profile_name}: id {removed.data_profile_id}")


@app.command("import-values")
def import_values(
    data_profile: DataProfileName,
    file: Annotated[Path, typer.Argument(help="One value a line, or a CSV file with a header; - for standard input.")],
    column: Annotated[str | None, typer.Option(help="The column of a CSV file; without it every line is a value.")] = None,
    pattern: PatternName = None,
    append: Annotated[bool, typer.Option("--append", help="Add to the values that are stored.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Hash a column under the tenant's key, for a pattern of exact data. Nothing but the hashes is stored."""
    text = _text_of(file)
    try:
        values = list(column_of(text, column))
    except ValueError as error:
        raise RequestInvalidError(f"{str(file)!r}: {error}") from None

    async def work(profiles: DataProfiles, operator: Operator) -> ImportResult:
        found = await profiles.find(operator.tsg_id, data_profile)
        return await profiles.import_values(
            operator, found.stored.data_profile_id, values, by=COMMAND_LINE, pattern=pattern, append=append
        )

    _say_import(_on_data_profiles(data_dir, tenant, work), "values", as_json=as_json)


@app.command("fingerprint")
def fingerprint_document(
    data_profile: DataProfileName,
    file: Annotated[Path, typer.Argument(help="A text in UTF-8; - for standard input.")],
    name: Annotated[str | None, typer.Option(help="The document's name; by default the file's.")] = None,
    pattern: PatternName = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Fingerprint a document under the tenant's key, for a pattern of fingerprints. Nothing but the hashes is stored."""
    text = _text_of(file)

    async def work(profiles: DataProfiles, operator: Operator) -> ImportResult:
        found = await profiles.find(operator.tsg_id, data_profile)
        return await profiles.import_document(
            operator, found.stored.data_profile_id, name or file.name, text, by=COMMAND_LINE, pattern=pattern
        )

    _say_import(_on_data_profiles(data_dir, tenant, work), "words", as_json=as_json)


@app.command("renew-key")
def renew_key(
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask: everything that was imported for the tenant is forgotten.")
    ] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Begin with a new key under the pepper of now and forget all imported values and documents: import them again."""
    if not yes:
        typer.confirm("All imported values and documents of the tenant are forgotten. Go on?", abort=True)
    changed = _on_data_profiles(data_dir, tenant, lambda profiles, operator: profiles.renew_key(operator, by=COMMAND_LINE))
    if as_json:
        print_json([data_profile_object(each) for each in changed])
        return
    typer.echo(f"new key; data profiles that lost their imports: {len(changed)}")
    for each in changed:
        _say(each)


def _text_of(file: Path) -> str:
    with opened(file) as stream:
        data = stream.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestInvalidError(f"{str(file)!r} is not text in UTF-8, at byte {error.start}") from None


def _say_import(result: ImportResult, what: str, *, as_json: bool) -> None:
    stored = result.data_profile.stored
    if as_json:
        print_json(
            {
                "data_profile_id": stored.data_profile_id,
                "revision": stored.revision,
                "pattern": result.pattern,
                "size": result.size,
                "skipped": result.skipped,
            }
        )
        return
    left_out = f", {result.skipped} left out as too short or too long" if result.skipped else ""
    typer.echo(f"{stored.data_profile_name}, {result.pattern}: {result.size} {what} stored{left_out}; revision {stored.revision}")
