"""What people ask for by right, allow or forbid, and what they are told of it."""
