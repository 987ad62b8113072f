"""Exports as files: made beside the conversation, fetched through a chat or by a link, and read again by another Darkroom."""
