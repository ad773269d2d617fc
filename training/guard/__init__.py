"""Training of the neural guard: one encoder body with heads for injection, injection kind, toxic categories and agent threats.

The pieces, in the order in which they run: `pools` and `fragments` read rows, `compose` makes new ones, `recipe` decides what is
trained on, `train` fits, `calibrate` fixes thresholds, `export` writes what the service loads, `evaluate` reports.
"""
