"""Clues beyond single messages: repetition, promises, waiting."""
