"""Everything that may die or stall, dying and stalling at random, while people go on asking for pictures."""
