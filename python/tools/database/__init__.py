"""A real PostgreSQL for the examples, from a locked Python package."""
