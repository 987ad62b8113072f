"""A request from its words to the pictures that somebody was told of."""
