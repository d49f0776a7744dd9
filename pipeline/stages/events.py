"""Escalation events: rules E1 to E5 of the codebook."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.records import EscalationRule, SignalName

PRESENT = 0.5
"""Score from which a signal, an act or a category counts as present."""
LEVEL_1 = 1 / 6
"""Score from which a level is nearer to 1 than to 0."""
LEVEL_2 = 0.5
"""Score of "anger >= 2" (OUTPUT.md)."""

OUTSIDE = frozenset(
    {
        SignalName.REGULATOR_THREAT,
        SignalName.LEGAL_THREAT,
        SignalName.EXPOSURE_THREAT,
        SignalName.SAFETY_RISK,
    }
)


def escalation_rule(
    *,
    anger: float,
    frustration: float,
    signals: Collection[SignalName],
    asked_before: bool,
    hot_before: bool,
) -> EscalationRule | None:
    """The first rule, E1 to E5, by which a customer message is an escalation event.

    Args:
        anger: score in [0, 1].
        frustration: score in [0, 1].
        signals: signals that the message has.
        asked_before: an earlier customer message had ``supervisor_request``.
        hot_before: the customer message before this one had anger >= 2; other roles between do not matter.

    Returns:
        The rule, or ``None`` where the message is no event.
    """
    calm = anger < LEVEL_1 and frustration < LEVEL_1
    if SignalName.SUPERVISOR_REQUEST in signals and (asked_before or not calm):
        return EscalationRule.SUPERVISOR
    if not OUTSIDE.isdisjoint(signals):
        return EscalationRule.OUTSIDE_BODY
    if SignalName.ABUSE in signals:
        return EscalationRule.ABUSE
    if hot_before and anger >= LEVEL_2:
        return EscalationRule.ANGER_ROW
    if SignalName.CHURN_THREAT in signals and anger >= LEVEL_1:
        return EscalationRule.CHURN
    return None
