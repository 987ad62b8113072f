"""Wishes and news over Redis, to workers on other machines, and both ends of it."""
