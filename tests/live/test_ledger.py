"""The ledger keeps what was written down by several writers, and forgets what is gone."""

from types import SimpleNamespace

import pytest
from google.api_core.exceptions import NotFound, PreconditionFailed

from warmbook.live.ledger import OBJECT, Entry, Ledger

ROLE = Entry("role", "roles/storage.objectViewer", "user:you@example.com")
CACHE = Entry("cache", "us-central1-a")


class Blob:
    """An object of a bucket that keeps generations, and no more than the ledger needs."""

    def __init__(self, objects, name):
        self._objects, self._name, self.generation = objects, name, None

    def download_as_bytes(self):
        if self._name not in self._objects:
            raise NotFound(self._name)
        self.generation, text = self._objects[self._name]
        return text.encode()

    def upload_from_string(self, text, content_type, if_generation_match):
        before = self._objects.get(self._name, (0, ""))[0]
        if before != if_generation_match:
            raise PreconditionFailed(self._name)
        self._objects[self._name] = (before + 1, text)


@pytest.fixture
def objects():
    return {}


@pytest.fixture
def clients(objects):
    bucket = SimpleNamespace(blob=lambda name: Blob(objects, name))
    return SimpleNamespace(storage=SimpleNamespace(bucket=lambda name: bucket))


def test_entries_are_added_and_removed(clients, objects):
    ledger = Ledger(clients, "b")
    assert ledger.entries() == []
    ledger.add(ROLE)
    ledger.add(CACHE)
    ledger.add(CACHE)
    assert Ledger(clients, "b").entries() == [CACHE, ROLE]
    ledger.forget(ROLE)
    assert ledger.entries() == [CACHE]
    assert list(objects) == [OBJECT]


def test_an_entry_of_another_writer_in_between_is_kept(clients, monkeypatch):
    whole, late = Blob.upload_from_string, iter([True])

    def upload(blob, *args, **kwargs):
        if next(late, False):
            Ledger(clients, "b").add(ROLE)
        whole(blob, *args, **kwargs)

    monkeypatch.setattr(Blob, "upload_from_string", upload)
    Ledger(clients, "b").add(CACHE)
    assert Ledger(clients, "b").entries() == [CACHE, ROLE]
