"""The rules of Darkroom: plain values and functions, standard library only."""
