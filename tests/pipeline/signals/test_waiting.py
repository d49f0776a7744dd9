from pipeline.signals.waiting import Waiting

MINUTE = 60_000_000


def ask(
    waiting: Waiting, minute: int, *, strained: bool = False, human: bool = False, content: bool = False
) -> Waiting:
    return waiting.asked(minute * MINUTE, f"m{minute}", strained=strained, wants_human=human, content=content)


def test_a_wait_starts_at_the_first_message_without_an_answer() -> None:
    waiting = ask(ask(Waiting(), 0), 3)
    assert waiting.seconds(5 * MINUTE) == 300
    assert (waiting.message_id, waiting.bubbles) == ("m0", 2)


def test_an_answer_ends_the_wait_and_counts_its_length() -> None:
    waiting = ask(Waiting(), 0).answered(2 * MINUTE, by_bot=False)
    waiting = ask(waiting, 10).answered(16 * MINUTE, by_bot=False)
    assert waiting.since is None
    assert (waiting.first_s, waiting.last_s, waiting.longest_s, waiting.mean_s) == (120, 360, 360, 240)


def test_a_second_message_of_the_agent_is_no_second_answer() -> None:
    waiting = ask(Waiting(), 0).answered(MINUTE, by_bot=False).answered(9 * MINUTE, by_bot=False)
    assert (waiting.answers, waiting.last_s) == (1, 60)


def test_a_bot_answers_unless_a_person_was_asked_for() -> None:
    assert ask(Waiting(), 0).answered(MINUTE, by_bot=True).since is None
    assert ask(Waiting(), 0, human=True).answered(MINUTE, by_bot=True).since == 0
    assert ask(Waiting(), 0, human=True).answered(MINUTE, by_bot=False).since is None


def test_thanks_start_no_wait_but_end_none_either() -> None:
    assert ask(Waiting(), 0, content=True).since is None
    assert ask(ask(Waiting(), 0), 1, content=True).since == 0


def test_strain_is_dated_by_the_first_strained_message() -> None:
    waiting = ask(ask(ask(Waiting(), 0), 4, strained=True), 6, strained=True)
    assert waiting.strained_at == 4 * MINUTE


def test_a_clock_that_ran_backwards_gives_no_negative_wait() -> None:
    assert ask(Waiting(), 10).answered(2 * MINUTE, by_bot=False).last_s == 0
