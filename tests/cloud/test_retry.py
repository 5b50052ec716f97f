import itertools
from types import SimpleNamespace

import pytest
import requests
import urllib3
from kubernetes.client import Configuration
from kubernetes.client.rest import RESTClientObject

from warmbook.cloud import kubernetes_connection, retry
from warmbook.cloud.kubernetes_connection import DEADLINE_S
from warmbook.cloud.retry import FIRST_S, LONGEST_S, NOBODY_S, again

from ..doubles.clock import Clock

RESET = requests.ConnectionError("('Connection aborted.', ConnectionResetError(104, 'reset'))")
REFUSED = requests.ConnectionError("[Errno 111] Connection refused")
UNKNOWN = urllib3.exceptions.NameResolutionError("host", None, "Name or service not known")


def sender(answers):
    """Return a function that returns one answer after the other, or raises it."""
    answers = iter(answers)

    def send(*_, **__):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return send


def asked(answers, *, clock=None, **options):
    clock = clock or Clock()
    send = sender(answers)
    last = again(
        send,
        passing=lambda code: code in retry.TRANSIENT,
        clock=clock,
        sleep=clock.sleep,
        **options,
    )
    return last, clock.slept


def test_pauses_grow_up_to_the_longest_and_end_with_the_patience():
    last, slept = asked(itertools.repeat(503), patience_s=60)
    assert last == 503
    assert 60 - LONGEST_S <= sum(slept) <= 60
    assert FIRST_S / 2 <= slept[0] <= FIRST_S
    assert max(slept) <= LONGEST_S
    whole = [FIRST_S * 2**turn for turn in range(len(slept))]
    assert all(w / 2 <= s <= w for s, w in zip(slept, whole, strict=True) if w <= LONGEST_S)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_each_transient_code_is_retried(code):
    assert asked([code, code, 200])[0] == 200


@pytest.mark.parametrize("code", [200, 400, 401, 403, 404, 408, 409, 410, 412, 501])
def test_permanent_codes_are_not_retried(code):
    assert asked([code]) == (code, [])


def test_the_pause_of_retry_after_is_kept_within_bounds():
    _, slept = asked([503, 503, 200], asked_s=lambda _: 7.0)
    assert slept == [7.0, 7.0]
    _, slept = asked([503, 200], asked_s=lambda _: 3600.0)
    assert slept == [LONGEST_S]


def test_a_shorter_patience_waits_less():
    with retry.patience(2):
        _, slept = asked(itertools.repeat(503), patience_s=60)
    assert sum(slept) <= 2


@pytest.mark.parametrize("nobody", [REFUSED, UNKNOWN], ids=["refused", "no such host"])
def test_a_refused_connection_is_retried_for_a_short_time(nobody):
    assert asked([nobody, nobody, 200])[0] == 200
    clock = Clock()
    with pytest.raises(type(nobody)):
        asked(itertools.repeat(nobody), clock=clock, patience_s=60)
    assert len(clock.slept) >= 2
    assert NOBODY_S / 3 <= clock.now <= NOBODY_S
    clock = Clock()
    with pytest.raises(type(nobody)):
        asked(itertools.repeat(nobody), clock=clock, patience_s=1)
    assert clock.now <= 1


def test_a_broken_connection_is_retried_until_the_deadline():
    clock = Clock()
    with pytest.raises(requests.ConnectionError):
        asked(itertools.repeat(RESET), clock=clock, patience_s=60)
    assert 60 - LONGEST_S <= clock.now <= 60


@pytest.mark.parametrize("before", [503, RESET])
def test_a_restarting_server_is_waited_for(before):
    last, slept = asked([before] * 3 + [REFUSED] * 3 + [200], patience_s=60)
    assert (last, len(slept)) == (200, 6)
    assert sum(slept) > 2 * NOBODY_S


def test_other_errors_are_raised_at_once():
    clock = Clock()
    with pytest.raises(ValueError, match="refused"):
        asked([ValueError("refused")], clock=clock)
    assert clock.slept == []


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_S", 0.0)


def answer(code, text="", **headers):
    return SimpleNamespace(status_code=code, text=text, headers=headers, status=code, read=bytes)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("Quota exceeded for quota metric 'Read requests'", True),
        ("RATE_LIMIT_EXCEEDED: quota", True),
        ("Insufficient quota 'NVIDIA_L4_GPUS'", False),
        ("slow down", True),
    ],
)
def test_a_quota_that_must_be_raised_is_not_transient(text, passes):
    assert retry.may_pass(answer(429, text)) is passes


@pytest.fixture
def connection(monkeypatch):
    """Make the connection to a cluster, whose requests `send` answers."""

    def made(send):
        monkeypatch.setattr(
            RESTClientObject, "request", lambda self, *args, **more: send(*args, **more)
        )
        return kubernetes_connection.connection(Configuration(), 60)

    return made


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/namespaces/n/pods", 200),
        ("/api/v1/namespaces/n/pods/p", 200),
        ("/api/v1/namespaces/n/pods/p/log", 503),
        ("/api/v1/namespaces/n/pods/p:8000/proxy/v1/models", 503),
    ],
)
def test_requests_to_a_cluster_are_retried_except_a_pods_responses(
    no_pauses, connection, path, code
):
    client = connection(sender([RESET, answer(503), answer(200)]))
    assert client.request("GET", f"https://x{path}?watch=1").status == code


@pytest.mark.parametrize(("given", "told"), [(None, DEADLINE_S), (7, 7)])
def test_each_request_to_a_cluster_has_a_deadline(connection, given, told):
    client = connection(lambda *_, **options: SimpleNamespace(status=200, **options))
    assert client.request("GET", "https://x", _request_timeout=given)._request_timeout == told


@pytest.mark.parametrize(
    ("asked_for", "seconds"), [({"Retry-After": "7"}, 7), ({"Retry-After": "soon"}, 0), ({}, 0)]
)
def test_the_pause_of_retry_after_is_read(asked_for, seconds):
    assert retry.asked_s(answer(503, **asked_for)) == seconds
