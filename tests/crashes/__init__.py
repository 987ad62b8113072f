"""Every place where a process can die, one after the other: whatever a crash leaves, starting again makes it whole."""
