"""The parts of a page, one file for each: how it must read, what must hold of it."""
