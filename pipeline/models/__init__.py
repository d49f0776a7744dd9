"""Inference: the message scorer and the conversation head, without torch."""
