"""How the model for unlisted URLs was made; see README.md."""
