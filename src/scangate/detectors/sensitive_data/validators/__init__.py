"""Functions that decide whether a match is what it looks like: check digits, structure, randomness. One name each for rules."""
