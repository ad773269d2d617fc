"""The command line: `scangate COMMAND`. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import sys

import typer

from scangate import __version__
from scangate.cli import accounts, apps, deployments, feeds, keys, logs, profiles, replay, roles, scan, serve, tenants, topics
from scangate.cli.eval import evaluate
from scangate.errors import ScangateError

app = typer.Typer(
    name="scangate",
    help="AI runtime security on your own machine: scans prompts, responses, code and tool calls.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("scan")(scan.scan)
app.command("eval")(evaluate)
profiles.app.command("test")(replay.test_profile)
app.add_typer(profiles.app, name="profiles")
app.add_typer(topics.app, name="topics")
app.add_typer(tenants.app, name="tenants")
app.add_typer(deployments.app, name="deployments")
app.add_typer(apps.app, name="apps")
app.add_typer(keys.app, name="keys")
app.add_typer(roles.app, name="roles")
app.add_typer(accounts.app, name="accounts")
app.add_typer(logs.app, name="logs")
app.add_typer(feeds.app, name="feeds")


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def run() -> None:
    """The console script: what went wrong on purpose is one clear line and exit code 2."""
    try:
        app()
    except ScangateError as error:
        typer.echo(f"scangate: {error.message}", err=True)
        sys.exit(2)
