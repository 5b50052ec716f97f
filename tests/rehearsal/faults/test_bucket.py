import asyncio
import json
from itertools import count

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from warmbook.cloud import anywhere_cache
from warmbook.cloud.retry import TRIES
from warmbook.doctor.preflight import examine
from warmbook.model import folder as model_folder
from warmbook.model.faults import findings
from warmbook.model.inspect import inspect_model
from warmbook.steps import identity
from warmbook_rehearsal.faults.bucket import WRITES_THAT_DONT

ROOM = {"limits": {"nvidia.com/gpu": "1"}}
_numbers = count(2)


def staged(*names):
    return pytest.mark.parametrize("faults", [(name,) for name in names], ids=names)


class Pod:
    """A Pod of the server that starts, and the storage client that it has."""

    def __init__(self, rehearsal, chosen):
        self.address = f"127.60.0.{next(_numbers)}"
        pod = {
            "metadata": {"namespace": chosen.namespace},
            "spec": {
                "serviceAccountName": chosen.service_account,
                "containers": [{"name": "server", "resources": ROOM}],
            },
        }
        starts = rehearsal.inner.pod_starts(pod, self.address)
        asyncio.run_coroutine_threadsafe(starts, rehearsal._loop).result(5)
        url = f"http://{self.address}:{rehearsal.inner.storage_listener.port}"
        self.client = storage.Client(
            "rehearsal-project", AnonymousCredentials(), client_options={"api_endpoint": url}
        )
        self.name, self.path = chosen.bucket_name, chosen.model_path

    def read(self):
        """Look at the bucket and read a file, as the streamer does."""
        found = self.client.get_bucket(self.name)
        return found.blob(f"{self.path}/config.json").download_as_bytes()


@staged(
    "bucket-viewer-missing",
    "object-role-missing",
    "binding-other-namespace",
    "project-id-for-number",
)
def test_the_roles_are_not_the_pods_until_they_are_given_again(rehearsal, chosen, clients, faults):
    assert not identity.grant_bucket_roles(chosen, clients).missing
    pod = Pod(rehearsal, chosen)
    lacking = "objects" if faults == ("object-role-missing",) else "buckets"
    with pytest.raises(exceptions.Forbidden, match=rf"storage\.{lacking}\.get"):
        pod.read()
    assert identity.grant_bucket_roles(chosen, clients).granted
    assert pod.read()
    assert Pod(rehearsal, chosen).read()  # it was taken once


@staged("policy-changed")
def test_both_policies_are_written_in_between_twice(chosen, clients, rehearsal):
    found = clients.storage.bucket(chosen.bucket_name)
    for _ in range(2):
        policy = found.get_iam_policy(requested_policy_version=3)
        with pytest.raises(exceptions.PreconditionFailed):
            found.set_iam_policy(policy)
        held = clients.projects.get_iam_policy(resource="projects/rehearsal-project")
        changed = {"resource": "projects/rehearsal-project", "policy": held}
        with pytest.raises(exceptions.Conflict):
            clients.projects.set_iam_policy(request=changed)
    assert not identity.grant_bucket_roles(chosen, clients).missing


@staged("policy-contended")
def test_a_contended_policy_is_refused_more_often_than_the_workbook_tries(chosen, clients):
    found = clients.storage.bucket(chosen.bucket_name)
    for _ in range(WRITES_THAT_DONT - TRIES + 1):
        policy = found.get_iam_policy(requested_policy_version=3)
        with pytest.raises(exceptions.PreconditionFailed):
            found.set_iam_policy(policy)
    assert identity.grant_bucket_roles(chosen, clients).granted  # at its last try


@staged("bucket-missing")
def test_the_model_is_in_a_bucket_of_another_name(chosen, clients):
    with pytest.raises(exceptions.NotFound):
        clients.storage.get_bucket(chosen.bucket_name)
    (found,) = clients.storage.list_buckets()
    there = inspect_model(clients, f"gs://{found.name}/{chosen.model_path}")
    assert not findings(there, chosen.region)


@staged("bucket-elsewhere")
def test_the_bucket_lies_in_europe(chosen, clients):
    folder = model_folder.list_folder(clients, chosen.model_uri)
    assert folder.location == "EUROPE-WEST4"
    assert not folder.covers(chosen.region)
    assert folder.covers("europe-west4")


def send(clients, chosen, name, path):
    target = clients.storage.bucket(chosen.bucket_name).blob(f"{chosen.model_path}/{name}")
    target.upload_from_filename(path)


def remove(clients, chosen, name):
    clients.storage.bucket(chosen.bucket_name).blob(f"{chosen.model_path}/{name}").delete()


@pytest.fixture
def faulty(chosen, clients):
    """Return the pitfalls of what is found in the model's folder."""
    return lambda: [
        one.pitfall for one in findings(inspect_model(clients, chosen.model_uri), "us-central1")
    ]


@staged("shard-cut-short", "git-lfs-pointer")
def test_a_shard_is_broken_until_it_is_sent_again(chosen, clients, faulty, image_and_model):
    assert faulty() == ["shard-broken"]
    shard = image_and_model[1].files[2]
    assert shard.name == "model-00002-of-00002.safetensors"
    send(clients, chosen, shard.name, shard.path)
    assert faulty() == []


@staged("shard-missing")
def test_the_index_names_a_shard_that_is_not_there(chosen, clients, faulty, image_and_model):
    index = clients.storage.bucket(chosen.bucket_name).blob(
        f"{chosen.model_path}/model.safetensors.index.json"
    )
    named = json.loads(index.download_as_bytes())["weight_map"]
    assert faulty() == ["shard-broken"]
    send(clients, chosen, named["layer.2"], image_and_model[1].files[2].path)
    assert faulty() == []


@staged("config-missing")
def test_the_config_is_missing_until_it_is_sent(chosen, clients, faulty, image_and_model):
    assert faulty() == ["config-missing"]
    config = image_and_model[1].files[0]
    send(clients, chosen, config.name, config.path)
    assert faulty() == []


@staged("weights-deeper")
def test_the_model_lies_one_folder_deeper(chosen, clients, faulty):
    assert faulty() == ["weights-not-found"]
    assert not findings(inspect_model(clients, f"{chosen.model_uri}/snapshot"), "us-central1")


@staged("only-bin-files")
def test_the_weights_are_of_another_format(chosen, clients, faulty, image_and_model):
    assert faulty() == ["weights-not-found"]
    for shard in image_and_model[1].files[1:3]:
        send(clients, chosen, shard.name, shard.path)
    assert faulty() == []


@staged("original-folder")
def test_the_publishers_folder_is_there_too(chosen, clients, faulty):
    assert faulty() == ["original-folder"]
    for name in ("config.json", "params.json"):
        remove(clients, chosen, f"original/{name}")
    assert faulty() == []


def told_of_caches(chosen, clients):
    """Return the pitfall that the doctor names of the caches."""
    lines = examine(chosen, clients, "08").checkups
    (found,) = (line.pitfall for line in lines if "cache" in line.pitfall or line.name == "Caches")
    return found


@staged("cache-zone")
def test_the_cache_is_where_no_pod_runs(chosen, clients):
    chosen = chosen.model_copy(update={"zone": "us-central1-a"})
    (found,) = anywhere_cache.find(clients, chosen.bucket_name)
    assert found.zone == "us-central1-f"
    assert told_of_caches(chosen, clients) == "cache-zone"
    anywhere_cache.create(clients, chosen.bucket_name, "us-central1-a")
    while any(one.state == "creating" for one in anywhere_cache.find(clients, chosen.bucket_name)):
        pass
    assert told_of_caches(chosen, clients) == ""


@staged("cache-empty")
def test_the_cache_is_not_ready_for_hours(chosen, clients, rehearsal):
    chosen = chosen.model_copy(update={"zone": "us-central1-a"})
    (found,) = anywhere_cache.find(clients, chosen.bucket_name)
    assert (found.zone, found.state) == ("us-central1-a", "creating")
    assert told_of_caches(chosen, clients) == "cache-empty"
