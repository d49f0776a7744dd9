"""Deterministic ids: the same content always gives the same id, on every machine."""

from __future__ import annotations

from hashlib import blake2b


def digest(*parts: str) -> str:
    """16 hex digits of a hash over the parts; borders between parts count."""
    state = blake2b(digest_size=8)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()
