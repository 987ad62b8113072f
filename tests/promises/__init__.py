"""What /privacy promises, one file a promise."""
