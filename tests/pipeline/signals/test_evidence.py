from pipeline.records import Signal, SignalName
from pipeline.signals.evidence import KEPT, Evidence, evidence_of, strongest, without_weakest


def item(signal: SignalName, at: int, score: float = 0.6) -> Evidence:
    return Evidence(signal.value, f"m{at}", score)


def test_words_are_cut_to_sixty_characters_and_the_span_with_them() -> None:
    found = evidence_of(Signal(SignalName.ABUSE, 0.9, 5, 105, "x" * 100), "m1")
    assert (found.start, found.end, found.text) == (5, 65, "x" * 60)


def test_a_signal_without_words_keeps_none() -> None:
    found = evidence_of(Signal(SignalName.ABUSE, 0.9), "m1")
    assert (found.start, found.end, found.text) == (None, None, None)


def test_thanks_are_no_evidence() -> None:
    assert strongest((), (item(SignalName.THANKS, 1),)) == ()


def test_grave_signals_outlive_stronger_harmless_ones() -> None:
    items: tuple[Evidence, ...] = (item(SignalName.LEGAL_THREAT, 0, 0.5),)
    for at in range(1, 30):
        items = strongest(items, (item(SignalName.URGENCY, at, 0.99),))
    assert len(items) == KEPT
    assert items[0].signal == SignalName.LEGAL_THREAT


def test_the_order_of_messages_is_kept() -> None:
    items: tuple[Evidence, ...] = ()
    for at in range(20):
        items = strongest(items, (item(SignalName.URGENCY, at, (at * 7 % 20) / 20),))
    places = [int(i.message_id[1:]) for i in items]
    assert places == sorted(places)


def test_saving_room_gives_up_the_weakest_harmless_item() -> None:
    items = (item(SignalName.ABUSE, 0, 0.5), item(SignalName.URGENCY, 1, 0.9), item(SignalName.URGENCY, 2, 0.7))
    assert [i.message_id for i in without_weakest(items)] == ["m0", "m1"]
