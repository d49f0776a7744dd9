"""What the user asked of an audit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from pipeline.formats.format import ReadOptions
from pipeline.records import Conversation


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` disjoint shares of the conversations; 1 <= index <= count."""

    index: int
    count: int

    def holds(self, conversation: Conversation) -> bool:
        """Whether the conversation is in this share: by a hash of source and id, the same on every machine."""
        key = f"{conversation.source}\0{conversation.conversation_id}".encode("utf-8", "surrogatepass")
        value = int.from_bytes(blake2b(key, digest_size=8).digest(), "big")
        return value % self.count == self.index % self.count


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """One audit. Everything that changes what is written takes part in ``key.audit_key``."""

    paths: tuple[str, ...]
    """Files, folders and globs, as given."""
    out: Path
    format_name: str = "auto"
    read: ReadOptions = field(default_factory=ReadOptions)
    shard: Shard | None = None
    as_of: datetime | None = None
    """Deadlines are judged up to this moment; ``None`` judges them up to each chat's last message."""
    config: Path | None = None
    shown: int = 50
    """How many of the riskiest conversations the report holds with their chat."""
    printed: int = 10
    """How many of them are printed."""
    restart: bool = False
    """Discard what an earlier run left in ``out``."""
