"""The page as PDF, as a browser prints it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..results.errors import ResultsError

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
    "brave-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
PATIENCE = 300.0
"""Seconds that a browser has for a page."""


def printed(html: str) -> bytes:
    """The PDF of a page. Raises ResultsError if no browser can print it."""
    browser = browser_here()
    advice = "; open the HTML report in a browser and print it from there"
    if browser is None:
        raise ResultsError(f"printing needs Chromium, Chrome or Edge, and none was found{advice}")
    with tempfile.TemporaryDirectory(prefix="stdpdsl-", ignore_cleanup_errors=True) as folder:
        page, out = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(html, encoding="utf-8")
        command = [
            *browser,
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            f"--user-data-dir={Path(folder, 'profile')}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={out}",
            page.as_uri(),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
            found = out.read_bytes()
        except (OSError, subprocess.TimeoutExpired):
            found = b""
    if not found.startswith(b"%PDF"):
        raise ResultsError(f"{browser[0]} did not print the page{advice}")
    return found


def browser_here() -> list[str] | None:
    """The command that starts a browser, if one is installed."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        return None
    root = getattr(os, "geteuid", lambda: 1)() == 0  # who cannot use the sandbox
    return [found, *(["--no-sandbox"] if root else [])]
