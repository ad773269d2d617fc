"""A reverse proxy in front of a model's API that scans what goes in and what comes out."""
