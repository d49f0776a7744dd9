"""``report.html``: any chat text stays text, the page is self-contained, both languages are complete."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from fake_audit import START, FakePipeline, angry_chat, calm_chat, chat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.config import load_alert_policy
from pipeline.records import ActName, Conversation, EscalationRule, Language, Outcome, Role, Severity, SignalName, Stage
from pipeline.stages import explain
from serve.audit.facts import facts_of
from serve.audit.manifest import manifest_of
from serve.audit.options import AuditOptions
from serve.audit.report import FOLDER, SHOWN_INPUTS, SHOWN_NAMES, category_names, embed, render
from serve.audit.riskiest import Riskiest
from serve.audit.source import InputReport
from serve.audit.totals import Totals

STRINGS = json.loads((FOLDER / "strings.json").read_text("utf-8"))
HOSTILE = "</script><script>alert(1)</script><!--<script>]]>&lt;img src=x onerror=alert(1)>\u2028\u2029{{7*7}}{% raw %}"


class Page(HTMLParser):
    """The tags of a page with their attributes, and what stands in each script."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")
        if tag == "style":
            self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        if self._inside == "style":
            self.styles[-1] += data

    @property
    def data(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.scripts[0])
        return decoded


def report_of(*chats: Conversation, inputs: int = 1, note: str = "a note") -> str:
    totals, riskiest = Totals(), Riskiest(50)
    for one in FakePipeline().run_batch(chats, quote="redacted"):
        facts = facts_of(one)
        totals.add(one, facts)
        riskiest.add(one, facts)
    best = riskiest.views()
    reports = [
        InputReport(f"{note}.txt", "jsonl", "utf-8", 1, 1, {note: 1}, (note,), (note,), note) for _ in range(inputs)
    ]
    options = AuditOptions(paths=(note,), out=FOLDER)
    identity = FakePipeline().scorer.identity
    manifest = manifest_of(options, identity, key="k", totals=totals, riskiest=best, reports=reports, now=START)
    return render(json.loads(json.dumps(manifest)), [one.view for one in best])


def shape(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    return [(tag, tuple(sorted(attributes))) for tag, attributes in page.tags]


def in_all_places(text: str) -> Conversation:
    whole = chat("x", ("customer", text), ("agent", text), ("system", text), channel=text, source=text)
    messages = tuple(replace(m, sender=text, message_id=f"{text}{i}") for i, m in enumerate(whole.messages))
    return replace(whole, conversation_id=text, messages=messages, team=text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    text=st.text(st.characters(), max_size=60)
    | st.sampled_from(["</script>", "<!--", "<script", "骗子</mark>", "\ud83d"])
)
@example(text=HOSTILE)
def test_no_text_ever_becomes_markup(text: str) -> None:
    page = Page(report_of(in_all_places(text), note=text))
    assert shape(page) == shape(Page(report_of(in_all_places("plain"), note="plain")))
    assert len(page.scripts) == 2
    assert page.scripts[1] == Page(report_of()).scripts[1]
    shown = page.data["chats"][0]
    assert shown["id"] == shown["channel"] == shown["source"] == text
    assert ["".join(piece[0] for piece in bubble["x"]) for bubble in shown["chat"]] == [text] * 3
    assert page.data["inputs"][0]["failure"] == text


@given(st.recursive(st.text(st.characters()), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_embedded_json_is_inert_and_decodes_to_the_same(value: object) -> None:
    text = embed(value)
    assert not re.search("[<>&\u2028\u2029]", text)
    text.encode("utf-8")
    assert _joined(json.loads(text)) == _joined(value)


def _joined(value: object) -> object:
    """Two escapes of surrogates that stand next to each other decode to one character, in JSON as in Python."""
    return json.loads(json.dumps(value))


def test_the_page_allows_nothing_but_its_own_style_and_script() -> None:
    page = Page(report_of(angry_chat("x")))
    policy = next(
        a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for kind, text in (("style-src", page.styles[0]), ("script-src", page.scripts[1])):
        assert f"{kind} 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy


def test_the_page_fetches_nothing() -> None:
    html = report_of(angry_chat("x"))
    assert not any({"src", "srcset", "action", "style"} & attributes.keys() for _, attributes in Page(html).tags)
    links = [a["href"] for _, a in Page(html).tags if "href" in a]
    assert links
    assert all(link is not None and link.startswith("#") for link in links)
    assert "url(" not in html
    assert "@import" not in html


def test_the_script_never_parses_markup() -> None:
    script = (FOLDER / "report.js").read_text("utf-8")
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "eval(",
        "Function(",
        "createContextualFragment",
    ):
        assert way not in script


def test_without_script_the_summary_is_a_table_in_both_languages() -> None:
    html = report_of(angry_chat("case-7"), calm_chat("case-8"))
    static = html[html.index("<noscript>") : html.index("</noscript>")]
    assert "case-7" in static
    assert "已升级" in static
    assert "Escalated" in static


def test_both_languages_have_the_same_strings() -> None:
    assert STRINGS["en"].keys() == STRINGS["zh"].keys()
    for key, text in STRINGS["en"].items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", STRINGS["zh"][key])), key
        assert text.strip(), key
        assert STRINGS["zh"][key].strip(), key


def test_every_key_that_page_and_script_use_is_there() -> None:
    template = (FOLDER / "report.html.j2").read_text("utf-8")
    script = (FOLDER / "report.js").read_text("utf-8")
    used = set(re.findall(r'data-(?:t|label)="(\w+)"', template)) | set(re.findall(r'\bt\("(\w+)"', script))
    assert len(used) > 60
    assert used <= STRINGS["en"].keys()


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("role", Role), ("language", Language), ("severity", Severity), ("stage", Stage), ("outcome", Outcome),
        ("event", EscalationRule), ("signal", SignalName), ("act", ActName),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_label_of_the_codebook_has_a_name(language: str, kind: str, members: Any) -> None:
    assert {f"{kind}.{member.value}" for member in members} <= STRINGS[language].keys()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_shipped_rule_and_category_has_a_name(language: str) -> None:
    assert {f"rule.{rule.name}" for rule in load_alert_policy().rules} <= STRINGS[language].keys()
    assert {f"signal.{name}" for name in (explain.WAITING, explain.BROKEN_PROMISE)} <= STRINGS[language].keys()
    assert len(category_names()) >= 16
    assert all(names[language] for names in category_names().values())


def test_the_size_of_the_page_is_bounded() -> None:
    chats = [calm_chat(f"c{i}", channel=f"channel-{i}") for i in range(SHOWN_NAMES + 20)]
    data = Page(report_of(*chats, inputs=SHOWN_INPUTS + 5)).data
    assert (len(data["by"]["channel"]), data["more"]["channel"]) == (SHOWN_NAMES, 20)
    assert (len(data["inputs"]), data["more_inputs"]) == (SHOWN_INPUTS, 5)
    assert len(data["chats"]) == 50
