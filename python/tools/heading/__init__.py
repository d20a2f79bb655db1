"""The parts of a page, one file for each: what it must say, and what must hold of it.

Each file has a `NAME`, a function `text` that says how the part must read (None:
that cannot be said, for a program is missing or fails), `STALE`, the finding where
it reads otherwise, and `check` for what only its author can mend.
"""
