"""Check digits of identity numbers and cards: they tell a number from any other run of digits."""

from __future__ import annotations

from datetime import date

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_TW_LETTERS = {letter: 10 + i for i, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO")}
_CARD_STARTS = (
    "3",
    "4",
    "50",
    "51",
    "52",
    "53",
    "54",
    "55",
    "56",
    "57",
    "58",
    "60",
    "62",
    "63",
    "64",
    "65",
    "67",
    "81",
    "95",
    "22",
    "23",
    "24",
    "25",
    "26",
    "27",
)
_IBAN_COUNTRIES = frozenset(
    "AD AE AL AT AZ BA BE BG BH BR BY CH CR CY CZ DE DK DO EE EG ES FI FO FR GB GE GI GL GR GT HR HU IE IL IQ IS IT JO KW KZ "  # noqa: SIM905
    "LB LI LT LU LV MC MD ME MK MR MT MU NL NO PK PL PS PT QA RO RS SA SE SI SK SM TN TR UA VG XK".split()
)


def is_chinese_id(number: str) -> bool:
    """18 characters with the check digit of GB 11643, or 15 digits with a date of birth and a province."""
    if len(number) == 15:
        return is_region(number) and _is_date("19" + number[6:12])
    if len(number) != 18:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17].upper() and _is_date(number[6:14])


def is_region(number: str) -> bool:
    """Whether the first two digits are a province code."""
    return 11 <= int(number[:2]) <= 82


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return 1900 <= int(digits[:4]) <= 2100


def is_card(number: str) -> bool:
    """13 to 19 digits that start like a card and satisfy Luhn (ISO/IEC 7812)."""
    if not 13 <= len(number) <= 19 or not number.startswith(_CARD_STARTS) or len(set(number)) == 1:
        return False
    total = 0
    for i, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + i % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_hong_kong_id(letters: str, digits: str, check: str) -> bool:
    """One or two letters, six digits, a check digit or A."""
    values = [36] * (2 - len(letters)) + [ord(letter) - 55 for letter in letters.upper()] + [int(d) for d in digits]
    total = sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True))
    return "0123456789A"[-total % 11] == check.upper()


def is_singapore_id(number: str) -> bool:
    """NRIC and FIN: S, T, F, G or M, seven digits, a check letter."""
    number = number.upper()
    total = sum(weight * int(digit) for weight, digit in zip((2, 7, 6, 5, 4, 3, 2), number[1:8], strict=True))
    total += {"T": 4, "G": 4, "M": 3}.get(number[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}
    at = total % 11
    return letters[number[0]][10 - at if number[0] == "M" else at] == number[8]


def is_taiwan_id(number: str) -> bool:
    """A letter, 1 or 2 (8 or 9 for residents), eight digits, the last a check digit."""
    code = _TW_LETTERS[number[0].upper()]
    digits = [code // 10, code % 10, *map(int, number[1:])]
    return (
        sum(weight * digit for weight, digit in zip((1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), digits, strict=True)) % 10 == 0
    )


def is_iban(number: str) -> bool:
    """Two letters, check digits and 11 to 30 characters, remainder 1 modulo 97 (ISO 13616)."""
    if number[:2] not in _IBAN_COUNTRIES:
        return False
    moved = number[4:] + number[:4]
    return 15 <= len(number) <= 34 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1
