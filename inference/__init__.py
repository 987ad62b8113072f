"""Drawing: the worker, its engines, and the pictures they make."""
