"""The model card: purpose, data with licences, calibration, limits; figures are filled in by `boilover evaluate --into`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.models.bundle import Manifest
from pipeline.models.context import HIDDEN, HeadFile
from pipeline.records import Conversation
from training.corpora import CorpusEntry, chat_language
from training.evaluation import as_markdown
from training.real import RealCorpus
from training.splits import Split, Splits

PARTS: dict[Split, str] = {"train": "to train on", "dev": "to tune on", "test": "held out"}
_CARD = """# Model card: {name} {version}

Scores chat messages (anger, frustration, polarity, customer signals, agent acts, complaint categories) and follows a conversation
to read each message in its context and to estimate the risk of escalation, category, stage, outcome and satisfaction. Chinese (simplified, traditional, written
Cantonese), English, and both mixed.

## What it is

A BERT encoder of {layers} layers ({parameters} million parameters, {vocabulary:,} word pieces), fine-tuned from multilingual-e5-small (MIT) whose vocabulary was
cut to Chinese and English. Texts are cut at {max_tokens} tokens; int8 weights, activations in steps fixed at export. Signals are read by attention, one a signal, over the tokens, which gives the
words that carry them. A gated recurrent unit of {hidden} numbers follows the conversation: it corrects each message's scores by what came before, and gives risk, category, stage, outcome and
satisfaction. Encoder and unit were trained together on whole chats. The reasons of an alert come from a logistic regression over {features} named features, fitted beside it.

## Meant for

Quality teams who audit transcripts, supervisors who want a warning before a chat boils over, data scientists who retrain it on their desk's chats.

**Not for** judging, paying or dismissing employees or customers by their emotions, for decisions about a person without a
person, or for inferring anything about health. It reads text, not people: it is wrong often enough that every alert wants a reader.

## Data

{parts} annotated service chats ({languages}). **Their texts and labels were written by a
language model**; agreement on them is agreement between passes of models. Public corpora came first, then beside the chats; weights were trained on them, no row of them is shipped:

| corpus | language | licence as stated | labels |
| --- | --- | --- | --- |
{corpora}

"ours" are labels by the codebook (`data/labels/`, also written by a language model) on rows of those corpora. Personal data is replaced by placeholders before the
model reads a text, in training as at run time.

## Calibration

Operating points (0.5 of every score) and the calibration of `risk` were found on the development chats, which were not trained on. `risk` is calibrated for a base
rate of {base_rate:.2f}, that of those chats; `risk.base_rate` in the configuration shifts it to a desk's own.

## Figures

Held-out test part (`boilover evaluate --part test --into MODEL_CARD.md`), written by the same kind of author as the
training part, so they flatter the model on real desks. `anger.qwk.low` and `.high` bound the 95 % interval over chats.

<!-- figures:test -->
not measured yet
<!-- /figures:test -->

Public development parts, AUC of the broad heads beside character TF-IDF and logistic regression trained on the same rows, with the 95 % interval of the
difference (`boilover evaluate --corpora DIR --baselines --untrained --into MODEL_CARD.md`). Texts that stand in the training file too are left out:

<!-- figures:public -->
not measured yet
<!-- /figures:public -->

Public sets, or parts of them, that no weights were trained on (the same command; each with its licence in `configs/train/untrained.yaml`):

<!-- figures:untrained -->
not measured yet
<!-- /figures:untrained -->

Behavioural cases (`configs/behaviour`), failures in percent (`boilover evaluate --behaviour --into MODEL_CARD.md`):

<!-- figures:behaviour -->
not measured yet
<!-- /figures:behaviour -->

Parts of the chats beside their language (`boilover evaluate --part test --slices --into MODEL_CARD.md`):

<!-- figures:slices -->
not measured yet
<!-- /figures:slices -->

The risk rule of `configs/alerts.yaml` (`boilover evaluate --part test --alerts --into MODEL_CARD.md`). An alert is worth less where
escalations are rarer than among these chats, so its precision is told at low base rates:

<!-- figures:alerts -->
not measured yet
<!-- /figures:alerts -->

The risk beside gradient boosting over the named features (`boilover evaluate --part test --boosted --into MODEL_CARD.md`):

<!-- figures:boosted -->
not measured yet
<!-- /figures:boosted -->

## Known failures

- Sarcasm in plain words, and threats that are only hinted at, are missed oftener than open ones.
- Texts above {max_tokens} tokens are cut; long e-mails lose their end.
- Languages other than Chinese and English get scores that mean nothing.
- Labels of annotators that are models: their habits are learned with the rest.
- `anger` 3 against 2, and frustration, are the least certain (see the figures).

## Cost

{cost}
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What a model was made of."""

    manifest: Manifest
    head: HeadFile
    chats: Sequence[Conversation]
    """All annotated chats."""
    splits: Splits
    table: Sequence[CorpusEntry]
    """Public corpora with labels of their own."""
    real: Mapping[str, RealCorpus]
    """Public corpora with our labels."""
    layers: int
    parameters: int
    vocabulary: int
    cost: str
    """What the training took, in words."""


def write_card(folder: Path, made: Made) -> None:
    """Write ``MODEL_CARD.md`` into a model folder."""
    languages = Counter(chat_language(chat) for chat in made.chats)
    parts = Counter(made.splits.part(chat.conversation_id) for chat in made.chats)
    public = [
        f"| `{e.name}` (`{e.path}`) | {e.language} | {e.licence} | theirs |"
        for e in made.table
        if e.shipped and e.split == "train"
    ]
    ours = [
        f"| `{name}` (`{', '.join(corpus.paths)}`) | {corpus.language} | {corpus.licence} | ours |"
        for name, corpus in made.real.items()
        if corpus.shipped
    ]
    text = _CARD.format(
        name=made.manifest.name,
        version=made.manifest.version,
        layers=made.layers,
        parameters=round(made.parameters / 1e6),
        vocabulary=made.vocabulary,
        max_tokens=made.manifest.max_tokens,
        hidden=HIDDEN,
        features=len(made.head.drivers.features),
        parts=", ".join(f"{parts[part]:,} {use}" for part, use in PARTS.items()),
        languages=", ".join(f"{count} {language}" for language, count in languages.most_common()),
        corpora="\n".join(public + ours),
        base_rate=made.head.points.base_rate,
        cost=made.cost,
    )
    (folder / "MODEL_CARD.md").write_text(text, encoding="utf-8")


def fill_in(path: Path, block: str, figures: Mapping[str, Mapping[str, float]]) -> None:
    """Replace a block of figures between its two markers in a Markdown file.

    Raises:
        InputError: the file has no such block.
    """
    fill_block(path, block, as_markdown(figures))


def fill_block(path: Path, block: str, table: str) -> None:
    """Replace what stands between the two markers of a block.

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
    path.write_text(pattern.sub(lambda _: f"{begin}\n{table}\n{end}", text), encoding="utf-8")
