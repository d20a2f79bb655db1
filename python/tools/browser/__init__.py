"""A real browser for the programs that run in a web page."""
