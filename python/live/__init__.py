"""The site: its pages, and what runs in them."""
