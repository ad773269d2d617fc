"""SQL of any dialect: tokens, shapes, risks and the finder that puts them together."""
