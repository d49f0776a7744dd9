"""Bracketed stickers and media placeholders: what they mean, in one form.

``[捂脸]`` and ``[表情:捂脸]`` become 🤦 (codes of WeChat, QQ, Weibo, Taobao and DingTalk; list in
``configs/lexicons/stickers.tsv``); ``[图片]``, ``[photo]``, ``[IMG_0071.jpg]`` become ``[image]``; unknown ones stay.
"""

from __future__ import annotations

import re

from pipeline.text.aligned import AlignedText
from pipeline.text.lexicon import table

MEDIA_FORMS = ("[image]", "[video]", "[voice]", "[file]", "[sticker]", "[location]", "[contact]", "[media]")
"""Every form that a media placeholder takes in normalised text."""

_MEDIA = {
    "[image]": r"图片|圖片|照片|相片|图像|圖像|截图|截圖|截屏|多图|动图|gif|images?|photos?|pictures?|pics?|screenshots?|img[-_ ]?\w*",
    "[video]": r"视频|視頻|影片|短视频|小视频|录像|videos?|clips?|vid[-_ ]\w+",
    "[voice]": r"语音|語音|语音消息|語音訊息|音频|音訊|录音|voice(?: ?(?:message|note))?|audio|ptt[-_ ]\w+",
    "[file]": r"文件|檔案|文档|文檔|附件|files?|documents?|attachments?|pdf",
    "[sticker]": r"贴图|貼圖|贴纸|表情|动画表情|表情包|stickers?|emoji",
    "[location]": r"位置|定位|地理位置|location",
    "[contact]": r"名片|个人名片|联系人名片|contact(?: card)?",
    "[media]": r"media|多媒体|多媒體|省略多媒体文件|忽略多媒體檔|media omitted",
}
_FILES = {
    "[image]": r"jpe?g|png|gif|webp|heic|bmp",
    "[video]": r"mp4|mov|avi|3gp|mkv",
    "[voice]": r"opus|mp3|m4a|amr|wav|aac|ogg",
    "[file]": r"pdf|docx?|xlsx?|pptx?|csv|txt|zip|rar|7z",
}
_DETAIL = r"(?:\s*[:：]?\s*(?:\d{1,2}:\d{2}(?::\d{2})?|\d+\s*(?:秒|[\"”″']{1,2}|s|sec|seconds?|张|張)))?(?:\s*\d{1,3})?"
_COUNT = r"(?:\d{1,3}\s*[x×张張]?\s*)?"
_MEDIA_NAMES = [(form, re.compile(rf"{_COUNT}(?:{names}){_DETAIL}", re.IGNORECASE)) for form, names in _MEDIA.items()]
_FILE_NAMES = [(form, re.compile(rf"[^\[\]]{{1,80}}\.(?:{ends})", re.IGNORECASE)) for form, ends in _FILES.items()]
_STICKER_PREFIX = re.compile(r"(?:表情|贴图|貼圖|动画表情|贴纸|sticker|emoji)\s*[:：_-]\s*", re.IGNORECASE)
_BRACKETED = re.compile(
    r"[\[【]([^\[\]【】<>\n]{1,84})[\]】]|<(省略多媒体文件|忽略多媒體檔|Media omitted)>", re.IGNORECASE
)
_FORMS = frozenset(MEDIA_FORMS)


def media_form(name: str) -> str | None:
    """The placeholder that a bracket's content stands for, e.g. ``视频 0:12`` is ``[video]``; ``None`` for others."""
    for form, pattern in (*_MEDIA_NAMES, *_FILE_NAMES):
        if pattern.fullmatch(name):
            return form
    return None


def _meaning(match: re.Match[str]) -> str:
    if match.group(2):
        return "[media]"
    name = match.group(1).strip()
    bare = _STICKER_PREFIX.sub("", name, count=1)
    emoji = table("stickers.tsv").get(bare)
    if emoji:
        return emoji
    if bare != name and bare:
        return f"[{bare}]"
    return media_form(name) or match.group()


def name_stickers(text: str) -> AlignedText:
    """Replace bracketed stickers by emoji and media placeholders by their one form."""
    if "[" not in text and "【" not in text and "<" not in text:
        return AlignedText.unchanged(text)
    found = [(m.start(), m.end(), _meaning(m)) for m in _BRACKETED.finditer(text) if m.group() not in _FORMS]
    return AlignedText.from_edits(text, [(a, b, new) for a, b, new in found if new != text[a:b]])
