"""What is declared once must agree with everything written about it."""
