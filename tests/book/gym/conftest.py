"""Rounds of the gym without a rehearsal, and the fault server of one that is up."""

from contextlib import closing

import pytest

from warmbook.book.gym import FaultsServer, rounds
from warmbook.book.gym.rounds import Evidence, Round


@pytest.fixture
def server(rehearsal):
    return FaultsServer.open()


def described(name, pitfall, **more):
    """Return a fault as the server of faults describes it."""
    flags = dict.fromkeys(("passes", "ahead", "unseen", "waits"), False)
    return {"name": name, "what": "", "pitfall": pitfall, **flags, "choices": {}, **more}


class NoHold:
    """A hold of no rehearsal."""

    def release(self):
        """Release nothing."""

    close = release


@pytest.fixture
def kept(monkeypatch):
    """A round that no rehearsal keeps: what is kept is the list, the last one last."""
    told = []
    monkeypatch.setattr(FaultsServer, "open", classmethod(lambda cls: cls("", "")))
    monkeypatch.setattr(FaultsServer, "hold", lambda self: closing(NoHold()))
    monkeypatch.setattr(FaultsServer, "keep", lambda self, one: told.append(one))
    monkeypatch.setattr(FaultsServer, "round", lambda self: told[-1] if told else {})
    return told


@pytest.fixture
def begin(kept):
    """Begin a round whose faults were met: the guide stopped by them in this notebook."""

    def begin(*pitfalls, mendable=False, notebook="07", text="", kind="log"):
        one = Round.of([described(name, name, mendable=mendable) for name in pitfalls], {})
        for drawn in one.drawn:
            drawn.seen = True
            drawn.evidence = Evidence(
                kind=kind, notebook=notebook, commands=("kubectl get pods",), text=text
            )
        rounds.keep(one, FaultsServer.open())
        return one

    return begin
