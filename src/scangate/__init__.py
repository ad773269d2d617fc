"""Scangate: self-hosted AI runtime security. One sentence of architecture: content in, one verdict out."""

__version__ = "0.1.0"
