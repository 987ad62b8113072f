"""Tickets, notices, looks and servers: what passes between people and whoever runs the bot."""
