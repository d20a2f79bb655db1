"""Everything that is not an example: the mock API, a database, the tools."""
