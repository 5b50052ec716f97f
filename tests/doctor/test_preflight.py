import asyncio
import json
import resource
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from warmbook import doctor
from warmbook.cloud import gke, roles
from warmbook.cloud.bucket_access import SERVING, held
from warmbook.cloud.rehearsal import OF_REHEARSALS_ONLY
from warmbook.display.banner import connect
from warmbook.display.check import check
from warmbook.doctor import preflight
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.doctor.preflight import project as preflight_project
from warmbook.doctor.preflight.run import CHECKS
from warmbook.errors import CheckError, ResourceFailedError
from warmbook.serving.guide_manifest import GPU
from warmbook.steps import probe, project, server, streaming
from warmbook_rehearsal.google.errors import GoogleError
from warmbook_rehearsal.storage.errors import invalid

from ..machine import slowness

READER = "user:you@example.com"
GUIDE_ROLES = ["roles/container.admin", "roles/storage.admin"]
DRIVER = "GPU driver on the nodes"
LOOKS, COUNTS = "roles/compute.viewer", "roles/serviceusage.serviceUsageConsumer"


def lines(examined):
    return {one.name: one for one in examined.checkups}


def pitfalls(examined):
    return {one.name: one.pitfall for one in examined.in_the_way}


@pytest.fixture
def standard(chosen):
    return chosen.model_copy(update={"mode": "standard", "location": "us-central1-a"})


@pytest.fixture
def bindings(clients, chosen):
    """Put bindings into the bucket's policy, and nothing else but the project's own."""

    def bind(*wanted):
        bucket = clients.storage.bucket(chosen.bucket_name)
        policy = bucket.get_iam_policy(requested_policy_version=3)
        policy.version = 3
        policy.bindings = [b for b in policy.bindings if "principal" not in str(b["members"])]
        policy.bindings += [
            {"role": role, "members": {member}, **({"condition": condition} if condition else {})}
            for role, member, condition in wanted
        ]
        bucket.set_iam_policy(policy)

    return bind


# a rehearsal from its beginning to its end


@pytest.mark.parametrize("before", ["02", "03"])
def test_a_fresh_project_is_healthy_before_notebook_02_only(chosen, clients, before):
    examined = doctor.examine(chosen, clients, before=before, whole=True)
    told = lines(examined)
    assert examined.healthy == (before == "02")
    assert told["APIs"].severity == ("info" if before == "02" else "error")
    assert told["Roles on the bucket"].severity == told["Caches"].severity == "info"
    assert "container.googleapis.com" in told["APIs"].what
    (blocked,) = [one for one in examined.checkups if "Cluster" in one.name]
    assert "«APIs»" in blocked.what


@pytest.mark.parametrize("mode", ["autopilot", "standard"])
def test_after_notebook_5_everything_is_in_order(chosen, standard, up_to, mode):
    settings = standard if mode == "standard" else chosen
    up_to("identity", settings)
    examined = doctor.examine(settings, connect(settings), before="06", whole=True)
    later = {one.name for one in examined.checkups if one.severity == "info"}
    assert later == {"Server", "Caches"}
    assert {one.severity for one in examined.checkups if one.name not in later} == {"ok"}
    assert examined and examined.pitfall == ""


def test_in_a_notebook_the_card_is_brief(chosen, clients, up_to):
    up_to("cluster")
    card = doctor.examine(chosen, clients, before="05")
    assert len(card.rows()) == 1 and "Cluster" in card.rows()[0].detail
    assert len(repr(card).splitlines()) == 2


def test_gpus_that_the_cluster_has_count_as_its_own(standard, up_to, rehearsal):
    up_to("cluster", standard)
    many = standard.model_copy(update={"replicas": 4})
    limit, usage = 4, 1
    memo = preflight.memo.Memo(many, connect(many), "06")
    memo._answers[preflight.queries.gpu_quota] = answered((limit, usage))
    memo._answers[preflight.queries.gpu_quota_everywhere] = answered((None, 0))
    assert preflight.cluster.quota(memo).severity == "ok"
    more = preflight.memo.Memo(many.model_copy(update={"replicas": 5}), connect(many), "06")
    more._answers.update(memo._answers)
    assert preflight.cluster.quota(more).pitfall == "gpu-quota"


@pytest.mark.parametrize(
    ("gpu", "limit", "severity"),
    [
        ("nvidia-h100-80gb", None, "warning"),  # Cloud Quotas is off, or may not be asked
        ("nvidia-h100-80gb", 0.0, "error"),
        ("nvidia-h100-80gb", 8.0, "ok"),
        ("nvidia-l4", None, "ok"),
    ],
)
def test_an_unknown_quota_of_a_gpu_family_is_a_warning(settings, gpu, limit, severity):
    memo = preflight.memo.Memo(settings.model_copy(update={"gpu": gpu}), None, "04")
    memo._answers[preflight.queries.gpu_quota] = answered((limit, 0.0))
    memo._answers[preflight.queries.gpu_quota_everywhere] = answered((32.0, 0.0))
    memo._answers[preflight.queries.nodes] = answered([{"status": {"capacity": {GPU: "8"}}}])
    told = preflight.cluster.quota(memo)
    assert told.severity == severity
    assert ("cloudquotas.googleapis.com" in told.command) == (severity == "warning")


def test_a_gpu_in_a_region_whose_name_begins_like_anothers_is_not_offered_there(settings):
    there = settings.model_copy(update={"location": "europe-west1"})
    for zone, severity in (("europe-west1-b", "ok"), ("europe-west10-a", "error")):
        memo = preflight.memo.Memo(there, None, "06")
        memo._answers[preflight.queries.gpu_zones] = answered([zone])
        assert preflight.cluster.offered(memo).severity == severity


def answered(value):
    from concurrent.futures import Future

    future = Future()
    future.set_result(value)
    return future


# what is wrong, each by its name


def test_too_many_gpus_for_the_quota_are_reported_with_the_remaining_quota(chosen, clients, up_to):
    up_to("project")
    many = chosen.model_copy(update={"gpu_count": 8, "replicas": 8})
    told = lines(doctor.examine(many, clients, before="04"))["GPU quota"]
    assert (told.severity, told.pitfall) == ("error", "gpu-quota")
    assert "GPUs required: 64" in told.what and "us-central1: " in told.what


@pytest.mark.parametrize(
    ("spot", "everywhere", "severity", "left"),
    [
        (False, (32, 0), "ok", ""),
        (True, (32, 0), "error", "us-central1: 8"),
        (False, (9, 0), "error", "all regions: 9"),
        (True, (9, 0), "error", "all regions: 9"),
    ],
)
def test_spot_gpus_count_against_the_preemptible_quota(
    chosen, clients, up_to, spot, everywhere, severity, left
):
    up_to("project")
    ten = chosen.model_copy(update={"replicas": 10, "spot": spot})
    memo = preflight.memo.Memo(ten, clients, "04")
    memo._answers[preflight.queries.gpu_quota_everywhere] = answered(everywhere)
    told = preflight.cluster.quota(memo)
    assert told.severity == severity and left in told.what


def test_spot_gpus_beyond_the_quota_of_all_regions_are_a_warning(chosen, clients, up_to):
    up_to("project")
    memo = preflight.memo.Memo(chosen.model_copy(update={"spot": True}), clients, "04")
    memo._answers[preflight.queries.gpu_quota_everywhere] = answered((0, 0))
    assert preflight.cluster.quota(memo).severity == "warning"


def test_a_machine_type_missing_in_the_zone_is_reported(standard, chosen, clients, up_to):
    up_to("project")
    a3 = {"machine_type": "a3-highgpu-1g"}
    there = standard.model_copy(update={**a3, "location": "us-central1-b"})
    told = lines(doctor.examine(there, connect(there), before="04"))["GPU availability"]
    assert (told.severity, told.pitfall) == ("error", "gpu-not-offered")
    assert "a3-highgpu-1g" in told.what and "us-central1-b" in told.what
    for fine in (standard, chosen.model_copy(update={**a3, "mode": "autopilot"})):
        assert lines(doctor.examine(fine, clients, "04"))["GPU availability"].severity == "ok"


@pytest.mark.parametrize(
    ("choices", "fits"),
    [
        ({"machine_type": "e2-standard-8"}, False),
        ({"gpu": "nvidia-tesla-t4", "machine_type": "n1-standard-8"}, True),
        ({"gpu": "nvidia-tesla-t4", "machine_type": "g2-standard-16"}, False),
    ],
)
def test_a_machine_type_with_other_gpus_is_reported_before_the_cluster_is_created(
    standard, up_to, choices, fits
):
    """The rehearsal's Compute Engine answers machineTypes.get as the discovery document has it."""
    up_to("project")
    there = standard.model_copy(update=choices)
    told = lines(doctor.examine(there, connect(there), before="04"))["GPU availability"]
    assert told.pitfall == ("" if fits else "gpu-not-offered")
    assert fits or there.machine_type in told.what


def test_a_location_without_the_gpu_is_reported_with_alternatives(chosen, clients, up_to):
    up_to("project")
    nowhere = chosen.model_copy(update={"location": "europe-southwest1"})
    told = lines(doctor.examine(nowhere, clients, before="04"))["GPU availability"]
    assert told.pitfall == "gpu-not-offered" and "us-central1" in told.remedy
    unknown = chosen.model_copy(update={"gpu": "nvidia-z9"})
    assert "another «gpu»" in lines(doctor.examine(unknown, clients))["GPU availability"].remedy


def test_a_bucket_elsewhere_is_a_warning_and_none_at_all_is_in_the_way(chosen, clients):
    far = chosen.model_copy(update={"location": "europe-west4"})
    told = lines(doctor.examine(far, clients, before="03"))["Bucket"]
    assert (told.severity, told.pitfall) == ("warning", "bucket-elsewhere")
    absent = chosen.model_copy(update={"model_uri": "gs://no-such-bucket-here/m"})
    examined = doctor.examine(absent, clients, before="03")
    assert pitfalls(examined) == {"Bucket": "bucket-missing"}
    assert lines(examined)["Bucket"].command.startswith("gcloud storage buckets create")
    empty = chosen.model_copy(update={"model_uri": f"gs://{chosen.bucket_name}/nothing"})
    assert lines(doctor.examine(empty, clients, "06"))["Model"].pitfall == "weights-not-found"
    assert lines(doctor.examine(empty, clients, "03", whole=True))["Model"].severity == "info"


def test_a_project_without_billing_is_reported_with_the_command_that_links_it(
    chosen, clients, rehearsal
):
    rehearsal.call(lambda: setattr(rehearsal.inner.cloud.project, "billing_account", ""))
    told = lines(doctor.examine(chosen, clients, before="02"))["Billing"]
    assert told.pitfall == "billing-off" and "billing projects link" in told.command


def test_an_inaccessible_project_is_one_line_and_other_checks_are_skipped(chosen, clients):
    other = chosen.model_copy(update={"project_id": "nobodys-project"})
    examined = doctor.examine(other, connect(other), before="02")
    assert "Project" in {one.name for one in examined.in_the_way}
    (blocked,) = [one for one in examined.checkups if "«Project»" in one.what]
    assert "Your permissions on the project" in blocked.name


def test_an_api_that_only_the_client_libraries_need_is_in_the_way(chosen, clients, rehearsal):
    off = "cloudresourcemanager.googleapis.com"
    rehearsal.call(lambda: rehearsal.inner.cloud.project.services.discard(off))
    examined = doctor.examine(chosen, clients, before="02")
    assert pitfalls(examined) == {"APIs": "api-off"}
    assert off in lines(examined)["APIs"].command
    (blocked,) = [one for one in examined.checkups if "«APIs»" in one.what]
    assert blocked.name == "Project, Your permissions on the project"


@pytest.mark.parametrize(
    ("roles", "before", "severity", "lacking"),
    [
        (["roles/storage.admin"], "04", "error", "container.clusters.create"),
        (GUIDE_ROLES, "04", "error", "compute.regions.get"),
        ([*GUIDE_ROLES, LOOKS, "roles/iam.serviceAccountUser"], "04", "ok", ""),
        ([*GUIDE_ROLES, LOOKS], "04", "warning", "iam.serviceAccounts.actAs"),
        (GUIDE_ROLES, "02", "error", "projects.setIamPolicy"),
    ],
)
def test_missing_permissions_of_the_reader_are_named(
    chosen, clients, rehearsal, roles, before, severity, lacking
):
    cloud = rehearsal.inner.cloud
    held_now = {"roles": roles}

    def demote():
        policy = cloud.project.policy._policy
        policy.ClearField("bindings")
        for role in (*held_now["roles"], COUNTS):
            policy.bindings.add(role=role, members=[READER])

    memo = preflight.memo.Memo(chosen, clients, before)
    memo(preflight.queries.found_project)
    memo(preflight.queries.services_off)
    rehearsal.call(demote)
    told = preflight_project.allowed_on_project(memo)
    assert told.severity == severity and lacking in told.what
    assert told.pitfall == ("" if severity == "ok" else "role-missing")


@pytest.mark.parametrize(
    ("lacking", "off", "severity"),
    [
        ({"resourcemanager.projects.setIamPolicy"}, {"container.googleapis.com"}, "warning"),
        ({"serviceusage.services.enable"}, set(), "warning"),
        ({"serviceusage.services.enable"}, {"container.googleapis.com"}, "error"),
        ({"resourcemanager.projects.setIamPolicy", "container.clusters.get"}, set(), "error"),
    ],
)
def test_a_right_that_notebook_2_has_no_use_for_does_not_stop_it(
    chosen, clients, lacking, off, severity
):
    memo = preflight.memo.Memo(chosen, clients, "02")
    held = preflight.queries.ON_PROJECT.keys() - lacking
    memo._answers[preflight.queries.held_permissions] = answered(held)
    memo._answers[preflight.queries.services_off] = answered(off)
    told = preflight_project.allowed_on_project(memo)
    assert (told.severity, told.pitfall) == (severity, "role-missing")


def test_who_may_not_act_as_the_nodes_account_gets_the_command_for_it(chosen, clients):
    memo = preflight.memo.Memo(chosen, clients, "04")
    most = preflight.queries.ON_PROJECT.keys() - {preflight.queries.ACT_AS}
    memo._answers[preflight.queries.held_permissions] = answered(most)
    told = preflight_project.allowed_on_project(memo)
    assert (told.severity, told.pitfall) == ("warning", "role-missing")
    assert "415104041262-compute@developer.gserviceaccount.com" in told.remedy
    assert "--role=roles/iam.serviceAccountUser" in told.command


@pytest.mark.parametrize(("before", "severity"), [("03", "ok"), ("05", "ok"), ("08", "error")])
def test_what_caches_need_is_asked_before_the_notebook_of_caches(chosen, clients, before, severity):
    memo = preflight.memo.Memo(chosen, clients, before)
    memo._answers[preflight.queries.bucket_permissions] = answered(
        preflight.queries.ON_BUCKET.keys() | preflight.queries.FOR_MARKS.keys()
    )
    memo._answers[preflight.queries.cache_permissions] = answered({"storage.anywhereCaches.list"})
    memo._answers[preflight.queries.services_off] = answered(set())
    told = preflight_project.allowed_on_bucket(memo)
    assert told.severity == severity
    assert ("storage.anywhereCaches.create" in told.what) == (severity == "error")
    assert "storage.anywhereCaches.list" not in told.what


def test_a_storage_admin_may_make_caches_and_a_bucket_viewer_may_not(chosen, clients, rehearsal):
    policy = rehearsal.inner.cloud.project.policy._policy

    def held(role):
        def become():
            policy.ClearField("bindings")
            policy.bindings.add(role=role, members=[READER])
            policy.bindings.add(role=COUNTS, members=[READER])

        memo = preflight.memo.Memo(chosen, clients, "08")
        memo(preflight.queries.bucket)
        rehearsal.call(become)
        return memo(preflight.queries.cache_permissions)

    assert held("roles/storage.admin") == preflight.queries.ON_CACHES.keys()
    assert held("roles/storage.bucketViewer") == set()


@pytest.fixture
def caches_unknown(rehearsal):
    """Let Cloud Storage refuse every question about permissions of caches with 400."""

    async def refuse(incoming):
        if "anywhereCaches" in incoming.query:
            raise invalid("Invalid permission.")

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(refuse))


def test_unknown_cache_permissions_do_not_fail_the_check(chosen, clients, up_to, caches_unknown):
    up_to("server")
    told = lines(doctor.examine(chosen, clients, before="08"))["Your permissions on the bucket"]
    assert told.severity == "ok"
    assert "can't be checked" in told.what


@pytest.mark.parametrize(
    ("ns", "number", "pitfall"),
    [
        ("elsewhere", "415104041262", "binding-other-namespace"),
        ("vllm", "rehearsal-project", "project-id-for-number"),
    ],
)
def test_a_role_bound_to_another_principal_is_reported_as_such(
    chosen, clients, up_to, bindings, ns, number, pitfall
):
    up_to("identity")
    member = (
        f"principal://iam.googleapis.com/projects/{number}/locations/global/"
        f"workloadIdentityPools/rehearsal-project.svc.id.goog/subject/ns/{ns}/sa/vllm-streamer"
    )
    bindings(
        ("roles/storage.bucketViewer", member, None), ("roles/storage.objectUser", member, None)
    )
    examined = doctor.examine(chosen, clients, before="06")
    assert pitfalls(examined) == {"Roles on the bucket": pitfall}
    assert member in lines(examined)["Roles on the bucket"].what


def test_roles_count_as_what_they_give(chosen, clients, up_to, bindings):
    up_to("identity")
    ours = (
        "principal://iam.googleapis.com/projects/415104041262/locations/global/"
        "workloadIdentityPools/rehearsal-project.svc.id.goog/subject/ns/vllm/sa/vllm-streamer"
    )
    only_now = {"title": "this year", "expression": "request.time.getFullYear() == 2026"}

    def told(*wanted):
        bindings(*wanted)
        found = lines(doctor.examine(chosen, clients, before="06"))["Roles on the bucket"]
        return found.severity, found.pitfall

    viewer, reader = ("roles/storage.bucketViewer", ours), ("roles/storage.objectViewer", ours)
    assert told((*viewer, None), (*reader, None)) == ("ok", "")
    assert told(("roles/storage.legacyBucketReader", ours, None), (*reader, None)) == ("ok", "")
    assert told((*reader, None)) == ("error", "bucket-viewer-missing")
    assert told((*viewer, None)) == ("error", "object-role-missing")
    assert told((*viewer, None), (*reader, only_now)) == ("warning", "")


def test_a_whole_namespace_a_whole_cluster_or_everybody_takes_the_account_in(settings):
    pool = "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/P"
    principal = f"principal://{pool}/subject/ns/vllm/sa/vllm-streamer"
    for member in (
        principal,
        "allUsers",
        f"principalSet://{pool}/namespace/vllm",
        f"principalSet://{pool}/kubernetes.cluster/https://container.googleapis.com/v1/"
        "projects/my-project/locations/us-central1/clusters/run-ai-test",
    ):
        binding = {"role": "roles/storage.admin", "members": {member}}
        assert held([binding], principal, settings).certain == set(SERVING)
    binding["members"] = {f"principalSet://{pool}/namespace/other"}
    assert held([binding], principal, settings).missing == list(SERVING)
    custom = {"role": "projects/p/roles/mine", "members": {principal}}
    assert held([custom], principal, settings).perhaps.keys() == set(SERVING)


def test_a_cluster_without_federation_and_a_pool_without_metadata_are_reported(
    standard, up_to, rehearsal
):
    from google.cloud import container_v1 as gke

    up_to("cluster", standard)
    found = next(iter(rehearsal.inner.cloud.cluster_registry.clusters.values()))
    pool = next(one for one in found.node_pools if one.name == "g2-gpu-pool")
    rehearsal.call(
        lambda: setattr(
            pool.config.workload_metadata_config,
            "mode",
            gke.WorkloadMetadataConfig.Mode.GCE_METADATA,
        )
    )
    told = doctor.examine(standard, connect(standard), before="05")
    assert pitfalls(told) == {"Workload Identity Federation": "metadata-server-off"}
    assert "--workload-metadata=GKE_METADATA" in lines(told)["Workload Identity Federation"].command
    rehearsal.call(lambda: setattr(found.workload_identity_config, "workload_pool", ""))
    told = doctor.examine(standard, connect(standard), before="05")
    assert pitfalls(told) == {"Workload Identity Federation": "wif-off"}


def test_a_pool_without_driver_installation_is_reported_unless_its_nodes_have_gpus(
    standard, up_to, rehearsal
):
    from google.cloud import container_v1 as gke

    up_to("identity", standard)
    versions = gke.GPUDriverInstallationConfig.GPUDriverVersion
    found = next(iter(rehearsal.inner.cloud.cluster_registry.clusters.values()))
    pool = next(one for one in found.node_pools if one.name == "g2-gpu-pool")
    driver = pool.config.accelerators[0].gpu_driver_installation_config
    rehearsal.call(lambda: setattr(driver, "gpu_driver_version", versions.INSTALLATION_DISABLED))
    assert doctor.examine(standard, connect(standard), before="06").healthy
    memo = preflight.memo.Memo(standard, connect(standard), "06")
    bare = {"metadata": {"labels": {"cloud.google.com/gke-accelerator": "nvidia-l4"}}}
    memo._answers[preflight.queries.nodes] = answered([bare])
    assert preflight.driver.driver(memo).pitfall == "driver-not-installed"


def test_an_outdated_driver_of_a_pool_is_reported_with_the_line_that_fixes_it(standard, up_to):
    old = standard.model_copy(update={"gpu_driver": "default"})
    up_to("identity", old)
    told = lines(doctor.examine(old, connect(old), before="06"))[DRIVER]
    assert (told.severity, told.pitfall) == ("warning", "driver-too-old")
    told = lines(doctor.examine(standard, connect(standard), before="06"))[DRIVER]
    assert (told.severity, told.pitfall) == ("error", "driver-too-old")
    assert "gpu-driver-version=latest" in told.command
    older = old.model_copy(update={"vllm_version": "0.19.0"})
    assert lines(doctor.examine(older, connect(older), before="06"))[DRIVER].severity == "ok"


def test_names_that_notebook_5_makes_are_missed_only_after_it(chosen, clients, up_to):
    up_to("cluster")
    assert pitfalls(doctor.examine(chosen, clients, before="06")) == {
        "Service account": "namespace-missing",
        "Roles on the bucket": "bucket-viewer-missing",
    }
    later = lines(doctor.examine(chosen, clients, before="05", whole=True))
    assert later["Service account"].severity == later["Roles on the bucket"].severity == "info"


def test_without_a_cluster_its_contents_are_not_checked(chosen, clients, up_to):
    up_to("project")
    examined = doctor.examine(chosen, clients, before="05")
    assert pitfalls(examined) == {"Cluster": "cluster-missing"}
    (blocked,) = [one for one in examined.checkups if "«Cluster»" in one.what]
    assert (blocked.name, blocked.severity) == ("Workload Identity Federation", "warning")


@pytest.mark.parametrize(
    ("done", "before", "first"),
    [("", "04", "02"), ("project", "05", "04"), ("cluster", "06", "05"), ("identity", "07", "06")],
)
def test_a_notebook_that_is_run_too_early_names_the_one_to_run_first(
    chosen, clients, up_to, done, before, first
):
    if done:
        up_to(done)
    examined = doctor.examine(chosen, clients, before=before)
    assert not examined.healthy
    remedy = next(one.remedy for one in examined.in_the_way if one.remedy)
    assert f"notebook {first}" in remedy


def test_a_cluster_of_the_other_mode_is_a_warning(chosen, clients, quiet, up_to):
    up_to("cluster")
    memo = preflight.memo.Memo(chosen.model_copy(update={"mode": "standard"}), clients, "06")
    memo._answers[preflight.queries.found_cluster] = answered(gke.find(chosen, clients))
    assert preflight.cluster.cluster(memo).pitfall == "cluster-foreign"


def test_a_cache_where_no_pod_is_and_one_that_does_not_run_are_warnings(standard, clients):
    def told(zone, state):
        memo = preflight.memo.Memo(standard, clients, "08")
        memo._answers[preflight.queries.found_caches] = answered(
            [SimpleNamespace(zone=zone, state=state)]
        )
        found = preflight.bucket.caches(memo)
        return found.severity, found.pitfall

    assert told("us-central1-a", "running") == ("ok", "")
    assert told("us-central1-b", "running") == ("warning", "cache-zone")
    assert told("us-central1-a", "creating") == ("warning", "cache-empty")
    assert told("us-central1-a", "disabled") == ("info", "")


def test_a_library_that_is_too_old_is_named_with_what_installs_it(chosen, clients, monkeypatch):
    real = preflight_project.metadata.version
    old = {"jupyterlab": "4.1.9", "ipywidgets": "7.7.0"}
    monkeypatch.setattr(
        preflight_project.metadata, "version", lambda name: old.get(name) or real(name)
    )
    told = lines(doctor.examine(chosen, clients, before="02"))["Libraries"]
    assert told.pitfall == "client-versions"
    assert "jupyterlab" in told.what and "ipywidgets" in told.what and "numpy" not in told.what
    assert "'jupyterlab>=4.2'" in told.command


# what can't be memo


def test_no_credentials_are_one_line_and_everything_else_waits_for_them(
    chosen, clients, monkeypatch
):
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    def none(**_):
        raise DefaultCredentialsError("Your default credentials were not found.")

    monkeypatch.setattr(google.auth, "default", none)
    for name in OF_REHEARSALS_ONLY:
        monkeypatch.delenv(name)
    examined = doctor.examine(chosen, connect(chosen, {}), before="06", whole=True)
    assert pitfalls(examined) == {"Credentials": "no-credentials"}
    assert lines(examined)["Credentials"].command == "gcloud auth application-default login"
    assert [one.severity for one in examined.checkups] == ["ok", "error", "warning"]


def test_a_server_that_is_gone_is_one_line(chosen, clients, up_to, rehearsal):
    up_to("cluster")
    rehearsal.stop()
    start = time.monotonic()
    examined = doctor.examine(chosen, clients, before="06", whole=True)
    assert time.monotonic() - start < 5
    assert [one.name for one in examined.in_the_way] == ["Connection"]
    assert "stopped" in examined.in_the_way[0].what and "GPU quota" in examined.in_the_way[0].what
    assert len(examined.checkups) == 3  # with the libraries and the credentials
    assert examined.pitfall == "unreachable"


def test_a_service_that_answers_503_for_a_moment_is_asked_again(chosen, clients, rehearsal):
    left = [None] * 4

    async def refuse(incoming):
        if incoming.service == "google" and left:
            left.pop()
            raise GoogleError("UNAVAILABLE", "The service is currently unavailable.")

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(refuse))
    examined = doctor.examine(chosen, clients, before="02")
    assert left == [] and examined.healthy


def test_an_outage_that_lasts_is_one_line_too(chosen, clients, rehearsal, monkeypatch):
    monkeypatch.setattr(preflight.memo, "PATIENCE_S", 0.5)

    async def refuse(incoming):
        if incoming.service == "google":
            raise GoogleError("UNAVAILABLE", "The service is currently unavailable.")

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(refuse))
    examined = doctor.examine(chosen, clients, before="02")
    assert [(one.name, one.pitfall) for one in examined.in_the_way] == [
        ("Connection", "service-unavailable")
    ]


def test_a_slow_query_does_not_delay_the_others(chosen, clients, rehearsal, monkeypatch):
    monkeypatch.setattr(preflight.memo, "DEADLINE_S", 3)
    hanging = True

    async def hang(incoming):
        while hanging and incoming.path.endswith("billingInfo"):
            await asyncio.sleep(0.05)

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(hang))
    examined = doctor.examine(chosen, clients, before="02")
    hanging = False
    assert "Billing" in examined.in_the_way[0].what and "3 s" in examined.in_the_way[0].what
    assert lines(examined)["Project"].severity == "ok"


def test_a_refusal_to_look_is_a_warning_that_names_the_refusal(chosen, clients, rehearsal):
    async def refuse(incoming):
        if incoming.path.endswith("billingInfo"):
            raise GoogleError("PERMISSION_DENIED", "The caller does not have permission")

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(refuse))
    examined = doctor.examine(chosen, clients, before="02")
    told = lines(examined)["Billing"]
    assert examined.healthy and told.severity == "warning"
    assert "does not have permission" in told.what and told.remedy


def test_an_unexpected_error_is_a_line_without_a_traceback(chosen, clients, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(preflight_project.metadata, "requires", broken)
    examined = doctor.examine(chosen, clients, before="02")
    assert "ZeroDivisionError" in lines(examined)["Libraries"].what
    assert lines(examined)["Project"].severity == "ok"


# in a notebook and in a terminal


def test_a_check_of_an_examination_names_the_pitfall(chosen, clients):
    examined = doctor.examine(chosen, clients, before="05")
    with pytest.raises(CheckError) as stopped:
        check(examined, "all preflight checks passed", remedy="mend it")
    assert stopped.value.pitfall == examined.pitfall == "api-off"


def test_the_card_folds_the_commands_that_help(chosen, clients):
    shown = doctor.examine(chosen, clients, before="04")._repr_html_()
    assert "Commands" in shown and "gcloud services enable" in shown


def test_every_pitfall_that_the_doctor_names_is_in_the_catalogue():
    import re
    from pathlib import Path

    sources = Path(preflight.__file__).parent.glob("*.py")
    words = {
        word for one in sources for word in re.findall(r'"([a-z]+(?:-[a-z]+)+)"', one.read_text())
    }
    named = words - {"warmbook-doctor"}
    assert {"gpu-quota", "wif-off", "binding-other-namespace"} <= named
    assert named <= CATALOGUE.keys()


def run_doctor(*words):
    return subprocess.run(
        [sys.executable, "-m", "warmbook", "doctor", *words],
        capture_output=True,
        text=True,
        timeout=60,
    )


def children():
    """Return the seconds that ended child processes have computed: no matter who else does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_terminal_prints_the_table_and_its_status_in_three_seconds(rehearsal, up_to):
    fresh = run_doctor("--before", "2")
    assert fresh.returncode == 0 and "Traceback" not in fresh.stderr, fresh.stderr
    assert fresh.stdout.startswith("✔ All preflight checks passed for notebook 02")
    up_to("identity")
    before, start = children(), time.monotonic()
    done = run_doctor("--before", "06")
    took, busy = time.monotonic() - start, children() - before
    assert done.returncode == 0, done.stdout + done.stderr
    print(f"doctor took {took:.2f} s, {busy:.2f} s of them computing")
    assert max(busy, took) < 3 * slowness()
    spanish = run_doctor("--before", "06", "-p", "namespace", "otro", "--language", "es")
    assert spanish.returncode == 1
    assert "todavía no hay un espacio de nombres otro" in spanish.stdout
    assert "docs/troubleshooting.md#namespace-missing" in spanish.stdout


def test_json_keeps_its_keys_and_states():
    scale = ("ok", "info", "warning", "error")
    words = [doctor.Checkup(severity, "").record()["state"] for severity in scale]
    assert words == ["ok", "later", "wait", "bad"]
    assert list(doctor.Checkup("ok", "fine").record()) == [
        *("state", "what", "remedy", "command", "pitfall", "name")
    ]


def test_as_json_each_line_has_its_state_remedy_command_and_pitfall(rehearsal):
    done = run_doctor("--before", "05", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["healthy"], told["before"]) == (1, False, "05")
    (apis,) = [one for one in told["checkups"] if one["name"] == "APIs"]
    assert apis["state"] == "bad" and apis["pitfall"] == "api-off" and apis["command"]


def test_with_probe_the_terminal_shows_the_permissions_of_the_account(rehearsal, up_to):
    up_to("identity")
    done = run_doctor("--before", "06", "--probe", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["probe"] == dict.fromkeys(SERVING, True)
    assert "vllm/vllm-streamer can read" in run_doctor("--before", "06", "--probe").stdout


def test_with_200_ms_for_each_request_it_takes_ten_seconds_at_most(rehearsal, up_to):
    up_to("identity")

    async def far_away(_):
        await asyncio.sleep(0.2)

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(far_away))
    start = time.monotonic()
    done = run_doctor("--before", "06")
    took = time.monotonic() - start
    print(f"doctor took {took:.2f} s with 200 ms for each request")
    assert done.returncode == 0, done.stdout + done.stderr
    assert took < 10 * slowness()


def test_the_project_step_is_what_the_doctor_calls_a_project(chosen, clients):
    found = project.find(chosen, clients)
    assert found.number in lines(doctor.examine(chosen, clients, "02"))["Project"].what


# the server's Pods, and every notebook


@pytest.mark.parametrize("number", [f"{number:02}" for number in range(1, 11)])
def test_each_notebook_has_preflight_checks(number):
    assert [one for one in CHECKS if number in one.notebooks.split()]


def test_before_notebook_9_a_missing_role_is_an_error(chosen, clients, up_to, bindings):
    up_to("server")
    assert doctor.examine(chosen, clients, before="09").healthy
    bindings()
    examined = doctor.examine(chosen, connect(chosen), before="09")
    assert pitfalls(examined) == {"Roles on the bucket": "bucket-viewer-missing"}


def test_before_notebook_7_the_servers_pods_are_checked(chosen, clients, up_to, quiet):
    up_to("identity")
    assert pitfalls(doctor.examine(chosen, clients, before="07")) == {"Server": ""}
    assert lines(doctor.examine(chosen, clients, before="09"))["Server"].severity == "info"
    server.deploy(chosen, clients)
    server.wait_started(chosen, clients, **quiet)
    streaming.wait_available(chosen, clients, **quiet)
    assert lines(doctor.examine(chosen, clients, before="07"))["Server"].severity == "ok"


@pytest.mark.parametrize("faults", [("image-not-found",)])
def test_a_server_that_cannot_start_is_an_error_before_notebook_7(chosen, clients, up_to, quiet):
    up_to("identity")
    server.deploy(chosen, clients)
    with pytest.raises(ResourceFailedError):
        server.wait_started(chosen, clients, **quiet)
    examined = doctor.examine(chosen, clients, before="07")
    assert pitfalls(examined) == {"Server": "image-not-found"}
    assert lines(doctor.examine(chosen, clients, before="09"))["Server"].severity == "warning"
    server.deploy(chosen.model_copy(update={"vllm_version": "0.21.0"}), clients)
    assert lines(doctor.examine(chosen, clients, before="07"))["Server"].severity != "error"


GOOGLE = "reader@rehearsal-project.iam.gserviceaccount.com"


def test_an_account_that_acts_as_a_google_account_has_that_ones_roles(
    chosen, clients, up_to, bindings, quiet
):
    up_to("identity")
    link = {"metadata": {"annotations": {"iam.gke.io/gcp-service-account": GOOGLE}}}
    clients.kubernetes.merge("ServiceAccount", chosen.service_account, chosen.namespace, link)
    lacking = lines(doctor.examine(chosen, clients, before="06"))["Roles on the bucket"]
    assert (lacking.severity, lacking.pitfall) == ("error", "bucket-viewer-missing")
    assert GOOGLE in lacking.what and f"--member=serviceAccount:{GOOGLE}" in lacking.command
    assert not probe.probe(chosen, clients, **quiet).readable
    member = f"serviceAccount:{GOOGLE}"
    bindings(*((role, member, None) for role in roles.BUCKET_ROLES))
    held = lines(doctor.examine(chosen, connect(chosen), before="06"))["Roles on the bucket"]
    assert held.severity == "ok" and GOOGLE in held.what
    assert probe.probe(chosen, clients, **quiet).readable
