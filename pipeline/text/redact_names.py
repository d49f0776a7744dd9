"""Names of people: of the speakers, in introductions, beside titles."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache, lru_cache

from pipeline.text.lexicon import entries, words_of
from pipeline.text.redact_patterns import HAN, Finding, matches
from pipeline.text.speakers import first_words, name_pattern

_NOT_SURNAME_ALONE = "和来时任向有从成全于应解都边方常明包单官项位水易保台商计习古米项鱼会能查连"
"""Family names that are far oftener ordinary words before a title (和经理, 都小姐)."""
_NOT_GIVEN = "我你您他她它们的了是在有不要想来去说用买退换会能都就也和跟与及打给把被让叫吗吧呢啊么么这那个位先女小太老师经总谢謝,"


_TITLES = "老师|老師|经理|經理|主管|师傅|師傅|医生|醫生|律师|律師|主任|店长|店長|警官|院长|大爷|大妈|阿姨|叔叔|同学"
_ZH_SIGNS = (
    (
        "叫",
        "名字",
        "姓名",
        "本人",
        "收件人",
        "收货人",
        "收貨人",
        "联系人",
        "聯絡人",
        "寄件人",
        "持卡人",
        "户名",
        "戶名",
        "机主",
        "乘客",
    ),
    ("叫",),
    ("姓",),
    ("先生", "女士", "小姐", "太太", "夫人", "師奶", "生太"),
    tuple(_TITLES.split("|")),
    ("我是", "我系", "我係", "里是", "裡是"),
    ("我是", "我系", "我係"),
    ("客服",),
)
"""What stands in all that the form of ``_zh`` in the same place finds."""
_ZH_SIGN = re.compile("|".join(sorted({sign for signs in _ZH_SIGNS for sign in signs})))
_SHORT_TITLES = "总(?![结是体计量数部共之算会裁的有归监])|姐(?!姐|妹|夫)|哥(?!哥|们)|太(?!太|多|大|少|过|好|慢)|工(?!作|单|人|程|资)"


def _doubles() -> list[str]:
    return sorted(s for s in words_of("zh", "surnames.txt") if len(s) > 1)


def _frequent() -> str:
    frequent = "".join(line.replace(" ", "")[:100] for line in entries("zh", "surnames.txt")[:2])
    return "".join(c for c in frequent if c not in _NOT_SURNAME_ALONE + "高安金石路方万黄白谢周马")


@cache
def _short_titles() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Family names with 总, 姐, 哥, 太 or 工, and a sign of them that is found quicker."""
    double, frequent = "|".join(_doubles()), _frequent()
    heads = "".join(sorted({*frequent, *(name[0] for name in _doubles())}))
    return (
        re.compile(rf"[{heads}]\w?[总姐哥太工]"),
        re.compile(
            rf"(?<![谢謝多感上本下这每一两最超很提偏更任如为{HAN}])(?P<name>(?:{double}|[{frequent}])(?:{_SHORT_TITLES}))"
        ),
    )


@cache
def _zh() -> tuple[re.Pattern[str], ...]:
    surnames = words_of("zh", "surnames.txt")
    double, frequent = "|".join(_doubles()), _frequent()
    single = "".join(sorted(s for s in surnames if len(s) == 1))
    sure = "".join(sorted(s for s in surnames if len(s) == 1 and s not in _NOT_SURNAME_ALONE))
    given = f"[^\\W\\d_a-zA-Z{_NOT_GIVEN}]"
    name = rf"(?:(?:{double}){given}{{1,2}}|[{single}]{given}{{1,2}})"
    clear = f"(?:{double}|[{sure}])"
    return (
        re.compile(
            rf"(?:我(?:的名字|的姓名)?(?:名?叫做?|名叫)|我的名字是|本人(?:名?叫|姓名|是)?|(?:姓名|收件人|收货人|收貨人|联系人|聯絡人|寄件人|持卡人|户名|戶名|机主|乘客|名字)(?=\s*[是为為叫写:： ]))(?:写的)?(?:是|为|為|叫)?\s*[:：]?\s*(?P<name>{name})"
        ),
        re.compile(
            rf"(?:妈妈|媽媽|爸爸|母亲|父亲|老公|老婆|先生|太太|儿子|女儿|朋友|同事|客服|师傅|快递员|她|他)(?:的名字|名字)?叫(?P<name>{clear}{given}{{1,2}})(?=[,，。.!！\s]|$)"
        ),
        re.compile(
            rf"(?:我姓|免贵姓|免貴姓|敝姓|本人姓|贵姓|姓)(?P<name>{clear}|[{single}](?=[,，。.!！\s]|$))(?![{HAN}]?名)"
        ),
        re.compile(
            rf"(?<![谢謝多感上本下这每一两任])(?P<name>{clear}{given}{{0,2}}?(?:先生|女士|小姐|太太|夫人|師奶|生太))(?!姐|服务)"
        ),
        re.compile(
            rf"(?<![谢謝多感上本下这每一两最超很提偏更任如为])(?P<name>(?:{double}|[{frequent}]){given}{{0,2}}?(?:{_TITLES}))"
        ),
        re.compile(
            rf"(?:我是|这里是|這裡是|我系|我係)(?:客服|客户经理|专员|坐席|您的专属客服|专属客服|售后)?(?P<name>(?:小|阿|老)[{frequent}高黄周马方白谢])(?=[,，。!！.~～\s]|$)"
        ),
        re.compile(rf"(?:我是|我系|我係)(?P<name>(?:{double}|[{frequent}]){given}{{1,2}})(?=[,，。!！.\s]|$)"),
        re.compile(
            rf"(?:这里是|這裡是|我是|为您服务的是)(?:[{HAN}]{{0,8}}?)?客服(?:专员|代表|经理|人员)?(?P<name>(?!人员|专员|代表|经理|主管|中心|部|的|吗|吧)[{HAN}]{{2,3}})(?=[,，。!！.~～\s]|$|很高兴|为您|為您)"
        ),
    )


_CAP = r"(?:[ODA]['’]|Mc|Mac)?[A-ZÀ-Ý][a-zß-ÿ]+(?:['’\-][A-ZÀ-Ý]?[a-zß-ÿ]+)*"
_NO_NAME = r"(?!(?:Not|No|Yes|Sorry|Very|So|Still|Just|Really|The|This|That|It|Is|Are|Was|Your|Our|My|What|When|Where|Why|How|Please|Thanks|Thank|From|Calling|Writing|Here|Trying|Going|Getting|Waiting|Happy|Angry|Sick|Tired|Done|Good|Great|Fine|Ok|Okay|Sure|Sir|Madam|All|Any|Customer|Support|Service|Manager|Agent|Team|Chinese|English|American|British|Indian|Australian|Canadian|Christmas|Black|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|There|Everyone|Anyone|Guys|Folks|And|But|Because|Ridiculous|Unacceptable|Absolutely|Totally|Nobody|Someone|Never|Again|Also|Now|Today|Tomorrow|Yesterday|In|On|At|To|For|With|Pepper|Martens|Office|Word|Excel|Teams)\b)"
_LOWER_STOP = r"(?!(?:is|not|on|in|the|a|an|wrong|spelled|spelt|incorrect|correct|still|misspelled|missing|and|or|to|was|has|it|there|different|listed|being|already|under|shown|printed|also|never)\b)"
_EN = (
    (
        ("name", "passenger", "recipient", "attn", "contact person"),
        re.compile(
            rf"\b(?i:my (?:full |first |last )?name(?: is|'s|’s| 's)?:?|name\s*[:=]|name is|sur ?name\s*[:=]?|passenger\s*:|recipient\s*:|attn:?|contact person\s*:?|called under the name)\s+(?P<name>{_NO_NAME}(?:(?i:mr|mrs|ms|dr)\.? )?{_CAP}(?:\s(?:[A-Z]\b\.?|{_CAP})){{0,3}})"
        ),
    ),
    (
        ("name",),
        re.compile(
            rf"\b(?i:my (?:full |first |last )?name(?: is|'s|’s))\s+(?P<name>{_LOWER_STOP}[a-z]{{2,15}}(?: (?!and|from|but|with|i|my|the|calling|here|please|or|so|because|the)[a-z]{{3,15}})?)\b"
        ),
    ),
    (
        ("this is", "it's", "it’s", "i am", "i'm", "i’m", "im", "you're speaking", "you are"),
        re.compile(
            rf"\b(?i:this is|it's|it’s|i am|i'm|i’m|im|you're speaking (?:to|with)|you are (?:chatting|speaking) (?:to|with))\s+(?P<name>{_NO_NAME}{_CAP}(?:\s(?:[A-Z]\b\.?|{_NO_NAME}{_CAP})){{0,2}})(?=,?\s+(?:from|here|with|speaking|at|on behalf|and I(?:'ll|’ll| will)|calling|again|your)\b)"
        ),
    ),
    (
        ("i am", "i'm", "i’m", "this is"),
        re.compile(
            rf"\b(?i:i am|i'm|i’m|this is)\s+(?P<name>{_NO_NAME}{_CAP}\s{_NO_NAME}{_CAP})(?=\s*(?:[.,!;\n]|$|and\b))"
        ),
    ),
    (
        ("mr", "ms", "miss", "mdm", "madam", "ma'am", "dr", "prof", "mister", "auntie", "uncle"),
        re.compile(
            rf"(?P<name>\b(?i:mr|mrs|ms|miss|mdm|madam|ma'am|dr|prof|mister|auntie|uncle)\b\.?\s+(?:[A-Z]\b\.?\s?){{0,2}}{_NO_NAME}{_CAP}(?:\s{_NO_NAME}{_CAP}){{0,2}})"
        ),
    ),
    (
        ("mr", "mdm"),
        re.compile(
            r"(?P<name>\b(?:mr|mrs|mdm)\.? (?!and|or|manager|agent|customer|bot|robot|president|right|nice|please|is|you|the)[a-z]{2,15})\b"
        ),
    ),
)
"""Each form, and words of which a text has at least one where the form occurs."""
_GREETED = re.compile(
    r"\b(?i:hi|hello|hey|dear|thanks|thank you|thank u|cheers|regards|best|sincerely|yours|this is|i am|i'm|i’m|it's|ask(?:ed)? for|spoke (?:to|with)|speak(?:ing)? (?:to|with)|talked to|told by|agent|named|called|signed|love)[,:!\s]{1,3}(?=(?P<name>[A-Za-z]{2,12}(?:\s[A-Z][a-z]+|\s[A-Z]\.?(?![a-z]))?)\b)"
)
_SIGNED = re.compile(
    r"(?P<name>\b[A-Z][a-z]{1,11})(?=,? here\b)|(?:^|\n)\s*[-~]\s?(?P<signed>[A-Z][a-z]{1,11})\s*$"
    r"|\b(?i:im|i'm|i’m|i am|this is) (?P<lower>[a-z]{3,12})(?= (?:from|here)\b)"
)
_CAPITALISED = re.compile(r"[A-Z][A-Za-z]{1,11}")
_SENTENCE_NAME = re.compile(r"(?P<name>\b[A-Z][a-z]{1,11}\s[A-Z][a-z]{1,14})\b")


_LATIN = re.compile("[a-z]")
_EN_SIGN = re.compile("|".join(sorted({sign for signs, _ in _EN for sign in signs})))


def names_in(text: str, folded: str, names: Collection[str]) -> Iterator[Finding]:
    """Speakers' names, people who introduce themselves, people with a title."""
    if names and any(map(folded.__contains__, _lead_words(tuple(names)))):
        yield from _spoken(text, frozenset(names))
    if not text.isascii():
        yield from _chinese(text)
    if _LATIN.search(folded):
        if _EN_SIGN.search(folded):
            yield from _introduced(text, folded)
        yield from _listed(text)


@lru_cache(maxsize=4096)
def _lead_words(names: tuple[str, ...]) -> tuple[str, ...]:
    """``first_words`` by the tuple that speakers are kept in, whose order changes."""
    return first_words(frozenset(names))


def _spoken(text: str, names: frozenset[str]) -> list[Finding]:
    """Where speakers are named. Their expression is only built once a message may name one: most never do."""
    pattern = name_pattern(names)
    return [] if pattern is None else matches(pattern, text, "<NAME>")


def _chinese(text: str) -> Iterator[Finding]:
    if _ZH_SIGN.search(text):
        for signs, pattern in zip(_ZH_SIGNS, _zh(), strict=True):
            if any(map(text.__contains__, signs)):
                yield from matches(pattern, text, "<NAME>", group="name")
    sign, pattern = _short_titles()
    if sign.search(text):
        yield from matches(pattern, text, "<NAME>", group="name")


def _introduced(text: str, folded: str) -> Iterator[Finding]:
    for signs, pattern in _EN:
        if any(map(folded.__contains__, signs)):
            yield from matches(pattern, text, "<NAME>", group="name")


def _listed(text: str) -> Iterator[Finding]:
    """Listed given names where somebody is addressed or signs."""
    first_names = words_of("en", "first_names.txt")
    has_name = not first_names.isdisjoint(map(str.lower, _CAPITALISED.findall(text)))
    for pattern in (_GREETED, _SENTENCE_NAME) if has_name else ():
        for m in pattern.finditer(text):
            first = m["name"].split()[0]
            if first.lower() in first_names and first[0].isupper():
                yield Finding(*m.span("name"), "<NAME>")
    for m in _SIGNED.finditer(text) if has_name or " from" in text or " here" in text else ():
        if m[m.lastgroup or 0].lower() in first_names:
            yield Finding(*m.span(m.lastgroup or 0), "<NAME>")
