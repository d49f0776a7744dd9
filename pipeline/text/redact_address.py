"""Postal addresses: Chinese ones from province to room, English ones from house number to postcode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.text.redact_patterns import HAN, Finding, matches

_D = r"(?:[甲乙丙丁]?\d{1,5}[A-Za-z]?(?:[\-之]\d{1,5}){0,3}|[零〇一二三四五六七八九十百]{1,5})"
_H = f"[{HAN}]"
_ADMIN = (
    rf"(?:{_H}{{2,8}}?(?:省|自治区|特别行政区|特別行政區) ?)?(?:{_H}{{2,8}}?(?:市|自治州|地区|盟) ?)?"
    rf"(?:{_H}{{1,8}}?(?:区|區|县|縣|市|旗|新区) ?)?(?:{_H}{{1,8}}?(?:镇|鎮|乡|鄉|街道|办事处) ?)?"
)
_ROAD_END = r"(?:大道|大街|胡同|(?<![一在半电電网網铁鐵线線走赶问問带帶后後退思套])[路]|(?<![逛上])街|巷|弄|里弄|(?<![知报报味渠频通难管轨赛跑一地街人说道])道)"
_ROAD = rf"{_H}{{1,9}}?{_ROAD_END}(?:[东西南北中東][路段街])?(?:[一二三四五六七八九十\d]{{1,3}}段)? ?"
_ESTATE = r"(?:小区|小區|花园|花園|公寓|大厦|大廈|广场|廣場|家园|家園|新村|新城|园区|園區|工业园|科技园|产业园|苑|邨|阁|閣|轩|軒|中心|府|城|湾|灣|庭|居|里|坊|村|宿舍|校区|大学|學校|学校|医院|屋苑|庄|莊)"
_ESTATE_SURE = r"(?:小区|小區|花园|花園|公寓|大厦|大廈|家园|家園|新村|园区|園區|工业园|科技园|产业园|苑|邨|屋苑|宿舍)"
_UNIT = rf"(?:{_D} ?(?:号院|号楼|號樓|栋|棟|幢|座|单元|單元|楼|樓|层|層|室|房|户|门|組|组|号|號|弄|巷|期|区)(?:之\d+|(?<=[楼樓座栋棟])[A-Za-z](?![A-Za-z\d])室?)?|[A-Za-z]\d? ?(?:栋|棟|幢|座|区|區|楼|樓|室|单元|單元))"
_TAIL = rf"(?:[ ,，]?(?:{_H}{{2,10}}?{_ESTATE} ?)?(?:{_UNIT} ?)+(?:[\-]?\d{{2,5}}(?:室|房)?)?){{0,4}}(?:[ ]?\d{{3,4}}(?!\d|元|块))?"
_NOT_AFTER = r"(?!线|線|店|仓|倉|客服|机|機|前|后|後|之前|以前|左右|到|发|發|才|就|下午|上午|晚上|早上|那天|开始)"
_STREET = re.compile(rf"{_ADMIN}{_ROAD}(?:{_H}{{1,6}}?村)?{_D} ?(?:号|號|弄|巷){_NOT_AFTER}{_TAIL}")
_PLACED = re.compile(
    rf"(?={_H}{{2,16}}(?:省|市|区|區|县|縣|镇|鎮|乡|鄉|街道)){_ADMIN}(?:{_H}{{1,9}}?{_ROAD_END} ?)?(?:{_H}{{1,10}}?(?:{_ESTATE}|村|屯|庄) ?)?(?:{_UNIT} ?)+{_NOT_AFTER}{_TAIL}"
)
_COMPOUND = re.compile(
    rf"(?:{_H}{{2,8}}?(?:{_ESTATE_SURE}|{_ESTATE}(?!{_D} ?[号號](?![楼樓院]))) ?)(?:{_UNIT} ?)+{_NOT_AFTER}(?:\d{{2,5}})?"
)
_UNITS = re.compile(
    rf"{_D} ?(?:号楼|號樓|栋|棟|幢|座|单元|單元) ?(?:{_D} ?(?:号楼|栋|棟|幢|座|单元|單元|楼|樓|层|層|门|号|號|室|房|户) ?)*(?:{_D} ?(?:室|房|户|号|號|楼|樓|层|層)|\d{{2,4}}(?![\d元块]))"
    rf"|[A-Za-z] ?(?:栋|棟|幢|座) ?\d{{2,4}}(?:室|房)?(?![\d元块])|(?<![{HAN}\d\-])(?<!码[ :：])\d{{1,3}}-\d{{1,2}}-\d{{3,4}}室?(?![\d\-])|(?<![\d.])[1-9]\d{{2,3}}(?:室|號室|号房)(?!内|外|友)"
    r"|[A-Za-z\d]{1,3}(?:樓|楼)[A-Za-z\d]{1,4}室"
)
_NUMBERED = re.compile(
    r"[\dA-Za-z零〇一二三四五六七八九十百](?: ?[号號楼樓栋棟幢座单單层層室房户门組组弄巷期区區]|-\d)"
)
"""Without one of these no Chinese address has a house or a room."""
_STREET_SIGN = re.compile("[路街巷弄道同]")
_PLACED_SIGN = re.compile("[省市区區县縣镇鎮乡鄉道]")
_ESTATE_SIGN = re.compile("[区區园園寓厦廈场場村城苑邨阁閣轩軒心府湾灣庭居里坊舍学校院庄莊]")
_UNITS_SIGN = re.compile(r"[楼樓栋棟幢座单單室号]|\d-\d")
"""These stand in all that the four find."""
_POSTCODE_SIGN = re.compile("[邮郵]|postal|postcode|zip|pin")
_FIGURE = re.compile(r"\d")
_LETTER = re.compile("[a-z]")
_LED = re.compile(
    r"(?:收货地址|收貨地址|收件地址|寄件地址|送货地址|家庭住址|联系地址|聯絡地址|新地址|地址|住址)(?:改成|改为|换成|是|为|為|在|[:：])[:：\s]*"
    r"(?P<place>[^\n,，。;；!！?？<>\ue000]{4,60})"
)
_POSTCODE = re.compile(
    r"(?:邮编|郵編|邮政编码|郵遞區號|\bpostal code|\bpostcode|\bzip(?: code)?|\bpin ?code)\s*(?:是|为|is|[:：])?\s*(?P<code>\d{5,6}(?:-\d{4})?)(?!\d)",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"(?:我们|我們|你们|他们|我|你|他|她|家里|家裡|公司|家|现|現|就|都|也|係咪|係|系|住|在|是|的|收货|收貨|收件|地址|寄|送|到|去|来|發|发|给|給|改|成|为|為|请|請|麻烦|麻煩|帮|幫|把|从|從|往|位于|位於|于|货|貨|快递|包裹|东西|那|这|這|,|，|:|：|\s|了|能|要|不|可以|人|放|新(?=地址)|上门|上門)+"
)
_DISPLACED = re.compile(rf"(?:{_H}{{0,4}}?(?:住在|寄到|送到|寄去|送去|发到|發到|改成|改到|位于|住))")


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without the words that lead to the address: 我住在, 寄到."""
    last = None
    for last in _DISPLACED.finditer(text, start, end):  # noqa: B007 - the last match is wanted
        pass
    if last is not None and end - last.end() >= 4:
        start = last.end()
    lead = _LEAD_IN.match(text, start, end)
    if lead and end - lead.end() >= 4:
        start = lead.end()
    return start, start + len(text[start:end].rstrip(" ,，"))


_STREET_WORD = (
    r"(?:Street|Str?|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Terrace|Way|Close|Crescent|Cres|"
    r"Square|Sq|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Walk|Grove|Gardens|Mews|Row|Quay|Nagar|Marg)"
)
_APART = r"(?:(?:Apt|Apartment|Flat|Unit|Suite|Ste|Room|Rm|Blk|Block|Floor|Level|Tower|#)\.? ?#?[A-Za-z]?\d[\w\-]*|#\d{1,3}-\d{1,4}|\d{1,2}/F)"
_ZIP = r"(?:(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]) \d{5}(?:-\d{4})?)"
_UK = r"(?:(?:[A-Z]{1,2}\d[A-Z\d]?) \d[ABD-HJLNP-UW-Z]{2})"
_CANADA = r"(?:[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d)"
_REST = rf"(?:,? *{_APART})*(?:,? +[A-Z][a-z][a-zA-Z.\-]*(?: [A-Z][a-z]+){{0,2}}){{0,2}}(?:,? +(?:{_ZIP}|{_UK}|{_CANADA}|(?:NSW|VIC|QLD|WA|SA|TAS|ACT) \d{{4}}|\d{{5,6}}(?: [A-Z][a-z]+){{0,2}}))?"
_FLAT = re.compile(
    r"\b(?:Flat|Apt|Apartment|Unit|Suite|Rm|Room) (?:\d{1,4}[A-Z]?|[A-Z]\d{0,3})(?:,| (?=\d{1,2}/F)) ?(?:\d{1,2}/F,? )?(?:(?:Block|Tower) \w{1,3},? )?[A-Z][a-z]+(?: [A-Z][a-z]+){0,3} (?:House|Court|Building|Mansions?|Towers?|Estate|Centre|Center|Plaza|Gardens?|Place|Heights|Villas?)\b"
)
_WESTERN = (
    (
        re.compile(rf"{_STREET_WORD}\b"),
        re.compile(
            rf"(?:{_APART},? +)?(?<![\d$£€.#])(?<![\d][.,])\b\d{{1,5}}[A-Za-z]?(?:[\-/]\d{{1,4}})?,? +(?:(?:[NSEW]|North|South|East|West)\.? +)?(?:[A-Z][\w'.\-]*|\d{{1,3}}(?:st|nd|rd|th)) +(?:[A-Z][\w'.\-]* +){{0,3}}{_STREET_WORD}\b\.?(?: \d{{1,3}}\b)?{_REST}"
        ),
    ),
    (
        re.compile(" (?:street|road|avenue|lane|boulevard|rd|ave|blvd)"),
        re.compile(
            r"(?<![\d$£€.])\b\d{1,5}[a-z]? (?!minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|miles?|km|times?|people|of|on|in|at|the|to|by|for|from|or|and|more|different|way|blocks?|dead|long|main road users)"
            r"(?:[a-z][a-z'\-]{2,14} ){1,2}(?<!the )(?<!down )(?<!same )(?:street|road|avenue|lane|boulevard|rd|ave|blvd)\b(?:,? (?:apt|flat|unit|suite) ?\w{1,5})?"
        ),
    ),
    (
        re.compile("Jalan|Jln|Lorong|Rue|Calle"),
        re.compile(
            rf"\b(?:Jalan|Jln|Lorong|Rue|Calle) [A-Z][\w']*(?: [A-Z\d][\w']*){{0,3}},? (?:No\.? ?)?\d{{1,4}}[A-Z]?\b{_REST}|\b(?:No\.? ?)?\d{{1,4}}[A-Z]?,? (?:Jalan|Jln|Lorong) [A-Z][\w']*(?: [\dA-Z][\w/]*){{0,3}}{_REST}"
        ),
    ),
    (
        re.compile("Blk|Block|Blok"),
        re.compile(
            r"\b(?:Blk|Block|Blok)\.? \d{1,4}[A-Z]?,? [A-Z][\w']*(?: [A-Z\d][\w']*){0,4}(?:,? #\d{1,3}-\d{1,4})?(?:,? Singapore \d{6})?"
        ),
    ),
    (re.compile(r"[A-Z]{2} \d{5}"), re.compile(rf"\b(?:[A-Z][a-z]+ ){{0,2}}[A-Z][a-z]+, {_ZIP}\b|\b{_ZIP}\b")),
    (re.compile(r"[A-Z\d] \d[A-Z]{2}"), re.compile(rf"(?<![A-Za-z\d\-]){_UK}(?![A-Za-z\d\-])")),
    (
        re.compile(r"\d[A-Z] \d[A-Z]\d"),
        re.compile(r"(?<![A-Za-z\d\-])[ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d(?![A-Za-z\d\-])"),
    ),
    (re.compile(r"[Bb][Oo][Xx]"), re.compile(r"\bP\.? ?O\.? Box \d{1,6}\b", re.IGNORECASE)),
    (re.compile(r"Singapore|S\("), re.compile(r"\b(?:Singapore|S\()\s?\d{6}\)?(?!\d)")),
    (re.compile("Flat|Apt|Apartment|Unit|Suite|Rm|Room"), _FLAT),
)
"""Each form, and what stands in all that it finds."""
_WESTERN_LED_SIGN = re.compile("address|deliver|ship|i live at")
_WESTERN_LED = re.compile(
    r"\b(?:(?:my|our|home|delivery|shipping|new|billing|correct|postal|mailing) address (?:is|to|:)|address:|deliver(?:ed)? (?:it )?to|ship(?:ped)? (?:it )?to|i live at)\s*"
    r"(?P<place>(?:(?:flat|apt|unit|no\.?|house|#)\s*)?[\w\-/]*\d[\w\-/]*,? [A-Za-z][^\n.;!?<>\ue000]{3,60})",
    re.IGNORECASE,
)


_CHINESE = (
    (_STREET_SIGN, _STREET),
    (_PLACED_SIGN, _PLACED),
    (_ESTATE_SIGN, _COMPOUND),
    (_UNITS_SIGN, _UNITS),
)


def addresses(text: str, folded: str) -> Iterator[Finding]:
    """Addresses with a house or room number; towns and streets alone are not private."""
    if not text.isascii():
        yield from _chinese(text)
    yield from _western(text, folded)


def _chinese(text: str) -> Iterator[Finding]:
    for sign, pattern in _CHINESE if _NUMBERED.search(text) else ():
        for m in pattern.finditer(text) if sign.search(text) else ():
            yield Finding(*_trimmed(text, *m.span()), "<ADDRESS>")
    for m in _LED.finditer(text) if "址" in text else ():
        if re.search(r"\d|[省市区區县縣镇鎮路街村]", m["place"]):
            yield Finding(*_trimmed(text, *m.span("place")), "<ADDRESS>")


def _western(text: str, folded: str) -> Iterator[Finding]:
    if not _FIGURE.search(text):
        yield from matches(_FLAT, text, "<ADDRESS>")
        return
    if _POSTCODE_SIGN.search(folded):
        yield from matches(_POSTCODE, text, "<ADDRESS>", group="code")
    if not _LETTER.search(folded):
        return
    for sign, pattern in _WESTERN:
        if sign.search(text):
            yield from matches(pattern, text, "<ADDRESS>")
    for m in _WESTERN_LED.finditer(text) if _WESTERN_LED_SIGN.search(folded) else ():
        if "," not in m["place"] and not re.search(rf"\b{_STREET_WORD}\b", m["place"], re.IGNORECASE):
            continue
        yield Finding(*m.span("place"), "<ADDRESS>")
