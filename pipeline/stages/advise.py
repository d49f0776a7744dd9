"""What the agent should do next: the first rule of ``configs/next_steps.yaml`` that fits the conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.config import StepRule
from pipeline.models.scorer import ACTS, SIGNALS
from pipeline.records import ActName, Language, NextStep, SignalName
from pipeline.stages.events import LEVEL_2
from pipeline.stages.state import ConversationState

_LONG_WAIT_S = 600.0

Situation = Callable[[ConversationState, int], bool]
"""Whether a conversation is in a situation at a time (microseconds)."""


def _said(name: SignalName) -> Situation:
    at = SIGNALS.index(name)
    return lambda state, _now: state.signal_count[at] > 0


def _acted(state: ConversationState, *acts: ActName) -> int:
    return sum(state.act_count[ACTS.index(act)] for act in acts)


SITUATIONS: Mapping[str, Situation] = {
    **{name.value: _said(name) for name in SignalName},
    "broken_promise": lambda state, _now: state.promises.broken > 0,
    "waiting": lambda state, now: state.waiting.seconds(now) >= _LONG_WAIT_S,
    "bot_loop": lambda state, _now: state.tally.bots_in_row >= 2,
    "repeated_demand": lambda state, _now: state.demands.repeats > 0,
    "refused": lambda state, _now: _acted(state, ActName.REFUSAL) > 0,
    "policy": lambda state, _now: _acted(state, ActName.POLICY) > 0,
    "stalled": lambda state, _now: _acted(state, ActName.STALL) > 0,
    "blamed": lambda state, _now: _acted(state, ActName.BLAME) > 0,
    "angry": lambda state, _now: state.anger.last >= LEVEL_2,
    "frustrated": lambda state, _now: state.frustration.last >= LEVEL_2,
    "always": lambda _state, _now: True,
}
"""What each name of ``pipeline.config.SITUATIONS`` means."""


def next_step(state: ConversationState, now: int, rules: tuple[StepRule, ...]) -> NextStep:
    """The first rule whose situations all hold, in the chat's language and writing.

    Args:
        state: the conversation.
        now: microseconds, see ``pipeline.signals.moments``.
        rules: in order of urgency; the last one fits always (the configuration sees to that).
    """
    rule = next(rule for rule in rules if all(SITUATIONS[name](state, now) for name in rule.when))
    minutes = int(state.waiting.seconds(now) // 60)
    return NextStep(rule.id, _text(rule, state).replace("{minutes}", str(minutes)))


def chat_language(state: ConversationState) -> Language:
    """The language in which most of the customer's words are: ``zh`` or ``en``; ``en`` where there are none."""
    return Language.ZH if state.tally.chinese_words >= max(1, state.tally.english_words) else Language.EN


def _text(rule: StepRule, state: ConversationState) -> str:
    if chat_language(state) is Language.EN:
        return rule.text.en
    return rule.text.zh_hant if state.tally.traditional > state.tally.simplified else rule.text.zh
