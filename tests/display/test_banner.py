"""The banner says where the calls go: what the genuine clients say of themselves decides."""

import pytest

from warmbook.cloud import clients as made
from warmbook.cloud.rehearsal import ADDRESSES, TOKEN, is_loopback
from warmbook.display.banner import connect
from warmbook.errors import SettingsError

REHEARSED = "Rehearsal: nothing leaves this machine"
REAL = "Google Cloud: my-project, this costs money"
VARIABLES = [*ADDRESSES.values(), TOKEN]


@pytest.fixture
def signed_in(monkeypatch):
    """Credentials as somebody has who works with Google Cloud."""
    import google.auth
    from google.oauth2.credentials import Credentials

    monkeypatch.setattr(google.auth, "default", lambda **_: (Credentials(token="t"), ""))


@pytest.fixture
def google_cloud(rehearsal, signed_in, settings, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name)
    return connect(settings)


def called(clients, monkeypatch):
    """Return which address each genuine client calls, by the client's name."""
    addresses = {
        name: getattr(clients, name).transport._host
        for name in ("projects", "services", "billing", "clusters")
    }
    addresses["storage"] = clients.storage._connection.API_BASE_URL
    addresses["caches"] = dialled(clients.caches.transport.grpc_channel)
    urls = []
    monkeypatch.setattr(clients, "_look_up", lambda url, _: urls.append(url) or {})
    clients.compute("zones")
    clients.monitoring("timeSeries")
    clients.quota("compute.googleapis.com", "CPUS-per-project-region")
    clients.service_account("nodes@my-project.iam.gserviceaccount.com")
    names = ("compute", "monitoring", "quotas", "iam")
    return addresses | {
        name: "/".join(url.split("/")[:3]) for name, url in zip(names, urls, strict=True)
    }


def dialled(channel):
    """Return the target of a gRPC channel below its interceptors."""
    while hasattr(channel, "_channel") and not hasattr(channel._channel, "target"):
        channel = channel._channel
    target = channel._channel.target().decode()
    return target.removeprefix("dns:///")


def test_in_a_rehearsal_every_client_calls_this_machine(rehearsal, settings, monkeypatch):
    clients = connect(settings)
    assert called(clients, monkeypatch) == clients.endpoints
    assert clients.endpoints["storage"] == rehearsal.environ["STORAGE_EMULATOR_HOST"]
    assert all(map(is_loopback, clients.endpoints.values()))
    assert repr(clients) == REHEARSED
    assert clients.target == "rehearsal"


def test_for_google_cloud_every_client_calls_google_cloud(google_cloud, monkeypatch):
    found = called(google_cloud, monkeypatch)
    assert found.pop("caches") == "storage.googleapis.com:443"
    assert found == {name: at for name, at in google_cloud.endpoints.items() if name != "caches"}
    assert all(at.endswith(".googleapis.com") for at in google_cloud.endpoints.values())
    assert repr(google_cloud) == REAL
    assert google_cloud.target == "google-cloud"


@pytest.mark.parametrize("name", made.GOOGLE)
def test_one_client_that_calls_google_cloud_is_enough_for_its_banner(rehearsal, settings, name):
    clients = connect(settings)
    clients.endpoints[name] = made.GOOGLE[name]
    assert repr(clients) == REAL
    assert REHEARSED not in clients._repr_html_()


def test_the_endpoint_override_of_cloud_storages_library_is_respected(google_cloud, monkeypatch):
    own = "https://storage-me.p.googleapis.com"
    monkeypatch.setenv("API_ENDPOINT_OVERRIDE", own)
    clients = connect(google_cloud._settings)
    assert called(clients, monkeypatch)["storage"] == clients.endpoints["storage"] == own
    assert repr(clients) == REAL


@pytest.mark.parametrize("name", VARIABLES)
def test_half_an_environment_has_no_banner(rehearsal, settings, monkeypatch, name):
    monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=name):
        connect(settings)
    for other in VARIABLES:
        if other != name:
            monkeypatch.delenv(other)
    if name != "HF_ENDPOINT":  # alone it is a mirror of the Hub, and no sign of a rehearsal
        monkeypatch.setenv(name, rehearsal.environ[name])
        with pytest.raises(SettingsError, match=name):
            connect(settings)
