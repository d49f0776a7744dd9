"""The causal conversation head in its torch form: a gated recurrent unit over the messages of one chat.

After each message it corrects the message's own logits (anger, frustration, polarity, signals, acts) by what was said
before, gives the risk of an escalation that is still to come, and says what the conversation is about, where it stands and how
it ends. ``pipeline.models.context`` computes the same in numpy, one message at a time, with a state of constant size.

Source: Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder" (the unit, in PyTorch's form); Chang and
Danescu-Niculescu-Mizil 2019, "Trouble on the Horizon" (a forecast after every message from the messages so far).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline.models.context import HIDDEN, LOGIT_SCALE, MOMENT, PEAK, READ
from pipeline.models.operating import CORRECTED
from pipeline.records import Outcome, Stage


@dataclass(frozen=True, slots=True)
class Heard:
    """What the conversation head says; the first two axes are chat and message."""

    corrections: Tensor
    """To be added to the messages' own logits, joined in the order of ``CORRECTED_HEADS``."""
    risk: Tensor
    """Log-odds, shape (chats, messages)."""
    whole: dict[str, Tensor]
    """Logits of complaint, category, stage and outcome, and csat, as of each message."""


class ContextHead(nn.Module):
    """Reads embeddings, logits, roles and times of a chat's messages in order."""

    def __init__(self, width: int, *, categories: int) -> None:
        super().__init__()
        self.read = nn.Linear(width + CORRECTED + len(READ) + MOMENT, HIDDEN)
        self.cell = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.shift = nn.Linear(HIDDEN, CORRECTED)
        self.risk = nn.Linear(HIDDEN, 1)
        sizes = {"complaint": 1, "category": categories, "stage": len(Stage), "outcome": len(Outcome), "csat": 1}
        known = HIDDEN + width + categories
        self.whole = nn.ModuleDict({name: nn.Linear(known, size) for name, size in sizes.items()})
        nn.init.normal_(self.shift.weight, std=0.01)
        nn.init.zeros_(self.shift.bias)
        self.dropout = nn.Dropout(0.1)

    def forward(self, embeddings: Tensor, logits: Tensor, about: Tensor, means: Tensor, peaks: Tensor) -> Heard:
        """Run over whole chats.

        Args:
            embeddings: shape (chats, messages, width), zeros where a message has no text to score.
            logits: the messages' own joined logits, shape (chats, messages, CORRECTED), zeros likewise.
            about: role (one-hot) and moment of each message, shape (chats, messages, roles + MOMENT).
            means: running mean of the customer's embeddings, shape (chats, messages, width).
            peaks: highest category logits of the customer's messages so far, shape (chats, messages, categories).
        """
        x = torch.cat([embeddings, logits / LOGIT_SCALE, about], dim=-1)
        hidden, _ = self.cell(torch.relu(self.read(self.dropout(x))))
        hidden = self.dropout(hidden)
        known = torch.cat([hidden, self.dropout(means), peaks.clamp(-PEAK, PEAK) / LOGIT_SCALE], dim=-1)
        return Heard(
            corrections=self.shift(hidden),
            risk=self.risk(hidden)[..., 0],
            whole={name: head(known) for name, head in self.whole.items()},
        )
