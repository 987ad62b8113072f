"""What people are promised: claims about what is kept and done, and the text that is made from them."""
