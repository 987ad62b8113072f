"""Conversations: what people say and hear, one behaviour a file."""
