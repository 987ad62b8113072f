"""Nothing is kept longer than it is said to be: seen no more at once, deleted soon after, and erased when nobody comes back."""
