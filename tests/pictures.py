"""Draws the pictures of the README from the audit of the samples, in a real browser.

Run after ``make audit``: ``python tests/pictures.py boilover-audit/report.html serve/audit/pictures``.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip


def main() -> None:
    report, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for language in ("en", "zh"):
            page = browser.new_page(viewport={"width": 1180, "height": 860}, color_scheme="light")
            page.goto(report.as_uri())
            page.click(f'[data-lang="{language}"]')
            page.screenshot(path=folder / f"report-{language}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
