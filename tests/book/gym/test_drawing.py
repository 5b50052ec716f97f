import pytest

from warmbook.book.gym.drawing import drawn_from, stage_drawn
from warmbook.errors import MissingError, SettingsError
from warmbook_rehearsal.faults import FAULTS

from .conftest import described


class Server:
    """A server of faults that refuses two that change the same place."""

    def __init__(self, *faults, places=()):
        self.known, self.places, self.now = faults, dict(places), []

    def faults(self):
        return list(self.known)

    def stage(self, name):
        taken = {self.places.get(one["name"]) for one in self.now}
        if self.places.get(name) and self.places[name] in taken:
            raise SettingsError("both change it", remedy="another")
        self.now.append(next(one for one in self.known if one["name"] == name))
        return self.now[-1]

    def unstage(self, name):
        self.now = [one for one in self.now if one["name"] != name]


def names(staged):
    return [one["name"] for one in staged]


FIRST = described("api", "api-off", mendable=True)
POD, LOG = described("pod", "image-not-found"), described("log", "host-oom")


def test_chance_hides_each_fault_that_stays_and_shows_in_minutes(server):
    drawn = drawn_from(server.faults())
    odd = {n for n, f in FAULTS.items() if f.passes or f.ahead or f.unseen or f.waits or f.choices}
    assert set(FAULTS) - odd - set(drawn) == {"bucket-elsewhere", "original-folder"}
    assert {"resource-quota", "requester-pays", "config-cut-short"} <= set(drawn)
    assert not {"node-cordoned", "sandbox-failed", "device-not-allocated"} & set(drawn)
    by_level = [drawn_from(server.faults(), level) for level in ("easy", "medium", "hard")]
    assert sorted(name for names in by_level for name in names) == sorted(drawn)
    assert min(map(len, by_level)) >= 10


def test_the_same_word_draws_the_same_fault():
    known = [described(name, "api-off") for name in "abcdefgh"]
    draws = {names(stage_drawn(Server(*known), "easy", "tuesday"))[0] for _ in range(5)}
    assert len(draws) == 1


def test_an_unknown_level_is_refused():
    with pytest.raises(MissingError, match="easy, medium, hard, two"):
        drawn_from([], "harder")


def test_the_first_of_two_faults_can_be_repaired_and_stops_before_the_server():
    for word in "abcdefgh":
        server = Server(FIRST, POD, LOG, described("billing", "billing-off"))
        first, second = names(stage_drawn(server, "two", word))
        assert first == "api"
        assert second in ("pod", "log")


def test_two_drawn_faults_never_change_the_same_place():
    for word in "abcdefgh":
        server = Server(FIRST, POD, LOG, places={"api": "a place", "pod": "a place"})
        assert names(stage_drawn(server, "two", word)) == ["api", "log"]


def test_without_two_compatible_faults_none_stays_staged():
    server = Server(FIRST, POD, places={"api": "a place", "pod": "a place"})
    with pytest.raises(MissingError, match="no two faults"):
        stage_drawn(server, "two", "")
    assert server.now == []
    with pytest.raises(MissingError, match="no two faults"):
        stage_drawn(Server(POD, LOG), "two", "")


def test_level_without_faults_is_an_error_that_lists_the_other_levels():
    server = Server(FIRST, LOG)
    with pytest.raises(MissingError, match="hard") as refused:
        stage_drawn(server, "hard", "")
    assert "easy, medium" in refused.value.remedy
    assert server.now == []


@pytest.mark.parametrize("level", ["", "easy"])
def test_rehearsal_without_faults_is_an_error(level):
    with pytest.raises(MissingError):
        stage_drawn(Server(), level, "")
