"""Numbers that belong to a deal: orders, parcels, accounts, plates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.text.redact_patterns import LEFT, RIGHT, Finding, matches

_IS = r"(?:\s*(?:是|为|為|係|is|was|=|[:：#＃])\s*|\s+)?"
_NUMBER = r"(?:[\s_.]*(?:编号|編號|号码|號碼|单号|單號|号|號|numbers?|num|no\.?|nr\.?|#|id|ref(?:erence)?|code))"
_ORDER_ZH = "订单|訂單|确认|確認|凭证|憑證|交易|工单|工單|案件|保单|保單|发票|發票|合同|预约|預約|预订|預訂|退款|退货|退貨|售后|售後|投诉|投訴|报修|報修|流水|受理|服务单|維修單|单号|單號|编号|編號|取票|订座|席位"
_ORDER_EN = r"orders?|po|purchase|invoice|ref(?:erence)?|ticket|case|booking|reservation|confirmation|complaint|claim|policy|transaction|txn|trans|receipt|rma|return|refund|incident|request|repair|job|quote|contract|pnr|record locator|enquiry|inquiry|report"
_TRACKING_ZH = "快递|快遞|运单|運單|物流|包裹|邮件|郵件|顺丰|順豐|中通|圆通|圓通|韵达|韻達|申通|极兔|邮政"
_TRACKING_EN = r"tracking|waybill|awb|parcel|consignment|shipment|package|track"
_ACCOUNT_ZH = "账号|帳號|帐号|账户|帳戶|帐户|会员|會員|客户号|客戶編號|用户id|用户名|微信|qq"
_ACCOUNT_EN = r"account|acct|a/c|member(?:ship)?|customer|user|client|loyalty|wechat|weixin|line|telegram|skype"
_TRACKING_WORD, _ORDER_WORD, _ACCOUNT_WORD = (
    rf"(?:{zh}|\b(?:{en}))"
    for zh, en in ((_TRACKING_ZH, _TRACKING_EN), (_ORDER_ZH, _ORDER_EN), (_ACCOUNT_ZH, _ACCOUNT_EN))
)
_TRACKING_SIGN, _ORDER_SIGN, _ACCOUNT_SIGN = (
    re.compile(f"{zh}|{en}")
    for zh, en in ((_TRACKING_ZH, _TRACKING_EN), (_ORDER_ZH, _ORDER_EN), (_ACCOUNT_ZH, _ACCOUNT_EN))
)
"""Quicker to find than the words, in the caseless form of a text, and in all of them."""
_ID = r"(?P<id>[A-Za-z0-9](?:[A-Za-z0-9]|[\-_/](?=[A-Za-z0-9])){2,39})"
_GROUPED = r"(?P<id>[A-Z]{0,4}\d{2,6}(?: \d{2,6}){1,5})"
_WORDS = (
    (_TRACKING_SIGN, _TRACKING_WORD, "<TRACKING>"),
    (_ORDER_SIGN, _ORDER_WORD, "<ORDER>"),
    (_ACCOUNT_SIGN, _ACCOUNT_WORD, "<ACCOUNT>"),
)
_LED_MARKED = [
    (sign, re.compile(rf"{word}{_NUMBER}{{1,2}}{_IS}{_ID}(?![A-Za-z0-9])(?![.,:]\d)", re.IGNORECASE), placeholder)
    for sign, word, placeholder in _WORDS
]
_LED_BARE = [
    (sign, re.compile(rf"{word}(?:单|單)?{_IS}{_ID}(?![A-Za-z0-9])(?![.,:]\d){RIGHT}", re.IGNORECASE), placeholder)
    for sign, word, placeholder in _WORDS
]
_LED_GROUPED = [
    (
        sign,
        re.compile(rf"{word}(?:{_NUMBER}|\s*(?:is|[:：#])){{1,2}}{_IS}{_GROUPED}(?![A-Za-z0-9])", re.IGNORECASE),
        placeholder,
    )
    for sign, word, placeholder in _WORDS[:2]
]
_CODE_MARKED = re.compile(r"[0-9](?:[A-Za-z\u0130\u0131\u017f\u212a_/\-]*[0-9]){2}")
_CODE_BARE = re.compile(r"[0-9](?:[A-Za-z\u0130\u0131\u017f\u212a_/\-]*[0-9]){4}")
_GROUPS = re.compile(r"\d\d \d\d")
"""These stand in all codes that the three find."""
_LOCATOR_SIGN = re.compile("pnr|booking|reservation|record locator|confirmation")
_LOCATOR = re.compile(
    r"\b(?:pnr|booking|reservation|record locator|confirmation)(?:\s+(?:ref(?:erence)?|code|number|no\.?))?(?:\s*(?:is|[:：#=])\s*|\s+)(?P<id>(?-i:[A-Z0-9]{6}))\b",
    re.IGNORECASE,
)
_PARCEL = re.compile(r"(?<![A-Za-z\d])1[Zz](?: ?[A-Za-z0-9]){16}(?![A-Za-z\d])")
_SHAPES = [
    (least, re.compile(pattern), placeholder)
    for least, pattern, placeholder in (
        (10, r"(?<![A-Za-z\d])(?:SF|sf)\d{10,15}(?!\d)", "<TRACKING>"),
        (
            9,
            r"(?<![A-Za-z\d])(?:YT|ZTO?|STO|YD|JT|DPK?|TT|BEST|JDV?[A-Z]{0,2}|JDX|JDK|UK|HT|EMS|CN|LP|TBA|AAA|KY|DB|GTO|yt|jd|jt|zt)\d{9,18}(?:-\d+-\d+-?)?(?![A-Za-z\d])",
            "<TRACKING>",
        ),
        (9, r"(?<![A-Za-z\d])[A-Z]{2}\d{9}[A-Z]{2}(?![A-Za-z\d])", "<TRACKING>"),
        (22, r"(?<![A-Za-z\d])9[2-5]\d{20}(?!\d)", "<TRACKING>"),
        (7, r"(?<![\d\-])\d{3}-\d{7}-\d{7}(?![\d\-])", "<ORDER>"),
        (15, rf"{LEFT}(?<![A-Za-z])(?!0086)\d{{15,32}}(?![A-Za-z]){RIGHT}", "<ORDER>"),
        (8, r"(?<![A-Za-z\d])(?:[A-Z]{2,5}[-_]?)?(?:20\d{6})[-_]?\d{4,14}(?![A-Za-z\d])", "<ORDER>"),
        (8, r"(?<![A-Za-z\d])[A-Z]{2,5}-?\d{8,18}(?![A-Za-z\d])", "<ORDER>"),
        (4, r"(?<![A-Za-z\d])[A-Z]{2,6}-(?:20\d{2}-\d{3,10}|\d{5,12})(?![A-Za-z\d])", "<ORDER>"),
        (4, r"(?<![A-Za-z\d&])#(?=[A-Z0-9\-]*\d{4})[A-Z0-9][A-Z0-9\-]{4,24}(?![A-Za-z\d])", "<ORDER>"),
    )
]
"""Each form of digits that must stand in a row, the form, what it is."""
_PARCELS = (_PARCEL, *(pattern for _, pattern, kind in _SHAPES if kind == "<TRACKING>"))
_FIGURES = re.compile(r"\d+")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_NO_ID = re.compile(
    r"(?:19|20)\d\d(?:[-/]?(?:0?[1-9]|1[0-2])(?:[-/]?(?:0?[1-9]|[12]\d|3[01]))?)?|\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?|12[0-9]{3}|9[56]\d{3}|100\d{2}"
)
"""Years, dates, public short numbers."""


def led_codes(text: str, folded: str) -> Iterator[Finding]:
    """Order, tracking and account numbers by the word before them."""
    for sign, pattern, placeholder in _LED_MARKED if _CODE_MARKED.search(text) else ():
        for m in pattern.finditer(text) if sign.search(folded) else ():
            if _is_code(m["id"], digits=3, length=4):
                yield Finding(*_code_span(m), _kind(m["id"], placeholder))
    for sign, pattern, placeholder in _LED_GROUPED if _GROUPS.search(text) else ():
        if sign.search(folded):
            yield from matches(pattern, text, placeholder, group="id")
    for m in _LOCATOR.finditer(text) if _LOCATOR_SIGN.search(folded) else ():
        if m["id"].isupper() or not m["id"].isdigit():
            yield Finding(*m.span("id"), "<ORDER>")
    for sign, pattern, placeholder in _LED_BARE if _CODE_BARE.search(text) else ():
        for m in pattern.finditer(text) if sign.search(folded) else ():
            if _is_code(m["id"], digits=5, length=6):
                yield Finding(*_code_span(m), _kind(m["id"], placeholder))


def known_shapes(text: str, folded: str) -> Iterator[Finding]:
    """Numbers of couriers and shops by their own shape, and long bare runs of digits."""
    longest = max(map(len, _FIGURES.findall(text)), default=0)
    for least, pattern, placeholder in _SHAPES if longest >= 4 else ():
        if longest >= least:
            yield from matches(pattern, text, placeholder)
    if "1z" in folded:
        yield from matches(_PARCEL, text, "<TRACKING>")


def _kind(code: str, placeholder: str) -> str:
    """A courier's number is one whatever the word before it (单号SF…)."""
    is_parcel = any(pattern.fullmatch(code) for pattern in _PARCELS)
    if placeholder == "<ACCOUNT>" and _MOBILE.fullmatch(code):
        return "<PHONE>"  # 微信13800001234
    return "<TRACKING>" if is_parcel else placeholder


def _code_span(match: re.Match[str]) -> tuple[int, int]:
    start, end = match.span("id")
    return (start - 1 if match.string[start - 1 : start] == "#" else start), end


def _is_code(code: str, *, digits: int, length: int) -> bool:
    return len(code) >= length and sum(char.isdigit() for char in code) >= digits and not _NO_ID.fullmatch(code)


_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁使滬雲遼魯蘇贛陝閩貴粵瓊寧"
_PLATE = re.compile(
    rf"[{_PROVINCES}][A-HJ-NP-Za-hj-np-z][·•.・\-\s]?(?=[A-Za-z]*\d[A-Za-z]*\d)[A-HJ-NP-Za-hj-np-z0-9]{{4,6}}[挂学警港澳]?(?![A-Za-z0-9])"
)
_LED_PLATE = re.compile(
    r"(?:车牌|車牌|牌照|\b(?:plate|number ?plate|licen[cs]e plate|reg(?:istration)?|vrn|rego)\b)(?:号码|號碼|号|號| number| no\.?| plate)?\s*(?:是|为|為|is|[:：#])?\s*"
    r"(?P<plate>(?=[A-Za-z \-]*\d)[A-Za-z0-9]{1,4}[ \-]?[A-Za-z0-9]{2,5})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_PLATE_SIGN = re.compile("牌|plate|reg|vrn")
"""Stands in the caseless form of all that the two others find."""
_BRITISH = re.compile(r"(?<![A-Za-z\d])[A-Z]{2}\d{2} ?[A-Z]{3}(?=[^\n]{1,20}\b(?:reg|plate|registration)\b)")


def plates(text: str, folded: str) -> Iterator[Finding]:
    """Mainland plates by form; others by the word before them."""
    for m in () if text.isascii() else _PLATE.finditer(text):
        if len(m.group().rstrip("挂学警港澳")) - 1 >= 5:
            yield Finding(*m.span(), "<PLATE>")
    if not _PLATE_SIGN.search(folded):
        return
    yield from matches(_BRITISH, text, "<PLATE>")
    for m in _LED_PLATE.finditer(text):
        if any(char.isdigit() for char in m["plate"]):
            yield Finding(*m.span("plate"), "<PLATE>")
