import asyncio
import time

import pytest
import requests
from google.api_core import exceptions

from warmbook.cloud.retry import patience
from warmbook.steps import cluster, project
from warmbook_rehearsal.faults import outages

PROJECT = "projects/rehearsal-project"


def staged(name):
    return pytest.mark.parametrize("faults", [(name,)], ids=[name])


def find(clients):
    """Send one request, once."""
    with patience(0):
        return clients.projects.get_project(name=PROJECT, retry=None)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(outages, "LIMITED_S", 0.2)


@staged("service-unavailable")
def test_google_cloud_answers_503_for_a_while(clients):
    for _ in range(outages.A_WHILE):
        with pytest.raises(exceptions.ServiceUnavailable):
            find(clients)
    assert find(clients)


@staged("gke-unavailable")
def test_gke_makes_no_cluster_for_a_while(short, chosen, clients, quiet):
    project.enable_services(chosen, clients, **quiet)
    request = {"parent": clients.location_path(chosen), "cluster": cluster.wanted(chosen)}
    with patience(0), pytest.raises(exceptions.ServiceUnavailable):
        clients.clusters.create_cluster(request)
    time.sleep(0.2)
    assert clients.clusters.create_cluster(request).name


@staged("rate-limited")
def test_too_many_requests_are_refused_twice(clients):
    for _ in range(outages.A_WHILE):
        with pytest.raises(exceptions.TooManyRequests):
            find(clients)
    assert find(clients)


@staged("rate-limit-stays")
def test_too_many_requests_are_refused_for_a_while(short, clients):
    with pytest.raises(exceptions.TooManyRequests) as refused:
        find(clients)
    assert refused.value.reason == "RATE_LIMIT_EXCEEDED"
    time.sleep(0.2)
    assert find(clients)


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (("storage-rate-limited",), exceptions.TooManyRequests),
        (("storage-unavailable",), exceptions.ServiceUnavailable),
    ],
    ids=["storage-rate-limited", "storage-unavailable"],
)
def test_cloud_storage_refuses_the_first_requests(chosen, clients, error):
    for _ in range(outages.A_WHILE):
        with pytest.raises(error):
            clients.storage.get_bucket(chosen.bucket_name, retry=None)
    assert clients.storage.get_bucket(chosen.bucket_name, retry=None)


@staged("connection-reset")
def test_every_fifth_connection_for_objects_breaks_off(chosen, clients):
    bucket = clients.storage.bucket(chosen.bucket_name)
    broken = []
    for number in range(1, 11):
        try:
            assert list(bucket.list_blobs(retry=None))
        except requests.ConnectionError:
            broken.append(number)
    assert broken == [5, 10]


@staged("server-gone")
def test_google_cloud_is_gone_until_it_answers_again(rehearsal, chosen, clients):
    for _ in range(outages.GONE_AFTER):
        assert find(clients)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            find(clients)
    assert clients.storage.get_bucket(chosen.bucket_name)
    again = rehearsal.inner.google_listener.open(outages.HOST)
    asyncio.run_coroutine_threadsafe(again, rehearsal._loop).result(5)
    assert find(clients)
