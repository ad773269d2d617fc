"""`python -m scangate`."""

from scangate.cli.main import run

run()
