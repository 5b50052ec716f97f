"""Fixtures of the browser tests: one Chromium, and one JupyterLab beside a rehearsal."""

from __future__ import annotations

import os

import pytest

from .lab import PICTURES, Lab, chromium_browser, serving


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory):
    # pictures for people show the real engine's answer
    engine = "vllm" if os.environ.get(PICTURES) else "quick"
    with serving(tmp_path_factory.mktemp("lab"), engine=engine) as (url, folder):
        yield url, folder


@pytest.fixture(scope="session")
def browser():
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def lab(browser, lab_server):
    url, folder = lab_server
    sharp = 2 if os.environ.get(PICTURES) else 1
    size = {"width": 1280, "height": 1150}
    context = browser.new_context(viewport=size, device_scale_factor=sharp)
    yield Lab(context.new_page(), url, folder)
    context.close()
