"""Rows: one module a kind of record, one writer of the books, and the tables they all lie in."""
