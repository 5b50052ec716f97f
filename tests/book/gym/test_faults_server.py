import pytest
import requests

from warmbook.book.gym import FaultsServer
from warmbook.errors import MissingError, SettingsError


def test_a_fault_is_staged_and_taken_back(server):
    assert server.stage("billing-off")["pitfall"] == "billing-off"
    assert [one["name"] for one in server.staged()] == ["billing-off"]
    server.unstage("billing-off")
    assert server.staged() == []


def test_an_unknown_fault_and_a_conflict_are_errors_with_a_remedy(server):
    for act in (server.stage, server.unstage):
        with pytest.raises(MissingError) as unknown:
            act("biling-off")
        assert "billing-off?" in unknown.value.remedy
    server.stage("flag-removed")
    with pytest.raises(MissingError) as unstaged:
        server.unstage("billing-off")
    assert "flag-removed" in unstaged.value.remedy
    with pytest.raises(SettingsError, match="flag-removed"):
        server.stage("probe-too-short")


def test_the_rehearsal_keeps_a_round(server):
    assert server.round() == {}
    server.keep({"level": "easy", "drawn": ["ñ"]})
    assert FaultsServer.open().round() == {"level": "easy", "drawn": ["ñ"]}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3"])
def test_a_round_that_is_not_an_object_is_rejected(server, body):
    headers = {"Authorization": f"Bearer {server.token}"}
    answer = requests.put(f"{server.url}/round", data=body, headers=headers, timeout=10)
    assert answer.status_code == 400
    assert server.round() == {}


def test_outside_a_rehearsal_nothing_is_broken():
    with pytest.raises(SettingsError, match="needs a rehearsal"):
        FaultsServer.open({})
