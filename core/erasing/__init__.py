"""How something ceases to be here: by its person's wish, by its time, and in everything that was restored."""
