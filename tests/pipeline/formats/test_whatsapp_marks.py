import pytest

from pipeline.formats.whatsapp_marks import LRM, read_body


@pytest.mark.parametrize(
    "text",
    ["未接语音通话，点击回拨", "未接視訊通話", "语音通话，点击回拨", "Appel vocal manqué", "Verpasster Sprachanruf", "Missed voice call, Tap to call back",
     "Llamada de voz perdida", "Chamada de voz perdida"],
)  # fmt: skip
def test_calls_are_lines_of_the_app(text):
    body = read_body(LRM + text, marked_line=True, bracketed=True)
    assert (body.text, body.by_app) == (text, True)


@pytest.mark.parametrize(
    ("poll", "shown"),
    [
        (f"{LRM}投票：\n赔不赔？\n{LRM}选项：赔 (1 票)\n{LRM}选项：不赔 (0 票)", "投票：\n赔不赔？\n选项：赔 (1 票)\n选项：不赔 (0 票)"),
        (f"{LRM}POLL:\nRefund?\n{LRM}OPTION: yes (1 vote)\n{LRM}OPTION: no (0 votes)", "POLL:\nRefund?\nOPTION: yes (1 vote)\nOPTION: no (0 votes)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("marked_line", [True, False])
def test_polls_keep_their_options(poll, shown, marked_line):
    body = read_body(poll, marked_line=marked_line, bracketed=True)
    assert (body.text, body.by_app) == (shown, False)


@pytest.mark.parametrize(
    "mark",
    ["<Diese Nachricht wurde bearbeitet.>", "<This message was edited>", "<此消息已编辑>", "<Se editó este mensaje.>", "<Mensagem editada>", "<Ce message a été modifié>",
     "<메시지 수정됨>", "<您已編輯這則訊息>"],
)  # fmt: skip
def test_edit_marks_go(mark):
    assert read_body(f"Schade! {mark}", marked_line=False, bracketed=False).text == "Schade!"


@pytest.mark.parametrize(
    "mark",
    [
        "Pesan ini dihapus",
        "Anda menghapus pesan ini",
        "Bu mesaj silindi.",
        "Mensagem apagada",
        "메시지가 삭제되었습니다.",
        "已撤回此訊息",
        "Meddelandet raderades",
    ],
)
def test_deleted_messages_are_told_in_one_form(mark):
    assert read_body(mark, marked_line=False, bracketed=False).text == "[deleted]"
