import pytest

from pipeline.text.checksums import is_card, is_chinese_id, is_hong_kong_id, is_iban, is_singapore_id, is_taiwan_id


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("110105194912310021", False),
        ("11010519491331002X", False),
        ("130503670401001", True),
        ("130503671301001", False),
        ("123", False),
    ],
)
def test_chinese_ids_have_a_check_digit_and_a_date(number, expected):
    assert is_chinese_id(number) is expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("4111111111111111", True),
        ("4111111111111112", False),
        ("6901234567892", False),
        ("1714521600000", False),
        ("4444", False),
    ],
)
def test_cards_satisfy_luhn_and_start_like_one(number, expected):
    assert is_card(number) is expected


def test_other_ids_are_told_by_their_check_characters():
    assert is_hong_kong_id("A", "123456", "3")
    assert not is_hong_kong_id("A", "123456", "4")
    assert is_singapore_id("S1234567D")
    assert not is_singapore_id("S1234567A")
    assert is_taiwan_id("A123456789")
    assert not is_taiwan_id("A123456788")
    assert is_iban("GB82WEST12345698765432")
    assert not is_iban("GB82WEST12345698765433")
