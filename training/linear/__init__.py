"""Trains the linear models of `scangate.inference.linear` and what combines them with rules.

`python -m training.linear --data PATH` writes the prompt injection model and its weights; see README.md.
"""
