"""Loaders compared in a rehearsal: the Job, its script, what its figures allow to say."""

from types import SimpleNamespace

import pytest

from warmbook import doctor
from warmbook.cloud import gke
from warmbook.display.banner import connect
from warmbook.errors import MissingError, ResourceFailedError, SettingsError
from warmbook.measure.loaders import job
from warmbook.measure.loaders.catalog import DOWNLOAD, STREAMER, Runs
from warmbook.measure.tokens.loaders import Parity
from warmbook.serving.guide_manifest import DEPLOYMENT
from warmbook.steps import compare, streaming
from warmbook.steps import server_tokens as asked

NOTHING = Parity({}, DOWNLOAD, None, "0.32.0")


@pytest.fixture
def served(up_to):
    up_to("streaming")


def test_loaders_take_turns_on_one_machine_and_the_server_comes_back(
    served, chosen, clients, quiet
):
    chosen = chosen.model_copy(update={"compare_runs": 3})
    kept = asked.answers(chosen, clients)
    compared = compare.by_loader(chosen, clients, served=kept.record(), **quiet)
    assert [one.name for one in compared.runs] == [DOWNLOAD, STREAMER]
    assert [len(one.seconds) for one in compared.runs] == [3, 3]
    assert {row.name: row.severity for row in compared.left_out} == {
        "fastsafetensors": "info",
        "tensorizer": "info",
        "fuse": "info",
    }
    assert compared.parity.equal and bool(compared.parity.record()["equal"])
    assert compared.served["outcome"]["verdict"] == "equal"
    assert "server: 24 of 24" in repr(compared.parity)
    assert "2 of the 4 runs" in compared.sentence()
    assert "once in 6 comparisons" in compared.sentence()
    assert compared.chance() == ""
    assert compared.plot().png
    assert clients.kubernetes.list_objects("Job", chosen.namespace) == []
    found = clients.kubernetes.find("Deployment", DEPLOYMENT, chosen.namespace)
    assert found["spec"]["replicas"] == 1
    assert streaming.wait_available(chosen, clients, **quiet).available == 1
    # what came back is judged at once
    assert asked.answers(chosen, clients, reference=compared.reference).verdict == "equal"


@pytest.fixture
def standard(chosen):
    return chosen.model_copy(update={"mode": "standard", "location": "us-central1-a"})


def test_what_no_nodes_disk_can_hold_is_refused_before_the_server_rests(
    up_to, standard, monkeypatch, quiet
):
    """A default node gives 47,060,071,478 bytes to Pods: GKE's own listing."""
    up_to("server", standard)
    clients = connect(standard)
    large = SimpleNamespace(size_bytes=60 * 10**9, fingerprint="")
    monkeypatch.setattr(job, "list_folder", lambda *_: large)
    with pytest.raises(ResourceFailedError) as refused:
        compare.by_loader(standard, clients, **quiet)
    assert refused.value.pitfall == "node-disk-too-small"
    found = clients.kubernetes.find("Deployment", DEPLOYMENT, standard.namespace)
    assert found["spec"]["replicas"] == 1


def test_a_cluster_without_the_add_on_mounts_no_bucket_and_the_doctor_reports_it(
    up_to, standard, rehearsal
):
    up_to("cluster", standard)
    clients = connect(standard)
    assert gke.mounts_buckets(gke.find(standard, clients))
    assert "rehearsal" in compare._unmounted(standard, clients)
    (found,) = rehearsal.inner.cloud.cluster_registry.clusters.values()
    fuse = found.addons_config.gcs_fuse_csi_driver_config
    rehearsal.call(lambda: setattr(fuse, "enabled", False))
    assert "fuse-off" in compare._unmounted(standard, clients)
    told = {one.name: one for one in doctor.examine(standard, clients, before="09").checkups}
    assert told["Cloud Storage FUSE"].pitfall == "fuse-off"
    assert "--update-addons=GcsFuseCsiDriver=ENABLED" in told["Cloud Storage FUSE"].command
    assert told["Disk for the comparison"].severity == "ok"


def test_without_a_server_there_is_no_machine_to_compare_on(up_to_identity, chosen, clients, quiet):
    with pytest.raises(MissingError, match="Deployment"):
        compare.by_loader(chosen, clients, **quiet)


def test_the_streamer_alone_by_its_readers(served, chosen, clients, quiet):
    tuned = compare.by_tunable(chosen, clients, values=("1", "8"), **quiet)
    assert [(one.name, len(one.seconds)) for one in tuned.runs] == [("1", 5), ("8", 5)]
    assert "concurrency" in tuned.sentence()


def test_the_streamer_alone_by_its_chunks(served, chosen, clients, quiet):
    chunks = chosen.model_copy(update={"compare_tunable": "chunk"})
    tuned = compare.by_tunable(chunks, clients, values=("5 MiB", "32 MiB"), **quiet)
    assert [one.name for one in tuned.runs] == ["5 MiB", "32 MiB"]
    assert "chunk" in tuned.title()


def test_a_rehearsal_has_no_grpc_to_compare(chosen, clients, quiet):
    grpc = chosen.model_copy(update={"compare_tunable": "grpc"})
    with pytest.raises(SettingsError, match="not support gRPC"):
        compare.by_tunable(grpc, clients, **quiet)


def test_a_recommendation_has_its_probability_by_chance():
    slow, fast = (9.0, 2.0, 2.0, 2.0, 2.0), (9.0, 1.0, 1.0, 1.0, 1.0)
    card = compare.Compared((Runs(DOWNLOAD, slow), Runs(STREAMER, fast)), (), NOTHING)
    assert "once in 70 comparisons" in card.note()
    overlapping = compare.Compared((Runs(DOWNLOAD, slow), Runs(STREAMER, slow)), (), NOTHING)
    assert overlapping.chance() == ""


def test_a_conversion_is_listed_beside_the_runs_and_not_counted():
    runs = (Runs(DOWNLOAD, (9.0, 2.0)), Runs("tensorizer", (9.0, 1.0)))
    card = compare.Compared(runs, (), NOTHING, converted_s={"tensorizer": 42.0})
    assert f"{DOWNLOAD}: 2.0 s" in repr(card)
    assert "first 9.0 s; the model was converted first, in 42 s" in repr(card)
    assert card.record()["runs"][1]["seconds"] == [9.0, 1.0]


def test_the_fastest_has_the_least_median_and_the_gain_is_the_downloads():
    runs = (Runs(DOWNLOAD, (9.0, 6.0)), Runs(STREAMER, (9.0, 2.0)), Runs("tensorizer", (1.0, 3.0)))
    card = compare.Compared(runs, (), NOTHING)
    assert (card.fastest, card.gain) == (STREAMER, 3.0)
    assert compare.Compared(runs[1:], (), NOTHING).gain is None
