"""What people allow, object to, restrict and say about themselves."""
