from __future__ import annotations

import pytest
from google.api_core import exceptions as refused


def test_a_bucket_has_its_location_and_access_settings(client):
    asked = client.bucket("hns-bucket")
    asked.hierarchical_namespace_enabled = True
    asked.iam_configuration.uniform_bucket_level_access_enabled = True
    asked.labels = {"purpose": "weights"}
    client.create_bucket(asked, location="europe-west4")
    bucket = client.get_bucket("hns-bucket")
    assert (bucket.location, bucket.location_type) == ("EUROPE-WEST4", "region")
    assert bucket.hierarchical_namespace_enabled
    assert bucket.iam_configuration.uniform_bucket_level_access_enabled
    assert bucket.labels == {"purpose": "weights"}
    assert bucket.project_number == 123456789012
    assert bucket.time_created.year > 2000


@pytest.mark.parametrize(
    ("location", "pair", "kind"),
    [
        ("us", None, "multi-region"),
        ("NAM4", None, "dual-region"),
        ("US", ["US-CENTRAL1", "US-EAST1"], "dual-region"),
        ("us-east1", None, "region"),
    ],
)
def test_the_location_type_follows_from_the_location(client, location, pair, kind):
    name = f"in-{location.lower()}-{kind}"
    bucket = client.create_bucket(name, location=location, data_locations=pair)
    assert client.get_bucket(name).location_type == kind
    assert bucket.location == location.upper()


@pytest.mark.parametrize(
    ("name", "location"),
    [
        ("UPPER", "us"),
        ("ab", "us"),
        ("10.0.0.1", "us"),
        ("google-bucket", "us"),
        ("x" * 64, "us"),
        ("in-nowhere", "us-central9"),
    ],
)
def test_a_malformed_name_or_location_is_refused_with_400(client, name, location):
    with pytest.raises(refused.BadRequest):
        client.create_bucket(name, location=location)


def test_a_hierarchical_namespace_needs_uniform_access(client):
    asked = client.bucket("hns-without-uniform")
    asked.hierarchical_namespace_enabled = True
    with pytest.raises(refused.BadRequest, match="uniform bucket-level access"):
        client.create_bucket(asked, location="us")


def test_a_name_that_is_taken_is_refused_with_409(client, bucket):
    with pytest.raises(refused.Conflict, match="you already own it") as error:
        client.create_bucket(bucket.name)
    assert error.value.errors[0]["reason"] == "conflict"


def test_an_absent_bucket_is_404(client):
    with pytest.raises(refused.NotFound, match="The specified bucket does not exist") as error:
        client.get_bucket("no-such-bucket")
    assert error.value.errors[0] == {
        "message": "The specified bucket does not exist.",
        "domain": "global",
        "reason": "notFound",
    }


def test_a_patch_merges_and_raises_the_metageneration(client, bucket):
    bucket.labels = {"a": "1", "b": "2"}
    bucket.patch()
    before = bucket.metageneration
    bucket.labels = {"a": "1"}
    bucket.versioning_enabled = True
    bucket.patch()
    fresh = client.get_bucket(bucket.name)
    assert fresh.versioning_enabled
    assert fresh.metageneration == before + 1
    with pytest.raises(refused.PreconditionFailed):
        bucket.patch(if_metageneration_match=before)


@pytest.mark.parametrize("method", ["patch", "update"])
@pytest.mark.parametrize("labels", [None, {}, {"a": None, "b": None}], ids=["null", "{}", "each"])
def test_labels_that_are_emptied_are_gone(http, bucket, method, labels):
    bucket.labels = {"a": "1", "b": "2"}
    bucket.patch()
    document = {"labels": labels, "storageClass": "STANDARD"}
    if (method, labels) == ("patch", {}):
        document["labels"] = {"a": None, "b": None, "c": None}
    verb = {"patch": "PATCH", "update": "PUT"}[method]
    answer = http.request(verb, f"/storage/v1/b/{bucket.name}", json=document)
    assert "labels" not in answer.json()
    assert "labels" not in http.get(f"/storage/v1/b/{bucket.name}").json()


def test_the_client_empties_labels_by_update(client, bucket):
    bucket.labels = {"a": "1"}
    bucket.patch()
    bucket.labels = {"b": "2"}
    bucket.patch()
    assert client.get_bucket(bucket.name).labels == {"b": "2"}
    bucket.labels = {}
    bucket.update()
    assert client.get_bucket(bucket.name).labels == {}


def test_a_new_bucket_has_no_labels_that_are_null(http):
    body = {"name": "null-labels", "labels": {"a": None, "b": "2"}}
    made = http.post("/storage/v1/b?project=demo-proj", json=body).json()
    assert made["labels"] == {"b": "2"}


def test_an_update_of_a_bucket_removes_what_it_does_not_name(client, http):
    asked = client.bucket("to-update")
    asked.hierarchical_namespace_enabled = True
    asked.iam_configuration.uniform_bucket_level_access_enabled = True
    asked.labels, asked.versioning_enabled = {"a": "1"}, True
    client.create_bucket(asked, location="us")
    kept = {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}}
    answer = http.put("/storage/v1/b/to-update", json=kept).json()
    assert {"labels", "versioning"}.isdisjoint(answer)
    assert answer["hierarchicalNamespace"] == {"enabled": True}
    assert answer["iamConfiguration"]["uniformBucketLevelAccess"] == {"enabled": True}


def test_only_an_empty_bucket_can_be_deleted(client, bucket):
    blob = bucket.blob("x")
    blob.upload_from_string("x")
    with pytest.raises(refused.Conflict, match="not empty"):
        bucket.delete()
    bucket.delete(force=True)
    assert client.lookup_bucket(bucket.name) is None


def test_buckets_are_listed_in_pages_and_by_prefix(client):
    made = [client.create_bucket(f"listed-{n}", location="us").name for n in range(5)]
    assert [b.name for b in client.list_buckets(prefix="listed-", page_size=2)] == made
    assert [b.name for b in client.list_buckets(prefix="listed-3")] == ["listed-3"]


def test_another_project_is_refused_with_403(client):
    with pytest.raises(refused.Forbidden, match=r"storage\.buckets\.list access to the Google"):
        list(client.list_buckets(project="not-mine"))


def test_the_storage_layout_has_the_namespace(http, bucket):
    layout = http.get(f"/storage/v1/b/{bucket.name}/storageLayout").json()
    assert layout["hierarchicalNamespace"] == {"enabled": False}
    assert layout["location"] == "US-CENTRAL1"


def test_there_are_no_folders_apart_from_objects(http, bucket):
    for kind in ("folders", "managedFolders"):
        answer = http.get(f"/storage/v1/b/{bucket.name}/{kind}")
        assert answer.json() == {"kind": f"storage#{kind}"}
