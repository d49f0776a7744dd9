"""Telling encodings apart by the characters that they would give."""

from __future__ import annotations

import codecs
from functools import lru_cache
from typing import Final

_MAGIC: Final = (
    b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PAR1", b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8",
    b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"Rar!\x1a", b"SQLite format 3\0", b"BZh9", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd",
    b"OggS", b"ID3", b"\x7fELF", b"ORC", b"Obj\x01", b"ARROW1",
)  # fmt: skip

# The characters that make up about three quarters of service chats, simplified and traditional.
_COMMON: Final = frozenset(
    "一七三上下不与专业东两个中为主么之九也书买了事二于云五交亲人什今从他付以们件任份会但位住体何作你佢來係保信修俾個們候值假做停傅備儿元先兒入內全兩八公六关其内冇再写军几出分刚別别到前剛办加务动助動務包北"
    "十午半单卡原去又反发取口句另只叫可台号司吃合同名后吗吧听呀告员呢周和咗品哈員哦哪唔售商啊問啦啲喫單喺嗎嗰嘅器四回国图國圖在地块報塊备复外多夜大天太头女奶她好如妈姐姨媽子字学學安完定实客家寄實寫对将將專"
    "對小少就工差己已师带師帮帶常幫平年幾底店度康建开张張当录影很後得從心快怎思急息您情想意成我截戶户房所手才打扣找把报抱拍拿持按换排接提換播支收改放教文新方无日早时明星昨是時晚書最會月有服期木未本机李条来"
    "東板林果查样核案條業楼樓樣機次款歉正此死每比气氣水沒没法注流海消清满滿点為热無然照熱營爲片版物现班現理生用由申电留當登發白的直看真着睇知短码碼示祝票种程種空站第等签算管箱籤系約結給统經網線约线经结给统"
    "网老考者而联聯聽能自臺與色菜营號行补表被装裏補裝要覆見視親见视解訂記訴試話認說課調請謝證讓订认让记证诉试话说请课调谢貨買費賠賬账货费赔走起跑跟路身車轉车转辦边达过运还这進退送這通速進運過道達還邊那部都"
    "里重量金銀錄錢鍾钟钱银長长門開間關门问间阿陈院陳雲電需面音頭頻題顧顾频题體高麼點，。！？：；、“”‘’（）《》【】…—～·「」『』"
)


def binary_magic(data: bytes) -> bool:
    """Whether the data begins like an archive, picture, table or another file that is not text."""
    return data.startswith(_MAGIC)


def utf16_without_bom(data: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` where data with NULs reads well as such, else ``None``."""
    shares = {encoding: _share_of_plain(data, encoding) for encoding in ("utf-16-le", "utf-16-be")}
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] >= 0.5 else None


def _share_of_plain(data: bytes, encoding: str) -> float:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return 0.0
    if not text or "\0" in text:
        return 0.0
    # Pairs of ASCII bytes read as UTF-16 give rare ideographs, so a share of plain characters tells.
    plain = sum(character in _COMMON or "\t" <= character < "\u2000" or character >= "\uff00" for character in text)
    return plain / len(text)


def legacy_encoding(data: bytes) -> str:
    """Best reading of data that is not valid UTF-8.

    Returns:
        ``utf-8`` (damaged; read with replacement), ``gb18030``, ``big5``, ``big5hkscs`` or ``cp1252``.
    """
    if _damaged_utf8(data):
        return "utf-8"
    scores = {encoding: _familiarity(data, encoding) for encoding in ("gb18030", "big5hkscs")}
    best = max(scores, key=lambda encoding: scores[encoding])
    if scores[best] >= 0.15:
        return _narrowest(data) if best == "big5hkscs" else best
    return "cp1252" if _like_western(data) else "utf-8"


def _damaged_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    return (len(text) - lost - sum(character < "\x80" for character in text)) >= 3 * lost


def _narrowest(data: bytes) -> str:
    try:
        codecs.getincrementaldecoder("big5")().decode(data)
    except UnicodeDecodeError:
        return "big5hkscs"
    return "big5"


def _familiarity(data: bytes, encoding: str) -> float:
    """Mean weight of the characters beyond ASCII: 1 very common, 0.3 ordinary, -0.5 rare, -1 undecodable."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data)
    foreign = [character for character in text if character >= "\x80"]
    ordinary = _ordinary(encoding)
    weights = (
        1.0
        if character in _COMMON
        else 0.3
        if character in ordinary or "\uff00" <= character <= "\uffef"
        else -1.0
        if character == "\ufffd"
        else -0.5
        for character in foreign
    )
    return sum(weights) / len(foreign) if foreign else 0.0


@lru_cache(maxsize=2)
def _ordinary(encoding: str) -> frozenset[str]:
    """The level of frequent characters that both standards put first: GB 2312 rows 16-55, Big5 A440-C67E."""
    leads, standard = (range(0xB0, 0xD8), "gb2312") if encoding == "gb18030" else (range(0xA4, 0xC7), "big5")
    block = b"".join(bytes((lead, trail)) for lead in leads for trail in range(0xA1, 0xFF))
    low = b"" if standard == "gb2312" else b"".join(bytes((a, b)) for a in leads for b in range(0x40, 0x7F))
    return frozenset((block + low).decode(standard, "ignore")) - {chr(code) for code in range(128)}


def _like_western(data: bytes) -> bool:
    """Whether the bytes beyond ASCII are few and are letters or quotes of Windows-1252."""
    high = [byte for byte in data if byte >= 0x80]
    usual = sum(
        byte in b"\x80\x85\x91\x92\x93\x94\x95\x96\x97\x99\xa0\xa1\xa3\xa9\xae\xb0" or 0xBF <= byte <= 0xFC
        for byte in high
    )
    return len(high) * 4 <= len(data) and usual * 10 >= len(high) * 9
