"""What operators see of a running bot: how it does, how it did, and whether its books are right."""
