import pytest

from pipeline.text.speakers import is_personal, personal_parts


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("客服小美", {"小美"}),
        ("Jolene (CoolBreeze)", {"Jolene"}),
        ("王秀兰", {"王秀兰", "秀兰"}),
        ("Anna Smith", {"Anna Smith", "Anna", "Smith"}),
        ("Support Agent", set()),
        ("迅达客服", set()),
        ("润家燃气小叶", {"小叶"}),
        ("Agent 12", set()),
        ("K", set()),
        ("", set()),
        ("Anneke Vos (DPO)", {"Anneke", "Vos"}),
    ],
)
def test_only_a_person_is_taken_from_a_display_name(name, parts):
    assert set(personal_parts(name)) >= parts
    assert {part.lower() for part in personal_parts(name)} <= {part.lower() for part in parts | {name}}
    assert bool(personal_parts(name)) is bool(parts)


@pytest.mark.parametrize(
    ("name", "expected"), [("丰速优选", False), ("Parcel Pal", False), ("小美", True), ("Tom", True), ("王秀兰", True)]
)
def test_brands_are_not_personal(name, expected):
    assert is_personal(name) is expected
