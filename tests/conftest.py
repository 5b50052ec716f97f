"""Fixtures that every test may use; nothing here starts a server."""

from __future__ import annotations

import pytest

from warmbook import texts
from warmbook.settings import Settings


@pytest.fixture(autouse=True)
def english_and_no_environment(monkeypatch, tmp_path):
    for name in ("LANGUAGE", *(field.upper() for field in Settings.model_fields)):
        monkeypatch.delenv(f"WARMBOOK_{name}", raising=False)
    monkeypatch.setenv("WARMBOOK_FILE", str(tmp_path / "workbook.yaml"))
    texts.speak("en")


@pytest.fixture
def choices():
    return {"project_id": "my-project", "model_uri": "gs://my-bucket/models/my-llama"}


@pytest.fixture
def settings(choices):
    return Settings.parse(choices)
