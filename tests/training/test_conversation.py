"""The conversation head's training rows are causal, and its parts learn what they should."""

from dataclasses import replace

import numpy as np
from toy_run import Run

from pipeline.models.linear_head import HeadParameters, LinearHead
from pipeline.records import Conversation, Role
from pipeline.stages.features import feature_names
from training.conversation import Scores, fit_head, gather, mean_embeddings
from training.scores import text_scores


def scores_of(run: Run) -> Scores:
    keys = zip(run.trained.rows["conversation"], run.trained.rows["row"], strict=True)
    said = text_scores(run.trained.held_out, run.trained.held_out_points, run.place.layout.categories)
    return dict(zip(keys, said, strict=True))


def cut(chat: Conversation, count: int) -> Conversation:
    return replace(chat, messages=chat.messages[:count])


def test_there_is_a_row_after_every_message_but_system_lines(run: Run) -> None:
    chats, categories = run.place.part("train"), run.place.layout.categories
    found = gather(chats, scores_of(run), categories)
    wanted = [sum(m.role is not Role.SYSTEM for m in chat.messages) for chat in chats]
    assert np.bincount(found.chat).tolist() == wanted
    assert found.rows.shape == (sum(wanted), len(feature_names(categories)))
    assert found.last.tolist() == (np.cumsum(wanted) - 1).tolist()
    assert np.isfinite(found.rows).all()


def test_later_messages_change_no_earlier_row(run: Run) -> None:
    chat, scores, categories = run.place.part("train")[0], scores_of(run), run.place.layout.categories
    whole, part = gather([chat], scores, categories), gather([cut(chat, 4)], scores, categories)
    np.testing.assert_array_equal(whole.rows[: len(part.rows)], part.rows)


def test_a_chat_weighs_one_and_nothing_after_its_event(run: Run) -> None:
    chats = run.place.part("train")
    found = gather(chats, scores_of(run), run.place.layout.categories)
    for index, chat in enumerate(chats):
        assert chat.labels is not None
        weights = found.weight[found.chat == index]
        said = [m for m in chat.messages if m.role is not Role.SYSTEM]
        event = chat.labels.conversation.escalation_at
        free = next((i for i, m in enumerate(said) if m.message_id == event), len(said))
        assert np.isclose(weights.sum(), float(free > 0))
        assert not weights[free:].any()


def test_the_head_is_the_same_again_and_tells_the_chats_it_learned_from(run: Run) -> None:
    chats, categories = run.place.part("train"), run.place.layout.categories
    prefixes = gather(chats, scores_of(run), categories)
    keys = list(zip(run.trained.rows["conversation"], run.trained.rows["row"], strict=True))
    embeddings = mean_embeddings(chats, keys, run.trained.embeddings)
    parameters = fit_head(chats, prefixes, embeddings, categories)
    written = (run.place.out / "head.json").read_text(encoding="utf-8")
    assert parameters == HeadParameters.model_validate_json(written)
    head = LinearHead(parameters, categories)
    labels = [c.labels.conversation for c in chats if c.labels is not None]
    assert parameters.base_rate == np.mean([label.escalated for label in labels])
    said = [head.outlook(prefixes.rows[row], mean) for row, mean in zip(prefixes.last, embeddings, strict=True)]
    hits = np.mean([one.outcome == label.outcome for one, label in zip(said, labels, strict=True)])
    most = max(np.mean([label.outcome == one for label in labels]) for one in parameters.outcomes)
    assert hits >= most
    assert all(1 <= one.csat <= 5 for one in said)
