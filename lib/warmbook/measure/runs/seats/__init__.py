"""The seats of a class: found, added up, and shown as a page and as a table."""
