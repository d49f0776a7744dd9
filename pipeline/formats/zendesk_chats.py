"""Zendesk Chat histories and Sunshine Conversations messages: the live half of Zendesk.

Source: "Chats" of the Zendesk Live Chat API, "Messages" of the Conversations API (v1 and v2) and "Messaging
events" of the Zendesk webhook reference.
"""

from __future__ import annotations

from pipeline.formats.html_text import html_to_text
from pipeline.formats.json_chat import DELETED, Entry, Reading, Thread
from pipeline.formats.json_fields import (
    Json,
    as_flag,
    as_object,
    as_text,
    first_text,
    get,
    objects,
    placeholder,
    with_attachments,
)
from pipeline.records import Role

SENDERS = {
    "visitor": Role.CUSTOMER,
    "end_user": Role.CUSTOMER,
    "end-user": Role.CUSTOMER,
    "enduser": Role.CUSTOMER,
    "user": Role.CUSTOMER,
    "appuser": Role.CUSTOMER,
    "customer": Role.CUSTOMER,
    "agent": Role.AGENT,
    "admin": Role.AGENT,
    "business": Role.AGENT,
    "appmaker": Role.AGENT,
    "trigger": Role.BOT,
    "bot": Role.BOT,
    "chatbot": Role.BOT,
    "answerbot": Role.BOT,
    "answer_bot": Role.BOT,
    "system": Role.SYSTEM,
}
SAID = ("chat.msg", "chatmessage", "chat.message", "message")
FILES = ("chat.file", "chat.file.upload", "chatfileattachment", "chat.attachment")


def is_chat(body: Json) -> bool:
    """Whether an object is a chat, live or left as an offline message."""
    if as_text(body.get("type")) == "offline_msg":
        return "message" in body
    return any(as_text(line.get("type")).startswith("chat.") for line in objects(body.get("history")))


def is_live_message(body: Json) -> bool:
    """Whether an object is a message of Sunshine Conversations."""
    author = as_object(body.get("author"))
    if as_text(author.get("type")) in ("user", "business") and isinstance(body.get("content"), dict):
        return True
    return as_text(body.get("role")) in ("appUser", "appMaker", "business") and "received" in body


def take_chat(reading: Reading, chat: Json) -> None:
    """Read a Zendesk chat."""
    reading.understood += 1
    thread = reading.thread(as_text(chat.get("id")) or first_text(get(chat, "session", "id")))
    visitor = as_object(chat.get("visitor"))
    name = first_text(visitor.get("name"), visitor.get("email"))
    thread.channel = thread.channel or "web"
    thread.customer_id = thread.customer_id or first_text(visitor.get("id")) or None
    thread.team = thread.team or first_text(chat.get("department_name")) or None
    thread.opened_at = thread.opened_at or reading.time(chat.get("timestamp"), get(chat, "session", "start_date"))
    if as_text(chat.get("type")) == "offline_msg" and first_text(chat.get("message")):
        thread.entries.append(Entry(Role.CUSTOMER, first_text(chat["message"]), name, thread.opened_at))
    take_history(reading, thread, chat.get("history"), name)


def take_history(reading: Reading, thread: Thread, history: object, visitor: str) -> None:
    """Read the lines of a chat's history, whatever happened in them."""
    for line in objects(history):
        kind = as_text(line.get("type")).lower()
        sender = first_text(line.get("name"), line.get("display_name"), line.get("actor_name"))
        time = reading.time(line.get("timestamp"), line.get("created_at"))
        identity = first_text(line.get("msg_id"), line.get("message_id"))
        text = first_text(line.get("msg"), line.get("message"), get(line, "message", "body"))
        if kind in FILES:
            found = get(line, "attachment", "mime_type") or line.get("mime_type")
            text = with_attachments(text, [placeholder(found)])
        if kind in SAID or kind in FILES:
            role = _speaker(line)
            if text:
                name = sender or (visitor if role is Role.CUSTOMER else "")
                thread.entries.append(Entry(role, html_to_text(text) if "</" in text else text, name, time, identity))
            else:
                reading.count("messages without any content were left out")
        else:
            _take_event(reading, thread, line, Entry(Role.SYSTEM, f"[{kind[:40] or 'event'}]", "", time, identity))


def _speaker(line: Json) -> Role:
    word = first_text(line.get("sender_type"), line.get("actor_type")).lower().replace(" ", "")
    nick = first_text(line.get("nick"), line.get("actor_id")).lower()
    if nick.startswith("agent:trigger"):
        return Role.BOT
    return (
        SENDERS.get(word)
        or SENDERS.get(nick.partition(":")[0])
        or (Role.AGENT if line.get("agent_id") else Role.CUSTOMER)
    )


def _take_event(reading: Reading, thread: Thread, line: Json, entry: Entry) -> None:
    """Joins, leaves, transfers and ratings are entries of the system; a comment on a rating is the customer's."""
    thread.entries.append(entry)
    remark = first_text(line.get("new_comment"), line.get("comment"))
    if remark:
        name = first_text(line.get("name"))
        thread.entries.append(Entry(Role.CUSTOMER, remark, name, entry.sent_at))
        reading.count("comments on ratings are read as messages of the customer")


def take_live(reading: Reading, message: Json, around: Json) -> None:
    """Read a message of Sunshine Conversations; ``around`` is the envelope that names its conversation."""
    reading.understood += 1
    about = as_object(around.get("conversation"))
    identity = first_text(
        about.get("id"), about.get("_id"), message.get("conversationId"), around.get("conversationId")
    )
    thread = reading.thread(identity or first_text(get(around, "appUser", "_id")))
    author = as_object(message.get("author"))
    role = _live_role(message, author)
    channel = first_text(get(message, "source", "type")).lower()
    if role is Role.CUSTOMER:
        thread.channel = thread.channel or {"sdk": "web", "ios": "app", "android": "app"}.get(channel, channel)
        people = (author.get("userId"), message.get("authorId"), get(around, "appUser", "_id"))
        thread.customer_id = thread.customer_id or first_text(*people) or None
    text = _live_text(message)
    if not text:
        reading.count("messages without any content were left out")
        return
    name = first_text(author.get("displayName"), message.get("name"))
    time = reading.time(message.get("received"), message.get("created"), around.get("createdAt"))
    thread.entries.append(Entry(role, text, name, time, first_text(message.get("id"), message.get("_id"))))


def _live_role(message: Json, author: Json) -> Role:
    word = first_text(author.get("type"), message.get("role")).lower()
    role = SENDERS.get(word, Role.SYSTEM)
    subtypes = author.get("subtypes")
    is_bot = isinstance(subtypes, list) and any(as_text(s).lower() in ("ai", "bot", "system") for s in subtypes)
    is_bot = is_bot or get(message, "source", "type") in ("zd:answerBot", "zd:bot")
    return Role.BOT if role is Role.AGENT and is_bot else role


def _live_text(message: Json) -> str:
    content = as_object(message.get("content")) or message
    if as_flag(message.get("deleted")) or as_flag(content.get("deleted")):
        return DELETED
    kind = as_text(content.get("type")).lower()
    words = first_text(content.get("text"), content.get("body"), content.get("textFallback"))
    if kind in ("image", "file", "video", "audio", "location", "sticker"):
        return with_attachments(
            words or first_text(content.get("altText")), [placeholder(content.get("mediaType") or kind)]
        )
    if kind == "formresponse":
        answers = [
            first_text(f.get("text"), f.get("email"), get(f, "select", "label")) for f in objects(content.get("fields"))
        ]
        return with_attachments("; ".join(a for a in answers if a), ["[form]"])
    items = [first_text(item.get("title")) for item in objects(content.get("items"))]
    return words or "; ".join(item for item in items if item) or (f"[{kind[:40]}]" if kind else "")
