"""What operators see from outside: health, figures, the live view, and what a service manager is told."""
