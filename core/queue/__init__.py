"""Whose turn it is among servers, people and requests, and what is being drawn: plain values, which nothing is asked of."""
