"""Who is the agent and who the customer: by the source's words, by the user's word, or by what they write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.records import Role

_WORDS: Final[Mapping[Role, str]] = {
    Role.AGENT: (
        "客服 客服人员 人工客服 人工 坐席 座席 座席员 客服专员 专员 客户经理 客戶服務 客服人員 專員 店小二 小二 商家 卖家 賣家 店铺 店铺客服 员工 員工 "
        "服务员 接待 接待人员 接待客服 技术支持 售后 售前 售后客服 售前客服 顾问 顧問 工作人员 成员 企业成员 agent agents seat staff service customerservice "
        "support supportagent operator admin administrator representative rep csr advisor adviser associate employee teammate member user_agent "
        "seller merchant shop store human humanagent consultant assistantagent specialist outgoing kefu owner"
    ),
    Role.CUSTOMER: (
        "顾客 顧客 客户 客戶 客人 买家 買家 用户 用戶 访客 訪客 会员 會員 消费者 消費者 粉丝 咨询者 来访者 旅客 乘客 患者 家长 学员 外部联系人 客 customer "
        "customers client consumer visitor user enduser end-user end_user contact lead guest buyer requester shopper caller patient passenger incoming "
        "subscriber"
    ),
    Role.BOT: (
        "机器人 機器人 智能客服 智能助手 智能机器人 智能機器人 自动回复 自動回覆 自動回復 小蜜 bot robot chatbot virtualagent virtualassistant automation "
        "agentbot agent_bot botagent ai assistant fin"
    ),
    Role.SYSTEM: (
        "系统 系統 系统消息 系統訊息 系统提示 系统通知 通知 提示 事件 平台 system event notification notice info activity status internal log template"
    ),
}

_AGENT_NAME: Final = re.compile(
    r"客服|坐席|座席|客戶服務|服务中心|服務中心|售后|售前|售後|专员|專員|店小二|旗舰店|旗艦店|专卖店|專賣店|商城|官方|小助手|顾问|顧問|工号|技术支持|店铺|门店|有限公司"
    r"|\b(?:support|service|services|help ?desk|help|care|team|agent|advisor|store|shop|official|sales|billing|desk|bank|"
    r"airlines?|hotel|clinic|ltd|inc|llc|reception|concierge|admin)\b",
    re.IGNORECASE,
)
_BOT_NAME: Final = re.compile(
    r"机器人|機器人|智能客服|智能助手|小蜜|自动回复|自動回覆|\b(?:\w*bot|auto[- ]?reply|virtual assistant)\b",
    re.IGNORECASE,
)
_AGENT_TEXT: Final = re.compile(
    r"(?:您好|你好|亲).{0,12}(?:请问|請問|有什么|有什麼|可以帮|可以幫)|为您|為您|幫您|帮您|给您|給您|请您|請您|麻烦您|麻煩您|您的(?:订单|訂單|问题|問題|心情|反馈|意见)|抱歉|"
    r"歉意|感谢您|感謝您|祝您|稍等|工号|核实一下|核實|理解您|您放心|亲亲|亲，|亲~"
    r"|how (?:can|may) i help|may i (?:have|ask|know)|could you (?:please )?(?:share|provide|confirm|send)|sorry to hear|"
    r"apologi[sz]e|apologies|thank you for (?:contacting|reaching|your patience|calling|waiting|letting)|let me (?:check|look|see)|"
    r"your (?:order|account|booking|refund|ticket|case|parcel|request)|anything else|happy to help|i understand|"
    r"bear with|our (?:team|policy|system|records)|we (?:will|have|can)|i(?:'|’)ve (?:processed|escalated|refunded|checked)",
    re.IGNORECASE,
)
_CUSTOMER_TEXT: Final = re.compile(
    r"我要|我想|我买|我買|我的(?:订单|訂單|快递|包裹|钱|錢|货|貨|账号|帳號|退款)|怎么还|怎麼還|还没|還沒|什么时候|什麼時候|几点|投诉|投訴|你们|你們|你哋|骗子|騙子|垃圾|"
    r"凭什么|憑什麼|到底|我唔|我买的|能不能|退款|退货|退貨|点解|幾時"
    r"|\bmy (?:order|account|booking|refund|ticket|parcel|package|money|card|bill)|\bi (?:bought|ordered|paid|want|need|haven(?:'|’)t|"
    r"didn(?:'|’)t|still|never|was charged|have been)|where(?:'|’)?s? (?:is )?my|you (?:people|guys|said|told)|ridiculous|"
    r"unacceptable|\bwhy\b|still (?:waiting|not|no)|refund",
    re.IGNORECASE,
)
_PHONE_NAME: Final = re.compile(r"\+?[\d\s\-()\u00a0\u2011]{7,}")
_MOST_SENDERS: Final = 10_000
_ENOUGH: Final = 400
"""Messages of one sender that are weighed; later ones change nothing."""


def _key(word: str) -> str:
    return re.sub(r"[\s\-_()（）\[\]【】:：]+", "", word).casefold()


_BY_WORD: Final = {_key(word): role for role, words in _WORDS.items() for word in words.split()}


class RoleResolver:
    """Roles by the words that sources use for them, the user's own mapping first.

    Args:
        options: ``roles`` and ``agents`` are looked at.
        report: where unknown words can be stated once.
    """

    def __init__(self, options: ReadOptions, report: ReadReport) -> None:
        self._report = report
        self._given = {_key(word): role for word, role in options.roles.items()}
        self._agents = {_key(name) for name in options.agents}

    def from_word(self, word: str) -> Role | None:
        """Role that a source's word stands for (``坐席``, ``End-User``, ``visitor``), or ``None`` where unknown."""
        key = _key(word)
        return self._given.get(key) or _BY_WORD.get(key)

    def from_sender(self, sender: str) -> Role | None:
        """Role that the user gave to this sender; with ``agents`` given, everybody else is a customer."""
        key = _key(sender)
        if key in self._given:
            return self._given[key]
        if key in self._agents:
            return Role.AGENT
        return Role.CUSTOMER if self._agents else None

    def or_customer(self, word: str) -> Role:
        """As ``from_word``; an unknown word counts as a customer and is noted once."""
        role = self.from_word(word)
        if role is None:
            self._report.note(f'unknown role "{word[:40]}" was read as customer; map it with --role WORD=ROLE')
            return Role.CUSTOMER
        return role


@dataclass(slots=True)
class _Evidence:
    messages: int = 0
    agent: int = 0
    customer: int = 0
    opened: bool = False


class Speakers:
    """What tells agents from customers in an export that only has names; constant size a sender."""

    def __init__(self) -> None:
        self._seen: dict[str, _Evidence] = {}

    def see(self, sender: str, text: str) -> None:
        """Take in one message, in the order of the export."""
        evidence = self._seen.get(sender)
        if evidence is None:
            if len(self._seen) >= _MOST_SENDERS:
                return
            evidence = self._seen[sender] = _Evidence(opened=not self._seen)
        evidence.messages += 1
        if evidence.messages <= _ENOUGH:
            evidence.agent += _AGENT_TEXT.search(text) is not None
            evidence.customer += _CUSTOMER_TEXT.search(text) is not None

    def merge(self, other: Speakers) -> None:
        """Take in what ``other`` has seen of senders that are new here."""
        for sender, evidence in other._seen.items():
            self._seen.setdefault(sender, evidence)

    def roles(self, options: ReadOptions, report: ReadReport) -> dict[str, Role]:
        """Role of every sender: as the user says, else by a role word in place of a name, else inferred and noted."""
        resolver = RoleResolver(options, report)
        found = {
            name: role
            for name in self._seen
            if (role := resolver.from_sender(name) or resolver.from_word(name)) is not None
        }
        open_names = [name for name in self._seen if name not in found]
        if open_names:
            inferred = self._infer(open_names, agent_known=Role.AGENT in found.values())
            found |= inferred
            report.note(_describe(inferred))
        return found

    def _infer(self, names: list[str], *, agent_known: bool) -> dict[str, Role]:
        roles = {name: Role.BOT for name in names if _BOT_NAME.search(name)}
        people = [name for name in names if name not in roles]
        scores = {name: self._score(name) for name in people}
        best = max(people, key=lambda name: scores[name], default=None)
        for name in people:
            leads = name == best and not agent_known and (len(people) > 1 or scores[name] > 0)
            roles[name] = Role.AGENT if leads or scores[name] >= 2 else Role.CUSTOMER
        if len(people) == 2 and not agent_known:
            # Two named like a firm, or two who write alike: the one who is less so is the customer.
            roles[min(people, key=lambda name: (scores[name], name == best))] = Role.CUSTOMER
        return roles

    def _score(self, name: str) -> float:
        evidence = self._seen[name]
        weighed = min(evidence.messages, _ENOUGH)
        named = 3.0 * (_AGENT_NAME.search(name) is not None)
        unsaved = 0.2 * (_PHONE_NAME.fullmatch(name) is not None)
        return named - unsaved - 0.1 * evidence.opened + (evidence.agent - evidence.customer) / (weighed + 1)


def infer_roles(messages: Iterable[tuple[str, str]], options: ReadOptions, report: ReadReport) -> dict[str, Role]:
    """Roles of the senders of an export that only has names.

    Args:
        messages: (sender, text) in the order of the export; read once, nothing of it is kept.
        options: ``roles`` and ``agents`` come first; with ``agents`` everybody else is a customer.
        report: gets a note that states inferred roles.
    """
    speakers = Speakers()
    for sender, text in messages:
        speakers.see(sender, text)
    return speakers.roles(options, report)


def _describe(roles: Mapping[str, Role]) -> str:
    shown = [f"{_masked(name)} = {role.value}" for name, role in list(roles.items())[:6]]
    more = f" and {len(roles) - len(shown)} more" if len(roles) > len(shown) else ""
    return f"roles were inferred: {', '.join(shown)}{more}; name the agents with --agent NAME if this is wrong"


def _masked(name: str) -> str:
    """A name as far as it may be stored with a report: enough to recognise for who knows the chat."""
    return f"{name[:1]}…" if len(name) > 1 else "…"
