import pytest

from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.formats.roles import RoleResolver, infer_roles
from pipeline.records import Role

A, C, B, S = Role.AGENT, Role.CUSTOMER, Role.BOT, Role.SYSTEM

ZH = [
    ("李先生", "我的快递怎么还没到？"),
    ("小美", "您好，请问订单号是多少？"),
    ("李先生", "你们到底管不管"),
    ("小美", "非常抱歉，我帮您核实一下"),
]
EN = [("Tom", "Where is my order?"), ("Jane", "Sorry to hear that. May I have your order number?"), ("Tom", "I want a refund"), ("Jane", "Let me check")]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "role"),
    [("客服", A), ("坐席", A), ("商家", A), ("Agent", A), ("顾客", C), ("買家", C), ("End-User", C), ("visitor", C), ("机器人", B),
     ("Chat Bot", B), ("系统消息", S), ("SYSTEM", S), ("【客服】", A), ("甲", None), ("", None)],
)  # fmt: skip
def test_words_of_many_systems(word, role):
    assert RoleResolver(ReadOptions(), ReadReport("")).from_word(word) is role


def test_the_users_word_comes_first():
    resolver = RoleResolver(ReadOptions(roles={"kefu01": A, "客服": C}), ReadReport(""))
    assert resolver.from_word("KEFU01") is A
    assert resolver.from_word("客服") is C


@pytest.mark.parametrize("chat", [ZH, EN])
def test_roles_are_inferred_and_reported(chat):
    report = ReadReport("")
    roles = infer_roles(chat, ReadOptions(), report)
    assert list(roles.values()) == [C, A]
    assert any("inferred" in note and "--agent" in note for note in report.notes)


@pytest.mark.parametrize(("chat", "agent"), [(ZH, "李先生"), (EN, "Tom")])
def test_named_agents_make_everybody_else_a_customer(chat, agent):
    report = ReadReport("")
    assert infer_roles(chat, ReadOptions(agents=(agent,)), report)[agent] is A
    assert sorted(infer_roles(chat, ReadOptions(agents=(agent,)), report).values()) == [A, C]
    assert not report.notes


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["王小姐", "顺达旗舰店"], [C, A]),
        (["Acme Support", "+44 7700 900123"], [A, C]),
        (["智能客服", "客服小美", "陈生"], [B, A, C]),
        (["HelpBot", "Rosa", "Billing team"], [B, C, A]),
    ],
)
def test_names_tell_roles(names, expected):
    assert list(infer_roles([(name, "...") for name in names], ReadOptions(), ReadReport("")).values()) == expected


@pytest.mark.parametrize(
    ("customer", "agent"), [("李建国", "客服小美"), ("Oliver Grant", "Acme Support"), ("+44 7700 900123", "Jo")]
)
def test_the_note_on_inferred_roles_names_nobody_in_full(customer, agent):
    report = ReadReport("")
    infer_roles([(customer, "我的快递怎么还没到？"), (agent, "您好，请问订单号是多少？")], ReadOptions(), report)
    assert report.notes
    assert not any(name in note for note in report.notes for name in (customer, agent))
    assert all("= customer" in note and "= agent" in note for note in report.notes)
