"""The policy: what it says, where that comes from, when it changes, and who has to read it again."""
