"""Measurements, in ratios of one run where they can be: machines are noisy. Run with `make bench`."""
