"""The pairs: find them, run them, compare them, keep their pages true."""
