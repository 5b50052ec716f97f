"""Fixtures of the browser tests: one Chromium, and one JupyterLab beside a rehearsal."""

from __future__ import annotations

import os

import pytest

from .lab import Lab, chromium_browser, serving


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory):
    # pictures for people show the real engine's answer
    engine = "vllm" if os.environ.get("WARMBOOK_PICTURES") else "quick"
    with serving(tmp_path_factory.mktemp("lab"), engine=engine) as (url, folder):
        yield url, folder


@pytest.fixture(scope="session")
def browser():
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def lab(browser, lab_server):
    url, folder = lab_server
    context = browser.new_context(viewport={"width": 1280, "height": 1150})
    yield Lab(context.new_page(), url, folder)
    context.close()
