"""Nothing is stored or logged that is not declared: read from live stores, never from the models."""
