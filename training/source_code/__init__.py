"""How the trees of the source code detector were made: `python -m training.source_code --help`."""
