"""The project's own labelled sets, and the figures that no change may lower unnoticed."""
