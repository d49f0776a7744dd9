from datetime import timedelta

import pytest
from chat_builders import START, SmallHead, decided, quoting, scored
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import AlertPolicy, RiskRule, load_alert_policy
from pipeline.identity import digest
from pipeline.models.fake import fake_scores
from pipeline.models.scorer import ACTS, SIGNALS
from pipeline.records import Language, Role, Severity
from pipeline.stages import decide
from pipeline.stages.stage import ScoredMessage

SLOW_BURN = {
    "zh": [
        (Role.CUSTOMER, "你好,上个月投诉过的那件事还没有结果", {"frustration": 0.35, "signals": ["repeat_contact"]}),
        (Role.AGENT, "按合同规定,退款要先交手续费", {"acts": ["policy", "refusal"]}),
        (Role.CUSTOMER, "我没买过这个,我要退货", {"anger": 0.4, "frustration": 0.5, "signals": ["refund_demand"]}),
        (Role.AGENT, "这是规定", {"acts": ["policy"]}),
        (Role.CUSTOMER, "我要退货!", {"anger": 0.49, "frustration": 0.6, "signals": ["refund_demand"]}),
        (Role.CUSTOMER, "你们就是一群骗子", {"anger": 0.95, "frustration": 0.6, "signals": ["abuse"]}),
    ],
    "en": [
        (
            Role.CUSTOMER,
            "I wrote to you last month and heard nothing",
            {"frustration": 0.35, "signals": ["repeat_contact"]},
        ),
        (Role.AGENT, "Under the contract there is a fee", {"acts": ["policy", "refusal"]}),
        (
            Role.CUSTOMER,
            "I never ordered this, take it back",
            {"anger": 0.4, "frustration": 0.5, "signals": ["refund_demand"]},
        ),
        (Role.AGENT, "Those are the terms", {"acts": ["policy"]}),
        (
            Role.CUSTOMER,
            "Take it back and refund me!",
            {"anger": 0.49, "frustration": 0.6, "signals": ["refund_demand"]},
        ),
        (Role.CUSTOMER, "You are a bunch of crooks", {"anger": 0.95, "frustration": 0.6, "signals": ["abuse"]}),
    ],
}


def slow_burn(language: str) -> list[ScoredMessage]:
    return [
        scored(at, role, text, quoting(fake_scores(**given), 0, 5), language=Language(language))
        for at, (role, text, given) in enumerate(SLOW_BURN[language])
    ]


def risky(at: int, level: float, *, minutes: float | None = None, text: str = "怎么回事") -> ScoredMessage:
    """A customer message whose risk rises with the level; below 0.5 it is no event."""
    return scored(at, Role.CUSTOMER, f"{text}{at}", fake_scores(anger=level, frustration=level), minutes=minutes)


def only(*names: str) -> AlertPolicy:
    policy = load_alert_policy()
    return AlertPolicy(rules=tuple(rule for rule in policy.rules if rule.name in names), steps=policy.steps)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_shipped_rules_warn_before_a_slow_burn_escalates(language: str) -> None:
    state, alerts, _ = decided(slow_burn(language))
    assert state.escalation_at == "m5"
    assert [(a.rule, a.message_id) for a in alerts][-1] == ("escalation-event", "m5")
    early = [a for a in alerts if a.rule == "risk-rising"]
    assert early
    assert early[0].message_id < "m5"
    assert early[0].severity is not Severity.LOW


@pytest.mark.parametrize(("language", "sign"), [("zh", "。"), ("en", ".")])
def test_alerts_quote_the_chat_and_advise_in_its_language(language: str, sign: str) -> None:
    messages = slow_burn(language)
    texts = {m.prepared.message.message_id: m.prepared.redacted.text for m in messages}
    _, alerts, _ = decided(messages)
    for alert in alerts:
        assert alert.reasons
        assert 0.9 < sum(reason.weight for reason in alert.reasons) <= 1
        assert alert.next_step.text.endswith(sign)
        for reason in alert.reasons:
            assert reason.message_id in texts
            if reason.start is not None:
                assert reason.text == texts[reason.message_id][reason.start : reason.end]
    assert "repeat_contact" in {reason.signal for reason in alerts[0].reasons}
    assert alerts[-1].reasons[0].signal == "abuse"


def test_an_id_is_the_hash_of_source_conversation_rule_and_message() -> None:
    _, alerts, _ = decided(slow_burn("zh"))
    assert [a.alert_id for a in alerts] == [digest("default", "c1", a.rule, a.message_id) for a in alerts]


def rising(**settings: object) -> AlertPolicy:
    """A risk rule of the tests' own: the shipped threshold moves with the shipped model."""
    rule = {
        "name": "risk-rising",
        "kind": "risk",
        "threshold": 0.5,
        "rearm_below": 0.35,
        "cool_down": "15m",
        **settings,
    }
    return AlertPolicy(rules=(RiskRule.model_validate(rule),), steps=load_alert_policy().steps)


def test_risk_warns_again_only_after_it_fell() -> None:
    levels = [0.49, 0.0, 0.49, 0.0, 0.0, 0.0, 0.49]
    messages = [risky(at, level, minutes=at * 20) for at, level in enumerate(levels)]
    _, alerts, results = decided(messages, policy=rising())
    assert [a.message_id for a in alerts] == [r.message_id for r in results if r.risk >= 0.5]
    rule = RiskRule(name="risk-rising", kind="risk", threshold=0.5, rearm_below=0.0)
    strict = AlertPolicy(rules=(rule,), steps=load_alert_policy().steps)
    assert [a.message_id for a in decided(messages, policy=strict)[1]] == ["m0"]


def test_risk_stays_silent_while_it_cools_down() -> None:
    near = [risky(0, 0.49, minutes=0), risky(1, 0.0, minutes=1), risky(2, 0.49, minutes=2)]
    assert [a.message_id for a in decided(near, policy=rising())[1]] == ["m0"]


def test_a_language_may_have_its_own_threshold() -> None:
    rule = RiskRule(name="r", kind="risk", threshold=1.0, thresholds={Language.EN: 0.3}, rearm_below=0.1)
    policy = AlertPolicy(rules=(rule,), steps=load_alert_policy().steps)
    zh, en = risky(0, 0.49), risky(0, 0.49, text="what is going on here ")
    assert decided([zh], policy=policy)[1] == []
    assert len(decided([en], policy=policy)[1]) == 1


def test_severity_rises_with_the_risk() -> None:
    steps = [{"risk": 0.65, "severity": "high"}, {"risk": 0.85, "severity": "critical"}]
    rule = rising(severities=steps).rules[0]
    assert [rule.severity_at(risk) for risk in (0.5, 0.65, 0.9)] == [Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL]


def test_after_the_event_only_events_warn() -> None:
    threat = fake_scores(anger=0.2, signals=["legal_threat"])
    messages = [
        scored(0, Role.CUSTOMER, "我要起诉", threat, minutes=0),
        scored(1, Role.AGENT, "10分钟内答复", minutes=1),
        scored(2, Role.CUSTOMER, "人呢", fake_scores(anger=0.4), minutes=2),
        scored(3, Role.CUSTOMER, "律师函明天到", threat, minutes=200),
    ]
    _, alerts, _ = decided(messages, as_of=START + timedelta(days=9))
    assert [(a.rule, a.message_id) for a in alerts] == [("escalation-event", "m0"), ("escalation-event", "m3")]


def test_a_strained_customer_is_missed_after_ten_minutes_and_a_calm_one_after_sixty() -> None:
    strained = [scored(0, Role.CUSTOMER, "有人吗", fake_scores(frustration=0.3))]
    calm = [scored(0, Role.CUSTOMER, "请问几点发货")]
    for messages, minutes in ((strained, 10), (calm, 60)):
        due = START + timedelta(minutes=minutes)
        assert decided(messages, as_of=due - timedelta(microseconds=1), policy=only("silence"))[1] == []
        (alert,) = decided(messages, as_of=due + timedelta(hours=5), policy=only("silence"))[1]
        assert (alert.rule, alert.raised_at, alert.message_id) == ("silence", due, "m0")
        assert alert.raised_at.utcoffset() == START.utcoffset()
        assert alert.reasons[0].signal == "waiting"
        assert alert.reasons[0].start is None
        assert str(minutes) in alert.next_step.text


def test_strain_that_comes_late_in_a_wait_is_not_dated_back() -> None:
    messages = [
        scored(0, Role.CUSTOMER, "请问几点发货", minutes=0),
        scored(1, Role.CUSTOMER, "怎么没人理我", fake_scores(anger=0.3), minutes=15),
    ]
    (alert,) = decided(messages, as_of=START + timedelta(minutes=15), policy=only("silence"))[1]
    assert alert.raised_at == START + timedelta(minutes=15)


def test_a_wait_is_spoken_of_once_and_an_answer_ends_it() -> None:
    strain = fake_scores(frustration=0.4)
    messages = [
        scored(0, Role.CUSTOMER, "有人吗", strain, minutes=0),
        scored(1, Role.CUSTOMER, "在不在", strain, minutes=30),
        scored(2, Role.AGENT, "您好", minutes=50),
        scored(3, Role.CUSTOMER, "问题还没解决", strain, minutes=51),
        scored(4, Role.AGENT, "已解决", minutes=55),
    ]
    _, alerts, _ = decided(messages, as_of=START + timedelta(days=1), policy=only("silence"))
    assert [a.message_id for a in alerts] == ["m0"]


@pytest.mark.parametrize("text", ["好的,谢谢", "ok thanks"])
def test_calm_thanks_wait_for_nothing(text: str) -> None:
    messages = [scored(0, Role.CUSTOMER, "在吗"), scored(1, Role.AGENT, "在的"), scored(2, Role.CUSTOMER, text)]
    assert decided(messages, as_of=START + timedelta(days=1))[1] == []


@pytest.mark.parametrize("promise", ["48小时内给您答复", "We will answer within 48 hours"])
def test_a_promise_warns_at_its_deadline(promise: str) -> None:
    messages = [
        scored(0, Role.CUSTOMER, "退款呢", fake_scores(frustration=0.3)),
        scored(1, Role.AGENT, promise),
        scored(2, Role.CUSTOMER, "好的"),
    ]
    due = START + timedelta(minutes=1, hours=48)
    assert decided(messages, as_of=due - timedelta(microseconds=1))[1] == []
    (alert,) = decided(messages, as_of=due)[1]
    assert (alert.rule, alert.message_id, alert.raised_at) == ("promise-broken", "m1", due)
    assert alert.next_step.step_id == "keep_promise"
    assert alert.reasons[0].signal == "broken_promise"


def test_a_thankful_customer_who_comes_back_after_the_deadline_breaks_the_promise() -> None:
    messages = [
        scored(0, Role.CUSTOMER, "退款呢", minutes=0),
        scored(1, Role.AGENT, "2小时内到账", minutes=1),
        scored(2, Role.CUSTOMER, "好的,太感谢了", fake_scores(signals=["thanks"], polarity="positive"), minutes=2),
    ]
    back = scored(3, Role.CUSTOMER, "怎么还没有到账", fake_scores(frustration=0.4), minutes=600)
    assert decided(messages, as_of=START + timedelta(days=3))[1] == []
    (alert,) = decided([*messages, back])[1]
    assert (alert.rule, alert.message_id, alert.raised_at) == ("promise-broken", "m1", back.prepared.message.sent_at)


def test_a_kept_promise_is_quiet() -> None:
    messages = [
        scored(0, Role.CUSTOMER, "退款呢", minutes=0),
        scored(1, Role.AGENT, "2小时内到账", minutes=1),
        scored(2, Role.AGENT, "已经退了,请查收", minutes=90),
    ]
    assert decided(messages, as_of=START + timedelta(days=3))[1] == []


def test_the_next_deadline_is_the_one_that_fires() -> None:
    policy = load_alert_policy()
    messages = [scored(0, Role.CUSTOMER, "请问几点发货")]
    state, _, _ = decided(messages)
    due = decide.next_deadline(state, policy)
    assert due == START + timedelta(minutes=60)
    after, alerts = decide.tick(state, due, policy, SmallHead())
    assert len(alerts) == 1
    assert decide.next_deadline(after, policy) is None
    assert decide.tick(after, due + timedelta(days=1), policy, SmallHead()) == (after, ())


@st.composite
def chats(draw: st.DrawFn) -> list[ScoredMessage]:
    messages = []
    minutes = 0
    for at in range(draw(st.integers(1, 7))):
        minutes += draw(st.sampled_from([0, 1, 9, 31, 100, 2000]))
        text = draw(st.sampled_from(["我要退货", "有人吗", "1小时内处理", "by 5pm", "thanks", "within 2 days", ""]))
        scores = fake_scores(
            anger=draw(st.floats(0, 1)),
            frustration=draw(st.floats(0, 1)),
            signals=draw(st.lists(st.sampled_from(SIGNALS), max_size=1)),
            acts=draw(st.lists(st.sampled_from(ACTS), max_size=1)),
        )
        messages.append(scored(at, draw(st.sampled_from(list(Role))), text, scores if text else None, minutes=minutes))
    return messages


@settings(deadline=None)  # the first span loads the dictionary of words
@given(messages=chats(), ticks=st.lists(st.integers(0, 20_000), max_size=6))
def test_more_ticks_change_nothing(messages: list[ScoredMessage], ticks: list[int]) -> None:
    as_of = START + timedelta(days=10)
    extra = [START + timedelta(minutes=minutes) for minutes in ticks]
    assert decided(messages, as_of=as_of, extra_ticks=extra) == decided(messages, as_of=as_of)


@settings(deadline=None)  # the first span loads the dictionary of words
@given(messages=chats())
def test_alerts_hold_their_promises(messages: list[ScoredMessage]) -> None:
    state, alerts, results = decided(messages, as_of=START + timedelta(days=10))
    assert len({a.alert_id for a in alerts}) == len(alerts)
    ids = [r.message_id for r in results]
    for alert in alerts:
        assert alert.message_id in ids
        assert 1 <= len(alert.reasons) <= 6
        assert 0 < sum(r.weight for r in alert.reasons) <= 1
        assert {r.message_id for r in alert.reasons} <= set(ids)
    if state.escalated:
        first = next(at for at, a in enumerate(alerts) if a.rule == "escalation-event")
        assert alerts[first].message_id == state.escalation_at
        assert {a.rule for a in alerts[first:]} == {"escalation-event"}


@settings(deadline=None)  # the first span loads the dictionary of words
@given(messages=chats())
def test_later_messages_change_no_earlier_alert(messages: list[ScoredMessage]) -> None:
    whole = decided(messages)[1]
    part = decided(messages[:-1])[1]
    assert whole[: len(part)] == part
