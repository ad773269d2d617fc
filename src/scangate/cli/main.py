"""The command line: `scangate COMMAND`. Only the module of the command that was asked for is imported: all of them take a second."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import typer

from scangate import __version__
from scangate.errors import ScangateError

_COMMANDS: Final = {
    "serve": "serve",
    "scan": "scan",
    "eval": "evaluate",
    "proxy": "proxy",
    "mcp": "mcp",
    "mcp-relay": "mcp_relay",
}
"""Module to the function in it that is the command."""
_GROUPS: Final = {
    "profiles": "replay",  # adds `test` to the commands of the module `profiles`
    "topics": "topics",
    "data-profiles": "data_profiles",
    "tenants": "tenants",
    "deployments": "deployments",
    "apps": "apps",
    "keys": "keys",
    "roles": "roles",
    "accounts": "accounts",
    "users": "users",
    "logs": "logs",
    "feeds": "feeds",
}
"""Group of commands to the module whose `app` it is."""


def command_line(only: str | None = None) -> typer.Typer:
    """All commands, or one of them (and `version`)."""
    app = typer.Typer(
        name="scangate",
        help="AI runtime security on your own machine: scans prompts, responses, code and tool calls.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name, function in _COMMANDS.items():
        if only in (None, name):
            app.command(name)(getattr(import_module(f"scangate.cli.{name.replace('-', '_')}"), function))
    for name, module in _GROUPS.items():
        if only in (None, name):
            app.add_typer(import_module(f"scangate.cli.{module}").app, name=name)

    @app.command("version")
    def version() -> None:
        """Print the version."""
        typer.echo(__version__)

    @app.callback()
    def several() -> None:
        """Typer would take a single command for the whole program."""

    return app


def run() -> None:
    """The console script: what went wrong on purpose is one clear line and exit code 2."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    known = asked == "version" or asked in _COMMANDS or asked in _GROUPS
    try:
        command_line(asked if known else None)()
    except ScangateError as error:
        typer.echo(f"scangate: {error.message}", err=True)
        sys.exit(2)
