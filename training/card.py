"""The model card: purpose, data with licences, calibration, limits; figures are filled in by `boilover evaluate --into`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import InputError
from pipeline.models.bundle import Manifest
from pipeline.models.linear_head import HeadParameters
from pipeline.records import Conversation
from training.corpora import CorpusEntry, Split, chat_language, split_of
from training.evaluation import as_markdown

PARTS: dict[Split, str] = {"train": "to train on", "dev": "to tune on", "test": "held out"}
_CARD = """# Model card: {name} {version}

Scores single chat messages (anger, frustration, polarity, customer signals, agent acts, complaint categories) and follows a conversation
to estimate the risk of escalation, its category, stage, outcome and satisfaction. Chinese (simplified, traditional, written
Cantonese), English, and both mixed.

## What it is

A BERT encoder of {layers} layers ({parameters} million parameters, {vocabulary:,} word pieces), fine-tuned from multilingual-e5-small (MIT) whose vocabulary was
cut to Chinese and English. One text a run, cut at {max_tokens} tokens, int8 weights. Signals are read by attention, one a signal, over the tokens, which gives the
words that carry them. The conversation head is linear over {features} named features of the messages so far.

## Meant for

Quality teams who audit transcripts, supervisors who want a warning before a chat boils over, data scientists who retrain it on their desk's chats.

**Not for** judging, paying or dismissing employees or customers by their emotions, for decisions about a person without a
person, or for inferring anything about health. It reads text, not people: it is wrong often enough that every alert wants a reader.

## Data

{parts} annotated service chats ({languages}). **Their texts and labels were written by a
language model**; each was labelled once. Chats added to `data/conversations/` since had no part in the training. Public corpora came first; weights were trained on them, no row of them is shipped:

| corpus | language | licence as stated |
| --- | --- | --- |
{corpora}

Personal data is replaced by placeholders before the model reads a text, in training as at run time.

## Calibration

Operating points (0.5 of every score) lie between those found on the development chats and those found by cross-fitting on the training chats; the conversation head was fitted on
training chats scored by models that had not seen them. `risk` is calibrated for a base
rate of {base_rate:.2f}, that of the annotated chats; `risk.base_rate` in the configuration shifts it to a desk's own.

## Figures

Held-out test part (a tenth of the chats, by a hash of their id; `boilover evaluate --part test --into MODEL_CARD.md`), written by the same kind of author as the
training part, so they flatter the model on real desks. `anger.qwk.low` and `.high` bound the 95 % interval over chats.

<!-- figures:test -->
not measured yet
<!-- /figures:test -->

Public development parts, AUC of the broad heads (`boilover evaluate --corpora DIR --into MODEL_CARD.md`):

<!-- figures:public -->
not measured yet
<!-- /figures:public -->

## Known failures

- Each message is read alone: sarcasm that only the context shows, and anger that only repetition shows, are missed.
- Texts above {max_tokens} tokens are cut; long e-mails lose their end.
- Languages other than Chinese and English get scores that mean nothing.
- Labels of one annotator that is itself a model: its habits are learned with the rest.
- `anger` 3 against 2, and frustration, are the least certain (see the figures).

## Cost

{cost}
"""


def write_card(
    folder: Path,
    *,
    manifest: Manifest,
    head: HeadParameters,
    chats: Sequence[Conversation],
    table: Sequence[CorpusEntry],
    layers: int,
    parameters: int,
    vocabulary: int,
    cost: str,
) -> None:
    """Write ``MODEL_CARD.md`` into a model folder.

    Args:
        folder: of the model.
        manifest: of the model.
        head: conversation head.
        chats: all annotated chats.
        table: mapping table of the public corpora.
        layers: encoder layers.
        parameters: number of weights.
        vocabulary: number of word pieces.
        cost: what the training took, in words.
    """
    languages = Counter(chat_language(chat) for chat in chats)
    parts = Counter(split_of(chat.conversation_id) for chat in chats)
    used = [entry for entry in table if entry.shipped and entry.split == "train"]
    text = _CARD.format(
        name=manifest.name,
        version=manifest.version,
        layers=layers,
        parameters=round(parameters / 1e6),
        vocabulary=vocabulary,
        max_tokens=manifest.max_tokens,
        features=len(head.features),
        parts=", ".join(f"{parts[part]:,} {use}" for part, use in PARTS.items()),
        languages=", ".join(f"{count} {language}" for language, count in languages.most_common()),
        corpora="\n".join(f"| `{e.name}` (`{e.path}`) | {e.language} | {e.licence} |" for e in used),
        base_rate=head.base_rate,
        cost=cost,
    )
    (folder / "MODEL_CARD.md").write_text(text, encoding="utf-8")


def fill_in(path: Path, block: str, figures: Mapping[str, Mapping[str, float]]) -> None:
    """Replace a block of figures between its two markers in a Markdown file.

    Raises:
        InputError: the file has no such block.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=str(path)) from error
    begin, end = f"<!-- figures:{block} -->", f"<!-- /figures:{block} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise InputError(
            f"has no block {begin} … {end}", path=str(path), fix="add the two markers where the table shall stand."
        )
    table = as_markdown(figures)
    path.write_text(pattern.sub(lambda _: f"{begin}\n{table}\n{end}", text), encoding="utf-8")
