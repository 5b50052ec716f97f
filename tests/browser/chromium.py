"""A browser for the browser tests: the one that is there, else Playwright's own, else apt's.

`make chromium` runs this file, the fixture `browser` asks `find`. Ubuntu's package holds no
browser but a script that leads to a snap, and a snap can't read the profiles that Playwright
makes in /tmp: a program counts only if it starts and is not from a snap.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")
REMEDY = (
    "No Chromium or Chrome here that starts (a snap can't be used).\n"
    "  → make chromium, or install Chromium or Google Chrome as your distribution does it."
)
VERSION = re.compile(r"^(Chromium|Google Chrome).* \d+\.\d+", re.MULTILINE)
START_S, DOWNLOAD_S = 30, 600


def find(path: str | None = None) -> str | None:
    """Return the program of a browser that starts: from the search path, or Playwright's own."""
    named = (shutil.which(name, path=path) for name in NAMES)
    found = next((program for program in named if program and starts(program)), None)
    return found or next(filter(starts, playwrights()), None)


def starts(program: str) -> bool:
    """Return whether a program says that it is a Chromium or Chrome, and no snap."""
    try:
        asked = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=START_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    said = asked.stdout
    return asked.returncode == 0 and bool(VERSION.search(said)) and "snap" not in said


def playwrights() -> Iterator[str]:
    """Yield the browser that Playwright has downloaded, if it has."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return
    with sync_playwright() as playwright:
        program = playwright.chromium.executable_path
    if Path(program).is_file():
        yield program


def install() -> str | None:
    """Return a browser, after installing one if there was none."""
    for attempt in (lambda: None, _download, _apt):
        attempt()
        if found := find():
            return found
    return None


def _download() -> None:
    """Let Playwright download its browser; where it can't, the reason goes to stderr."""
    print("Installing Playwright's Chromium for the browser tests", flush=True)
    _try([sys.executable, "-m", "playwright", "install", "chromium"])


def _apt() -> None:
    if not shutil.which("apt-get"):
        return
    print("Installing Chromium with apt for the browser tests", flush=True)
    rights = [] if os.geteuid() == 0 else ["sudo"]
    _try([*rights, "apt-get", "update", "-qq"])  # a container's lists are empty before
    asked = ["env", "LC_ALL=C", "apt-cache", "policy", PACKAGES[0]]
    if is_package(subprocess.run(asked, capture_output=True, text=True).stdout):
        _try([*rights, "apt-get", "install", "-y", "-qq", *PACKAGES])


def is_package(policy: str) -> bool:
    """Return whether apt has a browser to install, by what `apt-cache policy` printed."""
    candidate = re.search(r"Candidate: (\S+)", policy)
    return bool(candidate) and candidate[1] != "(none)" and "snap" not in candidate[1]


def _try(command: list[str]) -> None:
    """Run a command; that it failed is told by the search that follows."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"  {error}", file=sys.stderr)
        return
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        print("\n".join(f"  {line}" for line in lines[-4:]), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(None if install() else REMEDY)
