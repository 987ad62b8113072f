"""Where things are kept: the database, the key store, blobs, and the way to the worker."""
