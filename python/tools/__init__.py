"""Find and run pairs, keep the pages true, compare.

To know how a page is kept true, read in this order: catalogue (which pairs there are),
page (a page, parsed), heading/* (what each part of a page must say), pages (all parts),
checks (what must hold), __main__ (check, write, new).
"""
