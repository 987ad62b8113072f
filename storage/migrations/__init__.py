"""The schema's history, one folder a store: `records` for the database, `keys` for the key store."""
