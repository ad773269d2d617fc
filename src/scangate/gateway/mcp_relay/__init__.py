"""A relay in front of MCP servers: declarations, calls and results are scanned, everything else passes as it is."""
