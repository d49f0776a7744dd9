"""The report in a real browser: opens from disk, switches language, shows the riskiest chat, complains of nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_audit import START, FakePipeline, angry_chat, calm_chat, chat

from pipeline.serialise import conversation_to_json, dump_line
from serve.audit.driver import Surroundings, audit
from serve.audit.options import AuditOptions

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = "骗子 <img src=x onerror=\"document.title='broken'\"></script><script>document.title='broken'</script>"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists() and "CI" not in os.environ, reason="no Chromium at /usr/bin/chromium"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    hostile = chat("hostile", ("customer", "退款"), ("agent", "抱歉"), ("customer", "退款"), ("customer", HOSTILE))
    chats = [hostile, *(calm_chat(f"calm-{i}") for i in range(20)), angry_chat("angry", channel="app")]
    source = folder / "chats.jsonl"
    source.write_text("".join(dump_line(conversation_to_json(c)) + "\n" for c in chats), encoding="utf-8")
    around = Surroundings(
        say=lambda _: None,
        advance=lambda *_: None,
        should_stop=lambda: False,
        monotonic=lambda: 0.0,
        now=lambda: START,
    )
    audit(AuditOptions(paths=(str(source),), out=folder / "out"), FakePipeline(), [source], around)
    return folder / "out" / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Any, report: Path, complaints: list[str]) -> Iterator[Any]:
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: None if request.url.startswith("file:") else complaints.append(request.url))
    opened.goto(report.as_uri())
    yield opened
    context.close()
    assert complaints == []


def test_the_language_is_switched_and_remembered(page: Any) -> None:
    assert page.locator("h1").inner_text() == "Service chat audit"
    page.get_by_role("button", name="中文").click()
    assert page.locator("h1").inner_text() == "客服会话审计"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.reload()
    assert page.locator("h1").inner_text() == "客服会话审计"


def test_the_browser_language_is_the_default(browser: Any, report: Path) -> None:
    context = browser.new_context(locale="zh-CN")
    opened = context.new_page()
    opened.goto(report.as_uri())
    assert opened.locator("h1").inner_text() == "客服会话审计"
    context.close()


def test_the_riskiest_chat_opens_with_bubbles_curves_evidence_and_alerts(page: Any) -> None:
    first = page.locator(".chat").first
    first.locator("summary").click()
    assert first.locator(".msg").count() >= 4
    assert first.locator(".curve path.line").count() == 3
    assert first.locator("mark.threat").first.inner_text().startswith("骗子")
    assert first.locator(".alert").count() == 2
    assert first.locator(".alert .next").first.inner_text().startswith("Next step:")
    first.get_by_role("slider").focus()
    page.keyboard.press("End")
    assert "Risk 1.00" in first.get_by_role("slider").get_attribute("aria-valuetext")


def test_hostile_text_is_shown_and_does_nothing(page: Any) -> None:
    hostile = page.locator(".chat", has_text="hostile").first
    hostile.locator("summary").click()
    assert HOSTILE[3:] in hostile.locator(".msg.is-event .bubble").inner_text()
    assert page.locator("main img").count() == 0
    assert "broken" not in page.title()


def test_filter_and_show_more_work_by_keyboard(page: Any) -> None:
    assert page.locator(".chat").count() == 15
    page.locator("#more").focus()
    page.keyboard.press("Enter")
    assert page.locator(".chat").count() == 22
    page.get_by_label("Show").select_option("warned")
    assert page.locator(".chat").count() == 2


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.locator(".chat summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
