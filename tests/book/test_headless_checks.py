"""Which checks a kernel publishes; `test_execution.py` has a kernel that does."""

import pytest

from warmbook import check
from warmbook.book import headless_checks
from warmbook.errors import CheckError


@pytest.fixture
def sent(monkeypatch):
    """Return what is published from now on, as messages of a kernel have it."""
    sent = []

    def publish(data, **more):
        sent.append({"content": {"data": data}, **more})

    monkeypatch.setattr(headless_checks, "publish_display_data", publish)
    return sent


def test_a_kernel_that_the_runner_has_started_publishes_each_claim_in_english(sent, monkeypatch):
    monkeypatch.setenv(headless_checks.ASKED, headless_checks.PUBLISH)
    monkeypatch.setenv("WARMBOOK_LANGUAGE", "es")
    check(True, "billing is enabled", remedy="x")
    with pytest.raises(CheckError):
        check(False, "the cluster is RUNNING", remedy="x")
    told = [headless_checks.published(message) for message in sent]
    assert [(one["claim"], one["passed"]) for one in told] == [
        *(("billing is enabled", True), ("the cluster is RUNNING", False))
    ]
    assert all(message["update"] for message in sent)


@pytest.mark.parametrize("value", [None, "no", ""])
def test_any_other_kernel_publishes_nothing(sent, monkeypatch, value):
    monkeypatch.delenv(headless_checks.ASKED, raising=False)
    if value is not None:
        monkeypatch.setenv(headless_checks.ASKED, value)
    check(True, "billing is enabled", remedy="x")
    assert not sent


def test_other_messages_have_no_check():
    for content in ({}, {"data": {"text/plain": "x"}}, {"execution_state": "idle"}):
        assert headless_checks.published({"content": content}) is None
