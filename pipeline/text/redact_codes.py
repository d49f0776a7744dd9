"""Numbers that belong to a deal: orders, parcels, accounts, plates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.text.redact_patterns import LEFT, RIGHT, Finding, digit_count

_IS = r"(?:\s*(?:是|为|為|係|is|was|=|[:：#＃])\s*|\s+)?"
_NUMBER = r"(?:[\s_.]*(?:编号|編號|号码|號碼|单号|單號|号|號|numbers?|num|no\.?|nr\.?|#|id|ref(?:erence)?|code))"
_ORDER_WORD = (
    r"(?:订单|訂單|确认|確認|凭证|憑證|交易|工单|工單|案件|保单|保單|发票|發票|合同|预约|預約|预订|預訂|退款|退货|退貨|售后|售後|投诉|投訴|报修|報修|流水|受理|服务单|維修單|单号|單號|编号|編號|取票|订座|席位"
    r"|\b(?:orders?|po|purchase|invoice|ref(?:erence)?|ticket|case|booking|reservation|confirmation|complaint|claim|policy|transaction|txn|trans|receipt|rma|return|refund|incident|request|repair|job|quote|contract|pnr|record locator|enquiry|inquiry|report))"
)
_TRACKING_WORD = r"(?:快递|快遞|运单|運單|物流|包裹|邮件|郵件|顺丰|順豐|中通|圆通|圓通|韵达|韻達|申通|极兔|邮政|\b(?:tracking|waybill|awb|parcel|consignment|shipment|package|track))"
_ACCOUNT_WORD = r"(?:账号|帳號|帐号|账户|帳戶|帐户|会员|會員|客户号|客戶編號|用户id|用户名|微信|qq|\b(?:account|acct|a/c|member(?:ship)?|customer|user|client|loyalty|wechat|weixin|line|telegram|skype))"
_ID = r"(?P<id>[A-Za-z0-9](?:[A-Za-z0-9]|[\-_/](?=[A-Za-z0-9])){2,39})"
_GROUPED = r"(?P<id>[A-Z]{0,4}\d{2,6}(?: \d{2,6}){1,5})"
_LED_MARKED = [
    (re.compile(rf"{word}{_NUMBER}{{1,2}}{_IS}{_ID}(?![A-Za-z0-9])(?![.,:]\d)", re.IGNORECASE), placeholder)
    for word, placeholder in ((_TRACKING_WORD, "<TRACKING>"), (_ORDER_WORD, "<ORDER>"), (_ACCOUNT_WORD, "<ACCOUNT>"))
]
_LED_BARE = [
    (re.compile(rf"{word}(?:单|單)?{_IS}{_ID}(?![A-Za-z0-9])(?![.,:]\d){RIGHT}", re.IGNORECASE), placeholder)
    for word, placeholder in ((_TRACKING_WORD, "<TRACKING>"), (_ORDER_WORD, "<ORDER>"), (_ACCOUNT_WORD, "<ACCOUNT>"))
]
_LED_GROUPED = [
    (
        re.compile(rf"{word}(?:{_NUMBER}|\s*(?:is|[:：#])){{1,2}}{_IS}{_GROUPED}(?![A-Za-z0-9])", re.IGNORECASE),
        placeholder,
    )
    for word, placeholder in ((_TRACKING_WORD, "<TRACKING>"), (_ORDER_WORD, "<ORDER>"))
]
_LOCATOR = re.compile(
    r"\b(?:pnr|booking|reservation|record locator|confirmation)(?:\s+(?:ref(?:erence)?|code|number|no\.?))?(?:\s*(?:is|[:：#=])\s*|\s+)(?P<id>(?-i:[A-Z0-9]{6}))\b",
    re.IGNORECASE,
)
_SHAPES = [
    (re.compile(pattern), placeholder)
    for pattern, placeholder in (
        (r"(?<![A-Za-z\d])(?:SF|sf)\d{10,15}(?!\d)", "<TRACKING>"),
        (
            r"(?<![A-Za-z\d])(?:YT|ZTO?|STO|YD|JT|DPK?|TT|BEST|JDV?[A-Z]{0,2}|JDX|JDK|UK|HT|EMS|CN|LP|TBA|AAA|KY|DB|GTO|yt|jd|jt|zt)\d{9,18}(?:-\d+-\d+-?)?(?![A-Za-z\d])",
            "<TRACKING>",
        ),
        (r"(?<![A-Za-z\d])[A-Z]{2}\d{9}[A-Z]{2}(?![A-Za-z\d])", "<TRACKING>"),
        (r"(?<![A-Za-z\d])1[Zz](?: ?[A-Za-z0-9]){16}(?![A-Za-z\d])", "<TRACKING>"),
        (r"(?<![A-Za-z\d])9[2-5]\d{20}(?!\d)", "<TRACKING>"),
        (r"(?<![\d\-])\d{3}-\d{7}-\d{7}(?![\d\-])", "<ORDER>"),
        (rf"{LEFT}(?<![A-Za-z])(?!0086)\d{{15,32}}(?![A-Za-z]){RIGHT}", "<ORDER>"),
        (r"(?<![A-Za-z\d])(?:[A-Z]{2,5}[-_]?)?(?:20\d{6})[-_]?\d{4,14}(?![A-Za-z\d])", "<ORDER>"),
        (r"(?<![A-Za-z\d])[A-Z]{2,5}-?\d{8,18}(?![A-Za-z\d])", "<ORDER>"),
        (r"(?<![A-Za-z\d])[A-Z]{2,6}-(?:20\d{2}-\d{3,10}|\d{5,12})(?![A-Za-z\d])", "<ORDER>"),
        (r"(?<![A-Za-z\d&])#(?=[A-Z0-9\-]*\d{4})[A-Z0-9][A-Z0-9\-]{4,24}(?![A-Za-z\d])", "<ORDER>"),
    )
]
_PARCEL_LETTER = re.compile("1[Zz]")
"""Of all shapes only this one may have fewer than four digits."""
_MOBILE = re.compile(r"1[3-9]\d{9}")
_NO_ID = re.compile(
    r"(?:19|20)\d\d(?:[-/]?(?:0?[1-9]|1[0-2])(?:[-/]?(?:0?[1-9]|[12]\d|3[01]))?)?|\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?|12[0-9]{3}|9[56]\d{3}|100\d{2}"
)
"""Years, dates, public short numbers."""


def led_codes(text: str) -> Iterator[Finding]:
    """Order, tracking and account numbers by the word before them."""
    digits = digit_count(text)
    for pattern, placeholder in _LED_MARKED if digits >= 3 else ():
        for m in pattern.finditer(text):
            if _is_code(m["id"], digits=3, length=4):
                yield Finding(*_code_span(m), _kind(m["id"], placeholder))
    for pattern, placeholder in _LED_GROUPED if digits >= 4 else ():
        for m in pattern.finditer(text):
            yield Finding(*m.span("id"), placeholder)
    for m in _LOCATOR.finditer(text):
        if m["id"].isupper() or not m["id"].isdigit():
            yield Finding(*m.span("id"), "<ORDER>")
    for pattern, placeholder in _LED_BARE if digits >= 5 else ():
        for m in pattern.finditer(text):
            if _is_code(m["id"], digits=5, length=6):
                yield Finding(*_code_span(m), _kind(m["id"], placeholder))


def known_shapes(text: str) -> Iterator[Finding]:
    """Numbers of couriers and shops by their own shape, and long bare runs of digits."""
    if digit_count(text) < 4 and not _PARCEL_LETTER.search(text):
        return
    for pattern, placeholder in _SHAPES:
        for m in pattern.finditer(text):
            yield Finding(*m.span(), placeholder)


def _kind(code: str, placeholder: str) -> str:
    """A courier's number is one whatever the word before it (单号SF…)."""
    is_parcel = any(kind == "<TRACKING>" and pattern.fullmatch(code) for pattern, kind in _SHAPES)
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


_BRITISH = re.compile(r"(?<![A-Za-z\d])[A-Z]{2}\d{2} ?[A-Z]{3}(?=[^\n]{1,20}\b(?:reg|plate|registration)\b)")


def plates(text: str) -> Iterator[Finding]:
    """Mainland plates by form; others by the word before them."""
    for m in _PLATE.finditer(text):
        if len(m.group().rstrip("挂学警港澳")) - 1 >= 5:
            yield Finding(*m.span(), "<PLATE>")
    for m in _BRITISH.finditer(text):
        yield Finding(*m.span(), "<PLATE>")
    for m in _LED_PLATE.finditer(text):
        if any(char.isdigit() for char in m["plate"]):
            yield Finding(*m.span("plate"), "<PLATE>")
