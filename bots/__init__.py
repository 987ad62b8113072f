"""People, operators and the wiring."""
