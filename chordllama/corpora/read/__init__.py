"""A source's files to documents."""
