"""A tenant's own data profiles: their documents, matchers and rules. Nothing here knows where they are stored."""
