"""Pictures in a bucket of an S3-compatible store, where deleted means gone."""
