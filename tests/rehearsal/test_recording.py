"""`--record FILE`: what is written down of each exchange with Google's APIs, and what is not."""

import argparse
import json
import re
import stat

import pytest
import requests

from warmbook_rehearsal.__main__ import _parser, _writable
from warmbook_rehearsal.google import methods
from warmbook_rehearsal.google.api_hosts import api_host
from warmbook_rehearsal.recording import LEFT_OUT, Recording, without_secrets


@pytest.fixture
def record(tmp_path):
    return tmp_path / "exchanges.jsonl"


def lines(record, path=""):
    """Return what was written down of paths that begin so."""
    told = map(json.loads, record.read_text().splitlines())
    return [one for one in told if re.match(rf"(/resumable)?{path}", one["path"])]


def test_a_request_and_its_answer_are_one_line(clients, chosen, record):
    clients.projects.get_project(name=f"projects/{chosen.project_id}")
    bucket = clients.storage.bucket(chosen.bucket_name)
    bucket.labels = {"team": "ml"}
    bucket.patch()
    (first,) = lines(record, "/v3/")
    # Google's library looks at a bucket beside its calls, in a thread of its own
    second = next(one for one in lines(record, "/storage/") if one["method"] == "PATCH")
    assert first["host"] == "cloudresourcemanager.googleapis.com"
    assert (first["method"], first["path"]) == ("GET", "/v3/projects/rehearsal-project")
    assert first["query"] == [["$alt", "json;enum-encoding=int"]]
    assert (first["request"], first["status"]) == (None, 200)
    assert first["response"]["projectId"] == "rehearsal-project"
    assert second["host"] == "storage.googleapis.com"
    assert second["request"] == {"labels": {"team": "ml"}}
    assert second["response"]["labels"] == {"team": "ml"}


def test_a_refusal_is_written_down_as_the_client_got_it(clients, rehearsal, record):
    url = f"{rehearsal.environ['WARMBOOK_REHEARSAL_URL']}/v3/projects/rehearsal-project"
    assert requests.get(url, timeout=5).status_code == 401
    (refused,) = lines(record)
    assert refused["status"] == refused["response"]["error"]["code"] == 401


def test_the_bytes_of_objects_are_left_out(clients, chosen, record):
    blob = clients.storage.bucket(chosen.bucket_name).blob("notes.json")
    blob.upload_from_string('{"private": "yes"}', content_type="application/json")
    assert blob.download_as_bytes() == b'{"private": "yes"}'
    (sent,) = lines(record, "/upload/")
    (got,) = lines(record, "/download/")
    assert sent["request"] is None and sent["request_bytes"] > 18
    assert sent["response"]["name"] == "notes.json"
    assert got["response"] is None and got["response_bytes"] == 18
    assert "private" not in record.read_text()


def test_a_resumable_uploads_document_is_kept_and_its_session_is_not(clients, chosen, record):
    blob = clients.storage.bucket(chosen.bucket_name).blob("large", chunk_size=256 * 1024)
    with blob.open("wb") as file:
        file.write(b"private" * 100_000)
    begun, *chunks = lines(record, "/upload/")
    assert begun["request"]["name"] == "large"
    assert len(chunks) == 3
    assert {dict(one["query"])["upload_id"] for one in chunks} == {LEFT_OUT}
    assert all(one["request_bytes"] for one in chunks)
    assert "private" not in record.read_text()


def test_the_file_has_no_credentials_and_is_readable_by_its_owner_only(rehearsal, clients, record):
    environ = rehearsal.environ
    token = environ["WARMBOOK_REHEARSAL_TOKEN"]
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": token,
    }
    google = environ["WARMBOOK_REHEARSAL_URL"]
    answer = requests.post(f"{google}/v1/token", data=form, timeout=5)
    assert answer.json()["access_token"] == token
    requests.get(f"{google}/v1/projects?access_token={token}&key={token}", timeout=5)
    exchanged, listed = lines(record)
    assert exchanged["host"] == "sts.googleapis.com"
    assert exchanged["request"] is exchanged["response"] is None
    assert listed["query"] == [["access_token", LEFT_OUT], ["key", LEFT_OUT]]
    assert token not in record.read_text()
    assert stat.S_IMODE(record.stat().st_mode) == 0o600


def test_secret_fields_are_left_out_however_deep():
    told = {"items": [{"masterAuth": {"clientKey": "k", "password": "", "username": "u"}}]}
    auth = {"clientKey": LEFT_OUT, "password": "", "username": "u"}
    assert without_secrets(told) == {"items": [{"masterAuth": auth}]}


def test_a_file_is_emptied_first_and_an_unwritable_one_is_an_error(tmp_path):
    path = tmp_path / "old.jsonl"
    path.write_text("old\n")
    Recording(path).close()
    assert path.read_text() == ""
    with pytest.raises(argparse.ArgumentTypeError, match="No such file or directory"):
        _writable(str(tmp_path / "nowhere" / "file"))
    assert _parser().parse_args(["--record", str(path)]).record == path


ANY = type("Any", (), {"__getattr__": lambda *_: None})()
APIS = {
    "cloudbilling": methods.cloud_billing(ANY),
    "cloudquotas": methods.cloud_quotas(ANY),
    "cloudresourcemanager": methods.resource_manager_v1(ANY),
    "compute": methods.compute_engine(ANY),
    "container": methods.cluster_manager(ANY, ANY),
    "monitoring": methods.cloud_monitoring(ANY),
    "serviceusage": methods.service_usage(ANY),
}


@pytest.mark.parametrize("api", APIS)
def test_each_path_has_the_host_of_its_api(api):
    variable = r"\{\w+(?:=([^}]*))?\}"
    for route in APIS[api]:
        path = re.sub(variable, lambda found: found[1] or "x", route.template)
        assert api_host(path.replace("*", "x").replace("xx", "x")) == f"{api}.googleapis.com", path


def test_a_path_of_no_api_has_no_host():
    assert api_host("/v9/nothing") == ""
