"""What people may know and demand of what is kept about them."""
