"""Scangate between two parties: in front of a model, in front of MCP servers, and as an MCP server itself."""
