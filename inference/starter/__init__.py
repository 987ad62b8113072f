"""A very small text-to-image model of our own: how its pictures, words, weights and scores come about."""
