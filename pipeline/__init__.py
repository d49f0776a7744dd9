"""Boilover's library: chats in, assessments out. No sockets, no clock, no environment."""
