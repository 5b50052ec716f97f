"""Each method with exactly its permissions, and with one less, over the wire."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from warmbook_rehearsal import access

from ..conftest import RehearsalThread
from .discovery import UNDESCRIBED
from .role_calls import CALLS, FOREVER, FULL, LISTS, NOT_ASKED, UNIFORM, P, each_call
from .roles import PARTIAL, known, needed
from .served import served, unlisted, without_method

ROLE = f"projects/{P}/roles/underTest"
APIS = (
    *("cloudbilling", "cloudquotas", "cloudresourcemanager"),
    *("compute", "container", "iam", "monitoring"),
)


@pytest.fixture(scope="module")
def up(image_and_model):
    """A rehearsal whose reader has one role of their own, and two buckets."""
    with RehearsalThread(*image_and_model) as running, pytest.MonkeyPatch.context() as patch:
        patch.setitem(access.ROLES, ROLE, frozenset())
        running.generation = running.call(lambda: furnish(running.inner))
        yield running


def furnish(rehearsal):
    """Make the buckets and leave the reader their role; return a generation that is deleted."""
    project, storage = rehearsal.cloud.project, rehearsal.storage
    project.services.update(f"{name}.googleapis.com" for name in APIS)
    kept = {"softDeletePolicy": {"retentionDurationSeconds": "604800"}}
    storage.create_bucket(UNIFORM, "us-central1", settings=kept)
    storage.create_bucket(LISTS, "us-central1", uniform_access=False, object_retention=True)
    fields = {"retained": {"retention": FOREVER}, "c": {"contexts": CONTEXTS}}
    for name in ("x", "m1", "m2", "m3", "replaced", "r", "c", "retained"):
        put(storage, LISTS, name, fields.get(name, {}))
    put(storage, UNIFORM, "x")
    gone = put(storage, UNIFORM, "back")
    put(storage, UNIFORM, "back")
    policy = project.policy.read()
    del policy.bindings[:]
    policy.bindings.add(role=ROLE, members=[rehearsal.callers.reader.member])
    return gone.generation


CONTEXTS = {"custom": {"a": {"value": "1", "createTime": "", "updateTime": ""}}}


def put(storage, bucket, name, fields=None):
    content = storage.blobs.adopt(Path(__file__), crc32c=None, md5=None)
    return storage.commit(bucket, name, content, fields or {})


@pytest.fixture(scope="module")
def session(up):
    with requests.Session() as opened:
        opened.headers["Authorization"] = f"Bearer {up.environ['WARMBOOK_REHEARSAL_TOKEN']}"
        yield opened


@pytest.fixture
def ask(up, session):
    """Send a call as somebody who holds these permissions on the project, and no others."""

    def asked(method, call, permissions):
        access.ROLES[ROLE] = frozenset(permissions)
        at_storage = method.startswith("storage.")
        url = up.environ["STORAGE_EMULATOR_HOST" if at_storage else "WARMBOOK_REHEARSAL_URL"]
        path = call.path.replace("GENERATION", str(up.generation))
        return session.request(call.verb, url + path, json=call.body, timeout=10)

    return asked


def test_each_method_that_is_served_is_asked_or_listed_with_its_reason():
    assert served() == CALLS.keys() | NOT_ASKED.keys()
    assert not CALLS.keys() & NOT_ASKED.keys()
    assert all(NOT_ASKED.values())
    assert access.METHODS.keys() & served() <= {*CALLS, *NOT_ASKED}


def test_each_route_is_of_a_method():
    known = [pattern for host, pattern, _ in UNDESCRIBED if host == "storage"]
    others = [one for one in without_method() if not any(re.match(p, one) for p in known)]
    assert others == []
    assert unlisted() == {"service_of"}


def test_each_permission_of_a_method_is_asked_for_by_a_call_of_it():
    for method, calls in CALLS.items():
        asked = frozenset().union(*(needed(method, call) for call in calls))
        assert known(method), method
        assert known(method) - asked == PARTIAL.get(method, set()), method


@pytest.mark.parametrize(
    ("method", "call"),
    [pytest.param(*one, id=f"{one[0]}-{number}") for number, one in enumerate(each_call())],
)
def test_with_one_permission_less_a_call_is_refused_and_with_all_it_is_not(ask, method, call):
    for less in sorted(needed(method, call)):
        answer = ask(method, call, needed(method, call) - {less})
        refused(answer, method, call.instead.get(less, less))
    answer = ask(method, call, needed(method, call))
    assert answer.status_code not in (401, 403), answer.text


def refused(answer, method, less):
    """Check that an answer is a refusal for want of a permission."""
    if less == "iam.serviceAccounts.actAs":
        assert (answer.status_code, "serviceAccountUser" in answer.text) == (400, True)
        return
    assert answer.status_code == 403, (less, answer.text)
    error = answer.json()["error"] if answer.text.startswith("{") else {}
    if not method.startswith("storage."):
        assert error["status"] == "PERMISSION_DENIED"
    assert less in answer.text, (less, answer.text)


@pytest.mark.parametrize("method", PARTIAL)
def test_access_control_lists_are_shown_to_callers_with_the_permission(ask, method):
    call, lists = FULL[method], next(iter(PARTIAL[method] - {"storage.objects.get"}))
    for permissions, told in (
        (needed(method, call) - {lists}, False),
        (needed(method, call), True),
    ):
        answer = ask(method, call, permissions).json()
        one = next(iter(answer.get("items", [answer])))
        assert ("acl" in one) == told, answer
