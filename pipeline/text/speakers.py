"""What of a display name is a person's: ``客服小美`` is 小美, ``Jolene (CoolBreeze)`` is Jolene."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.text.lexicon import words_of
from pipeline.text.redact_patterns import HAN, caseless

_ROLE = (
    "人工客服|技术支持|技術支持|财务|財務|会计|行政|人事|法务|采购|运维|仓库|司机|快递员|骑手|教练|在线客服|智能客服|机器人客服|客户服务|客服专员|客服主管|客服经理|客服|客服部|客服中心|服务管家|服务台|导诊台|小助手|助手|助理|机器人|機器人|智能|管家|坐席|座席|专员|專員|主管|经理|經理"
    "|店长|店長|店员|老板|商家|卖家|賣家|买家|買家|顾客|顧客|客户|客戶|用户|用戶|会员|會員|访客|訪客|游客|匿名|系统|系統|管理员|售后|售後|售前|运营|運營|值班|工号|前台|团队|團隊|官方|旗舰店|专卖店|直营"
    "|语音转文字|語音轉文字|语音|語音|失败版|失敗版|女儿|之女|之子|妈妈|媽媽|爸爸|家长|家長"
)
_ROLE_ZH = re.compile(_ROLE)
_TITLES_EN = r"(?:mr|mrs|ms|miss|mdm|madam|dr|prof|sir|uncle|auntie|aunty|aunt)"
_BUSINESS = re.compile(
    "店|公司|商城|旗舰|家具|鲜果|烘焙|燃气|电器|科技|窗帘|猫粮|超市|酒店|银行|医院|学校|物流|快递|保险|商行|数码|手机|手機|診所|诊所|工作室|服务|服務|餐厅|外卖|平台|集团|中心|教室|运动|健身|家居|母婴|服饰|美妆|海外仓|公会|洗碗机"
)
_SPLIT = re.compile(r"[\s()（）\[\]【】_|/·•,，;；:：@~～+&\"“”.\-—–]+")
_DESK_TAIL = re.compile(
    "(?:客服|售后|售後|客户服务|旗舰店|专卖店|官方|团队|團隊|小助手|助手|机器人|機器人|智能|中心|服务台|运营|管家)\\Z"
)
"""Ends of a display name that make what stands before it a brand: 迅达客服."""
_PERSON_TAIL = re.compile(rf"(?:小|阿|老)[{HAN}]\Z|[{HAN}](?:姐|哥|叔|工|总|老师|师傅|先生|女士|小姐|太太)\Z")
_CAMEL = re.compile(r"\A(?!Mc|Mac|De|La|Le|Di|O')[A-Za-z]*[a-z][A-Z]")


@lru_cache(maxsize=4096)
def name_pattern(names: frozenset[str]) -> re.Pattern[str] | None:
    """One expression for everything that may be redacted of these display names; ``None`` for nothing.

    Latin names match as whole words in any case; ordinary words among them (Will, Grace) only when addressed
    ("Hi Will"). Titles before a name go with it.
    """
    han: set[str] = set()
    latin: set[str] = set()
    addressed: set[str] = set()
    for name in names:
        for part in personal_parts(name):
            if re.search(f"[{HAN}]", part):
                han.add(part)
            elif part.lower() in words_of("en", "ordinary_names.txt") or (len(part) == 2 and part.isalpha()):
                addressed.add(part)
            else:
                latin.add(part)
    choices = _choices(han, latin, addressed)
    return re.compile("|".join(choices)) if choices else None


@lru_cache(maxsize=4096)
def first_words(names: frozenset[str]) -> tuple[str, ...]:
    """Without one of these in its ``caseless`` form no text matches the names' ``name_pattern``."""
    parts = (part for name in names for part in personal_parts(name))
    return tuple({caseless(part.split(" ", 1)[0]) for part in parts})


def _choices(han: set[str], latin: set[str], addressed: set[str]) -> list[str]:
    def either(parts: set[str]) -> str:
        return "|".join(re.escape(part).replace(r"\ ", r"\s+") for part in sorted(parts, key=lambda p: (-len(p), p)))

    choices = []
    if han:
        choices.append(f"(?:{either(han)})(?:先生|女士|小姐|太太)?")
    if latin:
        choices.append(rf"(?i:(?<![^\W\d_])(?:{_TITLES_EN}\.?\s+)?(?:{either(latin)})(?![^\W_]))")
    if addressed:
        proper = {part[:1].upper() + part[1:] for part in addressed}
        choices.append(rf"(?i:\b{_TITLES_EN}\.?\s+)(?:{either(proper)})\b")
        choices.append(
            rf"(?:(?<=\b[Hh]i )|(?<=\b[Hh]ey )|(?<=\b[Hh]ello )|(?<=\b[Dd]ear )|(?<=\b[Tt]hanks )|(?<=\b[Tt]hanks, )|(?<=\b[Hh]i, )|(?<=thank you )|(?<=Thank you, )|(?<=thank you, ))(?:{either(proper)})\b"
        )
    return choices


@lru_cache(maxsize=4096)
def personal_parts(name: str) -> tuple[str, ...]:
    """The parts of a display name that are a person's, two characters or longer, the whole name included."""
    parts: list[str] = []
    pieces = [piece for piece in _SPLIT.split(name.strip()[:64]) if piece]
    is_business = any(_is_role(piece) or _BUSINESS.search(piece) for piece in pieces)
    if not name.isupper():  # (DPO), (ICU): an office, not a person
        pieces = [piece for piece in pieces if not re.fullmatch("[A-Z]{3,4}", piece)]
    personal = [person for piece in pieces if (person := _person(piece, strict=is_business and len(pieces) > 1))]
    if len(personal) == len(pieces) > 1 and all(re.search(r"[^\W\d_]", p) for p in personal):
        parts.append(name.strip())
    parts += [p for p in personal if len(p) >= 2]
    parts += [p[1:] for p in personal if _is_full_name(p)]
    return tuple(dict.fromkeys(parts))


def _is_role(piece: str) -> bool:
    return piece.lower() in words_of("en", "desk_words.txt") or bool(_ROLE_ZH.fullmatch(piece))


def _is_full_name(part: str) -> bool:
    """Family name and two more characters: the given name alone is then a name too."""
    return (
        len(part) == 3
        and part[0] in words_of("zh", "surnames.txt")
        and bool(re.fullmatch(f"[{HAN}]{{3}}", part))
        and not _PERSON_TAIL.search(part)
    )


def _person(piece: str, *, strict: bool) -> str | None:
    """The person in one piece of a display name: without role words; nothing for brands and bare numbers."""
    if _is_role(piece) or not re.search(r"[^\W\d_]", piece) or _CAMEL.match(piece):
        return None
    if piece.isascii():
        return piece if len(piece) >= 2 and not re.fullmatch(r"[A-Z]?\d+[A-Z]?|[A-Za-z]{1,3}\d{2,}", piece) else None
    if _DESK_TAIL.search(piece):
        return None
    stripped = _ROLE_ZH.split(piece)[-1] or _ROLE_ZH.split(piece)[0]
    if _BUSINESS.search(stripped) or stripped != piece:
        tail = _PERSON_TAIL.search(stripped)
        if _BUSINESS.search(stripped):
            return tail.group() if tail else None
    elif strict and (len(stripped) > 4 or (len(stripped) == 3 and stripped[0] not in words_of("zh", "surnames.txt"))):
        tail = _PERSON_TAIL.search(stripped)
        return tail.group() if tail else None
    return stripped if len(stripped) >= 2 else None


def is_personal(name: str) -> bool:
    """Whether a display name of a desk holds a person's: not 丰速优选 or "Parcel Pal", but 小美, 王秀兰, "Tom"."""
    surnames = words_of("zh", "surnames.txt")
    return any(
        len(part) <= 3 or part[0] in surnames or not re.search(f"[{HAN}]", part) or _PERSON_TAIL.search(part)
        for part in personal_parts(name)
    )
