"""Volumes and keys that a real API server refuses, by field and reason."""

from __future__ import annotations

import pytest

from warmbook_rehearsal.kubernetes import volume_rules


def said(causes):
    return [(cause.field, cause.reason, cause.message.partition(": ")[2]) for cause in causes]


def volumes(*sources):
    return {"volumes": [{"name": f"v{at}", **source} for at, source in enumerate(sources)]}


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/x", "must be a relative path"),
        ("a/../../x", "must not contain '..'"),
        ("..data", "must not start with '..'"),
    ],
)
@pytest.mark.parametrize("source", ["configMap", "secret"])
def test_an_item_stays_within_its_volume(source, path, why):
    spec = volumes({source: {"items": [{"key": "k", "path": path}]}})
    ((field, reason, message),) = said(volume_rules.of_pod(spec, "spec"))
    assert field == f"spec.volumes[0].{source}.items[0].path"
    assert reason == "FieldValueInvalid"
    assert message.endswith(why)


def test_a_volume_has_a_name_of_its_own_and_one_source():
    spec = {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}, "secret": {}}]}
    found = [(field, reason) for field, reason, _ in said(volume_rules.of_pod(spec, "spec"))]
    assert found == [
        ("spec.volumes[1].name", "FieldValueDuplicate"),
        ("spec.volumes[1].secret", "FieldValueForbidden"),
    ]


def test_mounts_have_paths_of_their_own_and_no_path_that_leads_out():
    mounts = [
        {"name": "a", "mountPath": "/x"},
        {"name": "a", "mountPath": "/x", "subPath": "../y"},
        {"name": "a", "mountPath": "/z", "subPath": "y", "subPathExpr": "$(Y)"},
    ]
    found = [field for field, _, _ in said(volume_rules.of_mounts({"volumeMounts": mounts}, "c"))]
    assert found == [
        "c.volumeMounts[1].mountPath",
        "c.volumeMounts[1].subPath",
        "c.volumeMounts[2].subPathExpr",
    ]


@pytest.mark.parametrize("key", ["a/b", "", ".", "..", "..x", "a" * 254])
@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_a_key_is_a_file_s_name(kind, key):
    assert len(said(volume_rules.causes(kind, {"data": {key: "x"}}))) == 1


@pytest.mark.parametrize("key", ["config.yaml", "KEY_1", ".hidden", "a" * 253])
def test_an_ordinary_key_is_fine(key):
    assert not said(volume_rules.causes("ConfigMap", {"data": {key: ""}, "binaryData": {key: ""}}))
