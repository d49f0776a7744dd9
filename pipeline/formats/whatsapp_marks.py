"""What WhatsApp writes in place of media, deleted and edited messages, and its own lines, in many languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LRM: Final = "\u200e"
"""Left-to-right mark: the iOS app puts it before every text that the app itself wrote."""

DELETED: Final = "[deleted]"
_LONGEST_MARK: Final = 80
"""No mark that is looked up by its words has more characters."""

_NOUNS: Final = {
    "gif": r"\bgifs?\b|动图|動圖|动态图|動態圖|GIF",
    "sticker": r"sticker|autocollant|adesivo|figurinha|nálepka|стикер|スタンプ|ステッカー|贴图|貼圖|स्टिकर|çıkartma|naklejk|스티커|nhãn dán|ملصق|stiker",
    "contact": r"contact card|kontakt|tarjeta de contacto|contato|contacto|contatto|fiche contact|vizitka|контакт|連絡先|联系人|聯絡人|名片|कॉन्टैक्ट|thẻ liên lạc|연락처|kişi|contactkaart|contact",
    "location": r"location|standort|ubicaci|localiza|posizione|locatie|poloha|местоположени|геопозиц|位置|लोकेशन|vị trí|위치|konum|lokasi|localisation|الموقع",
    "audio": r"audio|áudio|zvuk|аудио|音声|オーディオ|音频|音訊|音頻|语音|語音|ऑडियो|âm thanh|ses\b|dźwięk|오디오|음성|voice|صوت",
    "video": r"video|vídeo|vidéo|видео|ビデオ|動画|视频|視訊|視頻|影片|影像|वीडियो|wideo|동영상|비디오|فيديو",
    "image": r"image|imagen|imagem|immagine|bild|afbeelding|photo|foto|obrázek|изображени|фото|画像|写真|图像|圖像|图片|圖片|相片|照片|फ़ोटो|hình ảnh|resim|görüntü|zdjęci|obraz|gambar|이미지|사진|صورة|kuva",
    "document": r"document|dokument|documento|документ|ドキュメント|文書|文档|文件|檔案|डॉक्यूमेंट|tài liệu|belge|doküman|문서|مستند|dokumen",
}  # fmt: skip
_KINDS: Final = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _NOUNS.items())

_EXTENSIONS: Final = {
    "image": "jpg jpeg png heic heif bmp tiff",
    "sticker": "webp",
    "video": "mp4 mov 3gp avi mkv webm m4v",
    "audio": "opus m4a mp3 aac ogg amr wav oga flac",
    "contact": "vcf",
    "gif": "gif",
}
_BY_EXTENSION: Final = {extension: kind for kind, names in _EXTENSIONS.items() for extension in names.split()}
_BY_NAME: Final = (
    ("sticker", re.compile(r"(?:^|-)(?:STK|STICKER)-")),
    ("gif", re.compile(r"(?:^|-)GIF-")),
    ("audio", re.compile(r"(?:^|-)(?:PTT|AUD|AUDIO)-")),
    ("video", re.compile(r"(?:^|-)(?:VID|VIDEO)-")),
    ("image", re.compile(r"(?:^|-)(?:IMG|PHOTO)-")),
)

# Phrases that stand for media even where no direction mark says that the app wrote them.
_PLAIN_OMITTED: Final = re.compile(
    r"(?:image|video|video note|audio|voice message|sticker|document|gif|contact card|media) omitted"
    r"|(?:图像|图片|照片|视频|视频留言|音频|语音|语音消息|贴图|表情|文档|文件|GIF|动态图|动图|联系人名片|联系人|名片|媒体)(?:文件)?(?:已|被)?(?:忽略|省略)"
    r"|(?:圖像|圖片|相片|影像|影片|視訊|視訊訊息|音訊|音頻|語音|語音訊息|貼圖|文件|檔案|GIF|動態圖|動圖|聯絡人名片|聯絡人|聯絡人資訊|名片|媒體)(?:檔|檔案)?(?:已|被)?(?:忽略|略去|省略|略過)"
    r"|(?:已)?(?:忽略|省略|略去|略過)(?:图像|图片|视频|音频|贴图|文档|文件|圖像|圖片|影像|影片|視訊|音訊|貼圖|檔案|GIF|聯絡人)"
    r"|(?:画像|ビデオ|動画|音声|スタンプ|ドキュメント|GIF)は含まれていません"
    r"|(?:bild|video|audio|sticker|dokument|gif|kontaktkarte) (?:weggelassen|ausgelassen|weggelaten)"
    r"|(?:afbeelding|video|audio|sticker|document|gif) weggelaten"
    r"|(?:imagen|video|audio|sticker|documento|gif|tarjeta de contacto) omitid[oa]"
    r"|(?:imagem|vídeo|áudio|figurinha|sticker|documento|gif) (?:ocultad[oa]|omitid[oa]|não revelad[oa])"
    r"|(?:image|vidéo|audio|sticker|document|gif) (?:absente?|omise?)"
    r"|(?:immagine|video|audio|sticker|documento|gif) omess[oa]",
    re.IGNORECASE,
)  # fmt: skip

_TAG: Final = re.compile(r"<([^<>\n]{2,60})>")
_ATTACHED: Final = re.compile(rf"{LRM}?<[^<>:：\n]{{2,40}}[:：]\s?([^<>\n]{{1,200}}\.\w{{2,5}})>")
_FILE: Final = re.compile(rf"({LRM}?)([^\n/\\]{{1,160}}\.\w{{2,5}})\s?[(（]([^()（）\n]{{2,60}})[)）]")
_ATTACHED_WORDS: Final = re.compile(
    r"attached|附件|檔案|文件|添付|첨부|adjunt|angehängt|anexad|joint|allegat|добавлен|прикреплен|прикріплен|bijgevoegd|přiložen|ekli|załącz|terlampir|संलग्न|đính kèm|مرفق",
    re.IGNORECASE,
)
_OWN_NAME: Final = re.compile(r"(?:IMG|VID|AUD|PTT|STK|DOC|GIF)-\d{8}-WA\d+|\d{8}-(?:PHOTO|VIDEO|AUDIO|STICKER|GIF)-")
_MAP: Final = re.compile(
    rf"{LRM}?[^\n:：]{{2,30}}[:：]\s?https?://(?:maps\.google\.|www\.google\.\w+/maps|maps\.app\.goo\.gl|maps\.apple\.)\S*"
)
_LIVE_LOCATION: Final = re.compile(
    r"live location shared|(?:实时位置|即時位置|即时位置)已?(?:共享|分享)|已?(?:共享|分享)(?:实时|即時)位置",
    re.IGNORECASE,
)
_POLL: Final = re.compile(rf"{LRM}[^\s:：]{{2,14}}[:：](?:\s|$)")

_DELETED: Final = re.compile(
    r"(?:this message was deleted(?: by admin .*)?|you deleted this message(?: as admin)?|message deleted"
    r"|(?:此|该|該|这|這)?(?:条|條|則|则|个)?(?:消息|訊息|信息)已(?:被)?(?:管理员|管理員)?(?:删除|刪除|撤回|收回)|(?:(?:你|您)已?|已)(?:删除|刪除|撤回|收回)了?(?:此|这|這|该|該|一)?(?:条|條|則|则|个)?(?:消息|訊息|信息)"
    r"|diese nachricht wurde gelöscht|du hast diese nachricht gelöscht|(?:se )?eliminó este mensaje|se eliminó este mensaje|este mensaje fue eliminado|eliminaste este mensaje"
    r"|(?:esta )?mensagem (?:foi )?apagada|esta mensagem foi (?:apagada|eliminada)|(?:você )?apagou esta mensagem|ce message a été supprimé|(?:vous avez supprimé ce message)"
    r"|questo messaggio è stato eliminato|hai eliminato questo messaggio|dit bericht (?:is|werd) verwijderd|(?:u hebt|je hebt|u heeft) dit bericht verwijderd"
    r"|данное сообщение удалено|это сообщение удалено|вы удалили (?:данное|это) сообщение|tato zpráva byla (?:smazána|odstraněna)|(?:tuto zprávu jste smazal(?:/a|a)?|odstranili jste tuto zprávu|tuto zprávu jste odstranil(?:/a|a)?)"
    r"|यह मैसेज डिलीट कर दिया गया है|आपने यह मैसेज डिलीट किया|このメッセージは削除されました|このメッセージを削除しました|tin nhắn này đã bị x(?:óa|oá)|bạn đã x(?:óa|oá) tin nhắn này"
    r"|삭제된 메시지입니다|이 메시지를 삭제했습니다|bu mesaj silindi|bu mesajı sildiniz|메시지가 삭제되었습니다|pesan ini (?:telah )?dihapus|(?:anda|kamu) (?:telah )?menghapus pesan ini|meddelandet raderades|det här meddelandet (?:har )?raderats?|du raderade (?:det här )?meddelandet|denne meldingen ble slettet|denne besked blev slettet|ta wiadomość została usunięta|usunięto tę wiadomość|تم حذف هذه الرسالة|لقد حذفت هذه الرسالة)",
    re.IGNORECASE,
)  # fmt: skip

_EDITED: Final = re.compile(
    rf"\s*(?:{LRM}<[^<>:：\n]{{3,60}}>"
    r"|<(?:this message was edited|(?:这条|此|该|这个|這則|此則|這條)?(?:消息|訊息|信息)已(?:经过|經過|经|經|被)?(?:编辑|編輯)(?:过|過)?|(?:(?:你|您)?已|(?:你|您))(?:编辑|編輯)了?(?:(?:此|这|這|该|該)?(?:条|條|則|则)?(?:消息|訊息|信息))?|diese nachricht wurde bearbeitet|se editó este mensaje|"
    r"메시지 수정됨|수정된 메시지(?:입니다)?|meddelandet (?:har )?redigerats?|wiadomość edytowana|ta wiadomość została edytowana|تم تعديل هذه الرسالة|यह मैसेज एडिट किया गया(?: है)?|"
    r"mensagem editada|esta mensagem foi editada|ce message a été modifié|questo messaggio è stato modificato|dit bericht is bewerkt|данное сообщение изменено|сообщение изменено|"
    r"tato zpráva byla upravena|このメッセージは編集されました|編集済み|tin nhắn này đã được chỉnh sửa|bu mesaj düzenlendi|pesan ini (?:telah )?diedit)[.。]?>)\s*$",
    re.IGNORECASE,
)  # fmt: skip

# Whole texts that only the app writes, for exports whose direction marks got lost or that name a sender beside them.
_APP_LINE: Final = re.compile(
    r"(?:messages (?:and calls|to this (?:chat|group)|you send to this (?:chat|group))[^\n]{0,40}end-to-end encrypt"
    r"|[^\n]{0,24}(?:消息|讯息|訊息|信息|通话|通話)[^\n]{0,24}(?:端到端|端对端|端對端|點對點|点对点)(?:加密|的加密)"
    r"|nachrichten und anrufe sind ende-zu-ende|los mensajes y las llamadas están cifrad|as mensagens e (?:as )?(?:chamadas|ligações) (?:são|estão)|les messages et les appels sont chiffrés"
    r"|i messaggi e le chiamate sono crittografati|berichten en oproepen worden end-to-end|сообщения и звонки защищены|zprávy a hovory jsou|メッセージと通話はエンドツーエンド|tin nhắn và cuộc gọi được mã hóa|mesajlar ve aramalar uçtan uca"
    r"|missed (?:voice|video|group)[^\n]{0,24}$|(?:voice|video) call(?:, [^\n]{1,30})?$|(?:未接(?:来电|來電|语音|語音|视频|視訊|群组|群組|通话|通話)|(?:语音|語音|视频|視訊)通(?:话|話)[,，])[^\n]{0,16}$"
    r"|(?:gemiste|verpasster?|llamada|videollamada|chamada|appel|chiamata|videochiamata|пропущенный|zmeškaný|cuộc gọi|nieodebran|panggilan)\s?[^\n]{0,30}(?:oproep|gesprek|anruf|perdida|manqué|persa|звонок|hovor|nhỡ|połączenie|tak terjawab)$|不在着信$|부재중 [^\n]{0,12}$"
    r"|your security code with [^\n]+ changed|(?:你|您)(?:与|和|與)[^\n]+的安全(?:代码|碼|码|代碼)"
    r"|this (?:chat is with a business account|business (?:uses|works|is now))"
    r"|[^\n]{1,60} (?:created (?:this )?group|changed (?:the (?:subject|group|description)|this group)|joined using|added you$))",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """Text of an entry in canonical form, and whether the app wrote it rather than the sender."""

    text: str
    by_app: bool = False


def read_body(text: str, *, marked_line: bool, bracketed: bool) -> Body:
    """Canonical form of what stands behind a sender's name.

    Args:
        text: as exported, lines joined.
        marked_line: whether the line began with ``LRM``; on iOS that is so before media, not before notices.
        bracketed: the iOS layout, in which notices carry a sender too.
    """
    marked = text.startswith(LRM)
    bare = text.replace(LRM, "").strip(" \n🚫⊘🛇")
    if len(bare) <= _LONGEST_MARK and _DELETED.fullmatch(bare.rstrip(".。")):
        return Body(DELETED)
    if ("://" in text and _MAP.fullmatch(text)) or (len(bare) <= _LONGEST_MARK and _LIVE_LOCATION.fullmatch(bare)):
        return Body("[location]")
    if _APP_LINE.match(bare):
        return Body(bare, by_app=True)
    is_poll = _POLL.match(text) is not None and "\n" in text
    replaced = None if is_poll else _replace_media(text, marked_line=marked_line, bracketed=bracketed)
    if replaced is None:
        if marked and bracketed and not is_poll:
            return Body(bare, by_app=True)
        replaced = text
    shown = (
        replaced[:-_LONGEST_MARK] + _EDITED.sub("", replaced[-_LONGEST_MARK:]) if replaced.endswith(">") else replaced
    )
    return Body((shown or replaced).replace(LRM, "").strip())


def _replace_media(text: str, *, marked_line: bool, bracketed: bool) -> str | None:
    """The text with its media mark in canonical form, ``None`` where it has none."""
    if "<" in text and (match := _ATTACHED.search(text)):
        before = _without_pages(text[: match.start()], " ")
        return f"{before}[{_kind_of_file(match[1])}]{text[match.end() :]}"
    first, newline, caption = text.partition("\n")
    match = _FILE.fullmatch(first.strip()) if first.rstrip().endswith((")", "）")) else None
    if match and (match[1] or _ATTACHED_WORDS.search(match[3]) or _OWN_NAME.match(match[2])):
        return f"[{_kind_of_file(match[2])}]{newline}{caption}"
    alone = first.replace(LRM, "").strip()
    if (match := _TAG.fullmatch(alone)) and _speaks_of_media(match[1]) and not bracketed:
        return f"[{_kind_of_words(match[1])}]{newline}{caption}"
    if len(alone) <= _LONGEST_MARK and _PLAIN_OMITTED.fullmatch(alone):
        return f"[{_kind_of_words(first)}]{newline}{caption}"
    return _replace_omitted(text, marked_line=marked_line)


def _replace_omitted(text: str, *, marked_line: bool) -> str | None:
    """The iOS form: name of the file, ``LRM``, ``document omitted``; in a language that need not be known."""
    before, mark, phrase = text.rpartition(LRM)
    phrase = phrase.strip()
    if not mark or not phrase or "\n" in phrase or len(phrase) > 60:
        return None
    known = _PLAIN_OMITTED.fullmatch(phrase) is not None
    if not (known or (marked_line and not phrase.endswith((".", "。", "।")) and phrase[0] != "<")):
        return None
    name = _without_pages(before, "")
    return f"{name.rstrip(' •·')} [{_kind_of_words(phrase)}]".strip(f" {LRM}")


def _without_pages(before: str, instead: str) -> str:
    """What stands before a document's mark, without the number of pages that the iOS app adds to the name."""
    name, mark, pages = before.rpartition(LRM)
    is_count = mark and len(pages) <= 40 and any(character.isdigit() for character in pages)
    return name.rstrip(" •·") + instead if is_count else before


def _speaks_of_media(words: str) -> bool:
    return " " in words or not words.isascii()


def _kind_of_words(words: str) -> str:
    if re.search(
        r"media|medien|multimedia|média|медиа|多媒体|多媒體|媒体|媒體|メディア|미디어|मीडिया", words, re.IGNORECASE
    ):
        return "media"
    return next((kind for kind, noun in _KINDS if noun.search(words)), "media")


def _kind_of_file(name: str) -> str:
    named = next((kind for kind, pattern in _BY_NAME if pattern.search(name)), None)
    return named or _BY_EXTENSION.get(name.rpartition(".")[2].casefold(), "document")
