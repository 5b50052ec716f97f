"""Volumes as a container sees them, as Kubernetes' own end-to-end tests expect them.

Their names are those of test/e2e/common/storage and test/e2e/common/node.
"""

from __future__ import annotations

import base64
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from warmbook_rehearsal.node import view

AT = "/etc/configmap-volume"
"""A path that this machine does not have."""

mounted = pytest.mark.skipif(not view.can_mount(), reason="this machine allows no mounts")


def volume(**source):
    """Return a Pod's volumes: one, called v."""
    return [{"name": "v", **source}]


def reads(script, *mounts, name="c", **more):
    """Return a container that runs a script with volumes mounted."""
    mounts = [{"name": "v", "mountPath": AT}] if not mounts else list(mounts)
    return {"name": name, "command": ["sh", "-c", script], "volumeMounts": mounts, **more}


def runs(play, script, volumes, objects=(), *mounts):
    """Run a script in a Pod to its end, and return the lines that it says."""
    said = []

    async def scenario(cluster):
        for kind, name, fields in objects:
            cluster.hold(kind, name, **fields)
        cluster.create(restartPolicy="Never", volumes=volumes, containers=[reads(script, *mounts)])
        await cluster.ended()
        said.extend(cluster.said())

    play(scenario)
    return said


CONFIG = ("ConfigMap", "cm", {"data": {"data-1": "value-1", "data-2": "value-2"}})
SECRET = ("Secret", "s", {"data": {"data-1": base64.b64encode(b"secret-1").decode()}})


@mounted
def test_a_config_map_is_files_of_mode_644_that_can_not_be_written(play):
    """ConfigMap should be consumable from pods in volume."""
    script = f"cat {AT}/data-1; echo; stat -L -c %a {AT}/data-1; touch {AT}/new 2>&1; ls {AT}"
    said = runs(play, script, volume(configMap={"name": "cm"}), [CONFIG])
    assert said[:2] == ["value-1", "644"]
    assert "Read-only file system" in said[2]
    assert said[3:] == ["data-1", "data-2"]


def test_the_default_mode_and_that_of_an_item_hold(play):
    """ConfigMap should be consumable … with mappings and Item mode set."""
    items = [
        {"key": "data-1", "path": "path/to/data-1", "mode": 0o400},
        {"key": "data-2", "path": "b"},
    ]
    source = {"name": "cm", "defaultMode": 0o440, "items": items}
    said = runs(
        play, f"cd {AT}; stat -L -c %a path/to/data-1 b; cat b", volume(configMap=source), [CONFIG]
    )
    assert said == ["400", "440", "value-2"]


def test_binary_data_is_there_byte_for_byte(play):
    """ConfigMap binary data should be reflected in volume."""
    raw = bytes.fromhex("decafebad0feff")
    config = ("ConfigMap", "cm", {"binaryData": {"dump.bin": base64.b64encode(raw).decode()}})
    said = runs(play, f"od -An -tx1 {AT}/dump.bin", volume(configMap={"name": "cm"}), [config])
    assert bytes.fromhex(said[0]) == raw


def test_a_script_of_a_config_map_is_a_command(play):
    async def scenario(cluster):
        cluster.hold("ConfigMap", "cm", data={"go.sh": "#!/bin/sh\necho went $1\n"})
        container = {**reads(""), "command": [f"{AT}/go.sh"], "args": ["there"]}
        volumes = volume(configMap={"name": "cm", "defaultMode": 0o755})
        cluster.create(restartPolicy="Never", volumes=volumes, containers=[container])
        assert await cluster.ended() == "Succeeded"
        assert cluster.said() == ["went there"]

    play(scenario)


def test_a_secret_and_a_projection_of_all_are_mounted(play):
    """Projected combined should project all components that make up the projection API."""
    sources = [
        {"configMap": {"name": "cm", "items": [{"key": "data-1", "path": "from-cm"}]}},
        {"secret": {"name": "s", "items": [{"key": "data-1", "path": "from-s", "mode": 0o400}]}},
        {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
    ]
    script = f"cd {AT}; for f in from-cm from-s name; do cat $f; echo; done; stat -L -c %a from-s"
    said = runs(play, script, volume(projected={"sources": sources}), [CONFIG, SECRET])
    assert said == ["value-1", "secret-1", "pod", "400"]
    said = runs(play, f"cat {AT}/data-1", volume(secret={"secretName": "s"}), [SECRET])
    assert said == ["secret-1"]


def test_what_is_missing_holds_the_container_back_until_it_appears(play):
    async def scenario(cluster):
        volumes = volume(configMap={"name": "cm", "items": [{"key": "k", "path": "k"}]})
        script = f"cat {AT}/k"
        cluster.create(restartPolicy="Never", volumes=volumes, containers=[reads(script)])
        start = 'MountVolume.SetUp failed for volume "v" : '
        await cluster.until(lambda: cluster.events("FailedMount"))
        assert cluster.events("FailedMount") == [f'{start}configmap "cm" not found']
        assert cluster.waiting() == "ContainerCreating"
        cluster.hold("ConfigMap", "cm", data={"other": ""})
        await cluster.until(lambda: len(cluster.events("FailedMount")) == 2)
        why = "configmap references non-existent config key: k"
        assert cluster.events("FailedMount")[1] == f"{start}{why}"
        assert not cluster.events("Pulling")
        cluster.hold("ConfigMap", "cm", data={"k": "here"})
        assert await cluster.ended() == "Succeeded"
        assert cluster.said() == ["here"]

    play(scenario)


def test_a_missing_secret_is_named_with_its_kind(play):
    async def scenario(cluster):
        cluster.create(volumes=volume(secret={"secretName": "s"}), containers=[reads("true")])
        told = await cluster.until(lambda: cluster.events("FailedMount"))
        assert told == ['MountVolume.SetUp failed for volume "v" : secret "s" not found']

    play(scenario)


def test_optional_ones_come_and_go_while_the_container_runs(play):
    """ConfigMap optional updates should be reflected in volume."""
    follow = f"while :; do cat {AT}/data-1 2>&1; echo; sleep 0.05; done"

    async def scenario(cluster):
        volumes = volume(configMap={"name": "cm", "optional": True})
        cluster.create(volumes=volumes, containers=[reads(follow)])
        await cluster.until(lambda: "No such file" in cluster.log())
        for value in ("value-1", "value-2"):
            cluster.hold("ConfigMap", "cm", data={"data-1": value})
            await cluster.until(lambda value=value: value in cluster.said())
        cluster.store.delete("ConfigMap", "default", "cm")
        before = len(cluster.said())
        await cluster.until(lambda: "No such file" in " ".join(cluster.said()[before:]))

    play(scenario)


def test_labels_in_a_file_follow_the_pod_s(play):
    """Downward API volume should update labels on modification."""

    async def scenario(cluster):
        items = [
            {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
            {
                "path": "cpu",
                "resourceFieldRef": {
                    "containerName": "c",
                    "resource": "limits.cpu",
                    "divisor": "1m",
                },
            },
        ]
        follow = f"cat {AT}/cpu; echo; while :; do cat {AT}/labels; echo; sleep 0.05; done"
        limited = reads(follow, resources={"limits": {"cpu": "1250m"}})
        cluster.create(volumes=volume(downwardAPI={"items": items}), containers=[limited])
        await cluster.until(lambda: cluster.said()[:1] == ["1250"])

        def label(pod):
            pod["metadata"]["labels"] = {"key3": "value3", "key1": 'a"b'}

        cluster.store.update("Pod", "default", "pod", label, manager="t")
        await cluster.until(lambda: {'key1="a\\"b"', 'key3="value3"'} <= set(cluster.said()))

    play(scenario)


def test_an_empty_dir_is_open_to_all_shared_and_gone_with_the_pod(play):
    """EmptyDir volumes pod should support shared volumes between containers."""

    async def scenario(cluster):
        mount = {"name": "v", "mountPath": "/data/shared"}
        cluster.create(
            volumes=volume(emptyDir={}),
            containers=[
                reads("stat -c %a /data/shared; echo hi > /data/shared/a; sleep 100", mount),
                reads("until cat /data/shared/a; do sleep 0.05; done; sleep 100", mount, name="d"),
            ],
        )
        await cluster.until(lambda: "hi" in cluster.said("d"))
        assert cluster.said("c") == ["777"]
        process = await cluster.kubelet.exec(
            *("default", "pod", "c", ["cat", "/data/shared/a"]), stdin=False, tty=False
        )
        assert (await process.communicate())[0] == b"hi\n"
        folder = cluster.kubelet._folder / cluster.pod()["metadata"]["uid"][:8]
        assert (folder / "volumes" / "v" / "a").read_text() == "hi\n"
        cluster.store.delete("Pod", "default", "pod", grace_s=0)
        await cluster.until(lambda: not folder.exists())

    play(scenario)


@mounted
def test_an_empty_dir_over_tmp_hides_it_and_not_the_container_s_own_folder(play):
    mount = {"name": "v", "mountPath": "/tmp"}
    with tempfile.NamedTemporaryFile(dir="/tmp") as hidden:
        said = runs(
            play,
            f"touch here; ls -d $HOME; python3 -c 'print(1)'; [ -e {hidden.name} ] || echo hidden; "
            "ls -A /tmp",
            volume(emptyDir={}),
            (),
            mount,
        )
    assert said[0].startswith("/")
    assert said[1:3] == ["1", "hidden"]
    prefixes = (Path(sys.prefix), Path(sys.prefix).resolve())
    needed = [Path(said[0]), *prefixes, Path(view.__file__)]  # what runs the container
    assert set(said[3:]) <= {path.parts[2] for path in needed if path.parts[1] == "tmp"}


@mounted
def test_a_sub_path_is_one_file_of_the_volume(play):
    """Subpath Atomic writer volumes should support subpaths with configmap pod."""
    file = {"name": "v", "mountPath": "/etc/app/one.conf", "subPath": "data-1"}
    script = "cat /etc/app/one.conf; echo; ls /etc/app"
    said = runs(play, script, volume(configMap={"name": "cm"}), [CONFIG], file)
    assert said == ["value-1", "one.conf"]


def test_a_sub_path_is_one_folder_of_the_volume_made_if_need_be(play):
    """Variable Expansion should succeed in writing subpaths in container."""
    mounts = [
        {"name": "v", "mountPath": "/logscontainer", "subPath": "a/b"},
        {"name": "v", "mountPath": "/testcontainer"},
    ]
    script = "touch /logscontainer/x; ls /testcontainer/a/b"
    assert runs(play, script, volume(emptyDir={}), (), *mounts) == ["x"]


def test_a_sub_path_of_variables_outside_the_volume_is_refused_until_corrected(play):
    """Variable Expansion should verify that a failing subpath expansion can be modified."""
    annotation = {"fieldRef": {"fieldPath": "metadata.annotations['mysubpath']"}}
    env = [{"name": "ANNOTATION", "valueFrom": annotation}, {"name": "POD_NAME", "value": "foo"}]
    mount = {"name": "v", "mountPath": "/subpath_mount", "subPathExpr": "$(ANNOTATION)/$(POD_NAME)"}

    def annotate(path):
        return lambda pod: pod["metadata"].update(annotations={"mysubpath": path})

    async def scenario(cluster):
        container = reads("touch /subpath_mount/x; sleep 100", mount, env=env)
        cluster.create(volumes=volume(emptyDir={}), containers=[container])
        await cluster.until(lambda: cluster.waiting() == "CreateContainerConfigError")
        absolute = "error SubPath `/foo` must not be an absolute path"
        assert cluster.states()["c"]["waiting"]["message"] == absolute
        cluster.store.update("Pod", "default", "pod", annotate(".."), manager="t")
        await cluster.until(lambda: "`../foo`" in cluster.states()["c"]["waiting"]["message"])
        cluster.store.update("Pod", "default", "pod", annotate("mypath"), manager="t")
        await cluster.until(cluster.ready)

    play(scenario)


def test_an_unsupported_volume_is_reported_and_the_container_runs(play):
    async def scenario(cluster):
        volumes = volume(csi={"driver": "gcsfuse.csi.storage.gke.io"})
        cluster.create(restartPolicy="Never", volumes=volumes, containers=[reads("true")])
        assert await cluster.ended() == "Succeeded"
        assert any("volume v is not mounted: csi" in told for told in cluster.events("Substituted"))

    play(scenario)


@pytest.mark.parametrize("key", ["../../astray", "..data"])
def test_no_key_leads_out_of_its_volume(play, tmp_path, key):
    async def scenario(cluster):
        cluster.hold("ConfigMap", "cm", data={key: "x"})
        cluster.create(volumes=volume(configMap={"name": "cm"}), containers=[reads("true")])
        told = await cluster.until(lambda: cluster.events("FailedMount"))
        assert key in told[0]
        assert not list(tmp_path.rglob("astray"))

    play(scenario)


def test_where_the_machine_allows_no_mounts_the_paths_are_written_in(play, monkeypatch):
    monkeypatch.setattr(view, "can_mount", lambda: False)

    async def scenario(cluster):
        cluster.hold("ConfigMap", "cm", data={"data-1": "value-1"})
        env = [{"name": "AT", "value": f"{AT}/data-1"}]
        script = f"cat {AT}/data-1 $AT; echo {AT}-other"
        volumes = volume(configMap={"name": "cm"})
        cluster.create(restartPolicy="Never", volumes=volumes, containers=[reads(script, env=env)])
        assert await cluster.ended() == "Succeeded"
        assert cluster.said() == [f"value-1value-1{AT}-other"]
        assert any(AT in told for told in cluster.events("Substituted"))

    play(scenario)


@mounted
def test_the_machine_s_own_files_stay_as_they_are(play):
    before = {path: stat.S_IFMT(path.lstat().st_mode) for path in view.Path("/etc").iterdir()}
    said = runs(play, f"ls /etc | wc -l; ls -d {AT}", volume(configMap={"name": "cm"}), [CONFIG])
    assert {
        path: stat.S_IFMT(path.lstat().st_mode) for path in view.Path("/etc").iterdir()
    } == before
    assert said[1] == AT


def test_a_claim_s_files_outlive_their_pods_and_go_with_the_claim(play):
    async def scenario(cluster):
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        cluster.hold("PersistentVolumeClaim", "data", spec=spec)
        volumes = volume(persistentVolumeClaim={"claimName": "data"})
        mount = {"name": "v", "mountPath": "/data"}
        for name, script in (("writer", "echo kept > /data/a"), ("reader", "cat /data/a")):
            container = reads(script, mount)
            cluster.create(name, restartPolicy="Never", volumes=volumes, containers=[container])
            assert await cluster.ended(name) == "Succeeded"
            if name == "writer":
                cluster.store.delete("Pod", "default", name)
        assert cluster.said(name="reader") == ["kept"]
        (file,) = cluster.kubelet._folder.rglob("a")
        cluster.store.delete("PersistentVolumeClaim", "default", "data")
        await cluster.until(lambda: not file.exists())
        assert not (cluster.kubelet._folder / "claims").exists()

    play(scenario)
