"""Wishes and news over the pipe of a worker on this machine, and both ends of it."""
