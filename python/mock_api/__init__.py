"""The mock API that every example talks to: a small social-media service."""
