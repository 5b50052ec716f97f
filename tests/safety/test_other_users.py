"""Another user of the machine, without the rehearsal's token: refused by every server of it."""

from __future__ import annotations

import json
import urllib.parse

import pytest
import requests

from warmbook.cloud import gke
from warmbook_rehearsal.peers import Own

from ..other_user import needs_root, said_by_nobody

ASK = """
import ssl
trusting = ssl._create_unverified_context()
asked = {asked}
def told(method, url, headers):
    data = b"stolen" if method in ("PUT", "POST") else None
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({{}}), urllib.request.HTTPSHandler(context=trusting)
    )
    try:
        return opener.open(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return type(getattr(error, "reason", error)).__name__
print(json.dumps([told(*one) for one in asked]))
"""
NOT_LET_IN = (401, 403, "ConnectionResetError", "RemoteDisconnected")


def replies(asked, by):
    """Return a status for each request, or the name of the error that its client met."""
    return json.loads(by(ASK.format(asked=[(m, u, h) for m, u, h in asked])))


@pytest.fixture
def asked(rehearsal, chosen, clients, up_to):
    """What is asked of each server, without a token; the Pod's addresses included."""
    up_to("streaming")
    bucket, environ = chosen.bucket_name, rehearsal.environ
    (pod,) = clients.kubernetes.list_objects("Pod", chosen.namespace)
    storage = environ["STORAGE_EMULATOR_HOST"]
    pods_storage = storage.replace("127.0.0.1", pod["status"]["podIP"])
    name = next(iter(clients.storage.list_blobs(bucket))).name
    json_object = f"/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}"
    cluster = f"https://{gke.find(chosen, clients).endpoint}"
    on_storage = (
        ("GET", f"/storage/v1/b/{bucket}"),
        ("GET", f"/storage/v1/b/{bucket}/o"),
        ("GET", f"{json_object}?alt=media"),
        ("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name=stolen"),
        ("DELETE", json_object),
        ("GET", f"/{bucket}"),
        ("GET", f"/{bucket}/{urllib.parse.quote(name)}"),
        ("PUT", f"/{bucket}/stolen"),
        ("DELETE", f"/{bucket}/{urllib.parse.quote(name)}"),
    )
    google = environ["WARMBOOK_REHEARSAL_URL"]
    hub = environ["HF_ENDPOINT"]
    return [
        *((method, host + path) for host in (storage, pods_storage) for method, path in on_storage),
        ("GET", f"{google}/v3/projects/{chosen.project_id}"),
        ("GET", f"{google}/v1/projects/{chosen.project_id}/locations/-/clusters"),
        ("GET", f"{google}/compute/v1/projects/{chosen.project_id}/regions"),
        ("GET", f"{cluster}/api/v1/pods"),
        ("GET", f"{cluster}/version"),
        ("GET", f"{hub}/api/models/rehearsal/SmolLM2-135M-Instruct"),
        ("GET", f"{environ['WARMBOOK_REHEARSAL_FAULTS']}/servers"),
        ("POST", f"{environ['WARMBOOK_REHEARSAL_FAULTS']}/staged/bucket-missing"),
        ("GET", f"http://{pod['status']['podIP']}:8000/v1/models"),
    ]


@needs_root
@pytest.mark.timeout(200)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_every_server_refuses_another_user(rehearsal, clients, chosen, asked, token):
    before = sorted(blob.name for blob in clients.storage.list_blobs(chosen.bucket_name))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    found = replies([(*one, headers) for one in asked], said_by_nobody)
    wrong = [(one, told) for one, told in zip(asked, found, strict=True) if told not in NOT_LET_IN]
    assert wrong == []
    assert sorted(blob.name for blob in clients.storage.list_blobs(chosen.bucket_name)) == before


@needs_root
@pytest.mark.timeout(200)
def test_with_the_token_another_user_is_the_reader(rehearsal, chosen):
    token = rehearsal.environ["WARMBOOK_REHEARSAL_TOKEN"]
    url = f"{rehearsal.environ['STORAGE_EMULATOR_HOST']}/storage/v1/b/{chosen.bucket_name}"
    found = replies([("GET", url, {"Authorization": f"Bearer {token}"})], said_by_nobody)
    assert found == [200]


@needs_root
def test_another_user_cannot_read_the_state(rehearsal):
    look = f"""
for look, path in ((os.listdir, "."), (open, "token"), (open, "kubeconfig")):
    try:
        look(os.path.join({str(rehearsal.inner.folder)!r}, path))
        print("open")
    except PermissionError:
        print("closed")
"""
    assert said_by_nobody(look).split() == ["closed"] * 3


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
@pytest.mark.timeout(200)
def test_a_connection_that_is_not_this_user_s_is_refused_where_no_token_can_be_sent(
    rehearsal, asked, monkeypatch
):
    """The same without another user, for those who run the tests without root."""
    monkeypatch.setattr(Own, "has", lambda *_: False)
    for method, url in asked:
        try:
            told = requests.request(method, url, data=b"", timeout=10, verify=False).status_code
        except requests.ConnectionError:
            told = "ConnectionResetError"
        assert told in NOT_LET_IN, (method, url)
