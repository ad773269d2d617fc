"""Measuring a detector on labelled rows: rows in, judgements, figures out. `scangate eval` and `make eval` are its users."""
