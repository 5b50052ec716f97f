"""Two faults at once: they go together or the second is refused; taken back, nothing is left."""

import itertools
import random
import time
from contextlib import suppress

import pytest
import requests

from warmbook.errors import WarmbookError
from warmbook.serving.guide_manifest import DEPLOYMENT as DEPLOYMENT_NAME
from warmbook.serving.manifest import deployment
from warmbook.steps import cluster, project, server
from warmbook_rehearsal.faults import FAULTS, ConflictError, together

PAIRS = 50
ASKED_FOR_5XX = {name for name in FAULTS if name.endswith("-unavailable")}
CLOSES = {"server-gone", "kube-down", "connection-reset", "watch-cut"}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "any-server"},
    "spec": {
        "selector": {"matchLabels": {"app": "any"}},
        "template": {
            "metadata": {"labels": {"app": "any"}},
            "spec": {
                "containers": [
                    {
                        "name": "server",
                        "image": "registry:5000/vllm",
                        "resources": {"limits": {"nvidia.com/gpu": "1"}},
                    }
                ]
            },
        },
    },
}
"""A server that has no more than it must: no arguments, no account, no mounts."""


class Desk:
    def __init__(self, rehearsal):
        self.url = rehearsal.environ["WARMBOOK_REHEARSAL_FAULTS"]
        token = rehearsal.environ["WARMBOOK_REHEARSAL_TOKEN"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method, path):
        return requests.request(method, f"{self.url}{path}", headers=self.headers, timeout=10)

    def stage(self, name):
        return self.ask("POST", f"/staged/{name}")

    def unstage(self, name):
        return self.ask("DELETE", f"/staged/{name}")

    def staged(self):
        return [one["name"] for one in self.ask("GET", "/staged").json()]


@pytest.fixture
def desk(rehearsal):
    return Desk(rehearsal)


def hooks_of(cluster):
    return {name: len(hooks) for name, hooks in vars(cluster.store.fault_hooks).items()}


def objects_of(bucket):
    return {
        name: (meta.content.crc32c, meta.content.size_bytes, meta.fields)
        for name, meta in bucket.objects.items()
    }


def buckets_of(storage):
    return {
        bucket.name: {
            "location": bucket.location,
            "policy": sorted(map(str, bucket.policy.bindings)),
            "objects": objects_of(bucket),
            "caches": [(c.zone, c.state) for c in storage.caches.of(bucket.name)],
        }
        for bucket in storage.buckets()
    }


def state_of(inner):
    """Return all that a fault may change in a rehearsal."""
    project, registry = inner.cloud.project, inner.cloud.cluster_registry
    return {
        "billing": project.billing_account,
        "services": sorted(project.services),
        "policy": sorted(map(str, project.policy.bindings)),
        "buckets": buckets_of(inner.storage),
        "blobs": len(list((inner.folder / "storage").iterdir())),
        "read_part": inner.storage.read_part,
        "creation_minutes": inner.storage.caches.creation_minutes,
        "cut": dict(registry.cut),
        "clusters": {key: len(one.node_pools) for key, one in registry.clusters.items()},
        "fail_next": dict(registry.operations.fail_next),
        "token": inner.callers.token,
        "rules": len(inner.request_faults._rules),
        "pod_hooks": len(inner.pod_hooks),
        "cluster_hooks": len(inner.clusters._hooks),
        "hooks": [hooks_of(cluster) for cluster in inner.clusters.running],
        "sites": [len(cluster.runner.sites) for cluster in inner.clusters.running],
        "namespaces": [
            sorted(one["metadata"]["name"] for one in cluster.store.list("Namespace"))
            for cluster in inner.clusters.running
        ],
    }


class Client:
    """Asks each of the services something, as somebody does who knows of no fault."""

    def __init__(self, rehearsal, chosen, clients):
        inner, environ = rehearsal.inner, rehearsal.environ
        (cluster,) = inner.clusters.running
        self.kubernetes = f"https://{cluster.endpoint.host}"
        self.google = environ["WARMBOOK_REHEARSAL_URL"]
        self.storage = environ["STORAGE_EMULATOR_HOST"]
        self.headers = {"Authorization": f"Bearer {environ['WARMBOOK_REHEARSAL_TOKEN']}"}
        self.project, self.namespace = chosen.project_id, chosen.namespace
        self.bucket = chosen.model_uri.removeprefix("gs://").partition("/")[0]

    def statuses(self):
        """Yield the status of each answer, 0 where there is none."""
        self.session = requests.Session()
        self.session.headers.update(self.headers)
        self.session.verify = self.session.trust_env = False
        cloud, project = self.google, f"/v1/projects/{self.project}"
        deployments = f"/apis/apps/v1/namespaces/{self.namespace}/deployments"
        yield self.ask("GET", f"{cloud}/v3/projects/{self.project}")
        yield self.ask("GET", f"{cloud}{project}/locations/us-central1/clusters/none")
        yield self.ask("GET", f"{self.storage}/storage/v1/b/{self.bucket}/o")
        yield self.ask("PUT", f"{self.storage}/storage/v1/b/{self.bucket}/iam", {"bindings": 1})
        yield self.ask("GET", f"{self.kubernetes}/api/v1/namespaces")
        for body in ({"spec": 5}, {"spec": {"template": {"spec": {}}}}, DEPLOYMENT):
            yield self.ask("POST", f"{self.kubernetes}{deployments}", body)
        yield self.ask("DELETE", f"{self.kubernetes}{deployments}/any-server")
        self.session.close()

    def ask(self, method, url, body=None):
        try:
            return self.session.request(method, url, json=body, timeout=5).status_code
        except requests.ConnectionError:
            return 0


def pairs(seed):
    """Return pairs of faults, the same for the same seed; each fault is in one at least."""
    draw, names = random.Random(seed), list(FAULTS)
    draw.shuffle(names)
    first = list(itertools.zip_longest(names[::2], names[1::2], fillvalue=names[0]))
    more = [tuple(draw.sample(names, 2)) for _ in range(PAIRS - len(first))]
    return first + more


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_two_faults_at_once_break_nothing_else_and_leave_nothing(
    up_to, rehearsal, chosen, clients, desk
):
    up_to("identity")
    client, draw = Client(rehearsal, chosen, clients), random.Random(7)
    before = rehearsal.call(lambda: state_of(rehearsal.inner))
    for pair in pairs(seed=7):
        answers = [desk.stage(name) for name in pair]
        assert [one.status_code for one in answers] in ([201, 201], [201, 409]), pair
        if answers[1].status_code == 409:
            assert pair[0] in answers[1].text or "can't be staged here" in answers[1].text
        seen = [*client.statuses()]
        wrong = [status for status in seen if status >= 500]
        assert not wrong or ASKED_FOR_5XX & set(pair), (pair, seen)
        assert 0 not in seen or CLOSES & set(pair), (pair, seen)
        staged = desk.staged()
        draw.shuffle(staged)
        assert {desk.unstage(name).status_code for name in staged} == {200}, pair
        assert rehearsal.call(lambda: state_of(rehearsal.inner)) == before, pair


def test_a_fault_is_staged_once_however_often_it_is_asked_for(desk):
    assert [desk.stage("fd-limit").status_code for _ in range(3)] == [201, 200, 200]
    assert desk.staged() == ["fd-limit"]
    assert [desk.unstage("fd-limit").status_code for _ in range(2)] == [200, 404]
    assert desk.unstage("no-such-fault").status_code == 404
    assert desk.staged() == []


def test_of_two_that_change_the_same_the_second_is_refused_by_the_name_of_the_first(desk):
    desk.stage("config-missing")
    refused = desk.stage("bucket-missing")
    assert refused.status_code == 409
    assert "config-missing" in refused.text
    assert desk.staged() == ["config-missing"]
    assert desk.stage("billing-off").status_code == 201


@pytest.mark.parametrize("names", [("billing-off", "billing-off"), ("billing-off", "fd-limit")])
def test_names_that_go_together_are_taken_once(names):
    assert [fault.name for fault in together(names)] == list(dict.fromkeys(names))


@pytest.mark.parametrize(
    "names", [("flag-removed", "probe-too-short"), ("gpu-not-offered", "gpu-quota-region")]
)
def test_names_that_do_not_are_refused(names):
    with pytest.raises(ConflictError, match=names[0]):
        together(names)


def until(holds):
    end = time.monotonic() + 20
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("faults", [("probe-too-short",), ("shm-too-small",)])
def test_what_a_fault_wrote_into_the_deployment_is_put_back(faults, up_to, clients, chosen, desk):
    up_to("identity")
    server.deploy(chosen, clients)
    ask = (DEPLOYMENT_NAME, chosen.namespace)
    manifest = deployment(chosen, server.look_up(clients, chosen))
    (wanted,) = manifest["spec"]["template"]["spec"]["containers"]
    (changed,) = clients.kubernetes.find("Deployment", *ask)["spec"]["template"]["spec"][
        "containers"
    ]
    fields = ("args", "command", "volumeMounts")
    assert [changed.get(name) for name in fields] != [wanted.get(name) for name in fields]
    assert desk.unstage(faults[0]).status_code == 200
    (back,) = clients.kubernetes.find("Deployment", *ask)["spec"]["template"]["spec"]["containers"]
    assert [back.get(name) for name in fields] == [wanted.get(name) for name in fields]
    assert back["startupProbe"]["failureThreshold"] == wanted["startupProbe"]["failureThreshold"]
    pods = lambda: clients.kubernetes.list_objects("Pod", chosen.namespace)  # noqa: E731
    until(lambda: any(s["ready"] for p in pods() for s in p["status"].get("containerStatuses", ())))


@pytest.mark.parametrize("faults", [("namespace-missing",), ("service-account-missing",)])
def test_a_namespace_and_a_service_account_are_there_again(faults, up_to, clients, chosen, desk):
    up_to("identity")
    with suppress(WarmbookError):  # the namespace is going
        server.deploy(chosen, clients)
    account = ("ServiceAccount", chosen.service_account, chosen.namespace)
    until(lambda: clients.kubernetes.find(*account) is None)
    assert desk.unstage(faults[0]).status_code == 200
    assert clients.kubernetes.find(*account) is not None
    found = clients.kubernetes.find("Namespace", chosen.namespace)
    assert found["status"]["phase"] == "Active"


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize("faults", [("server-gone",), ("kube-down",)])
def test_a_server_that_was_closed_answers_again_at_its_place(
    faults, rehearsal, chosen, clients, desk
):
    desk.unstage(faults[0])
    project.enable_services(chosen, clients, report=lambda progress: None)
    cluster.create(chosen, clients, report=lambda progress: None)
    desk.stage(faults[0])
    client = Client(rehearsal, chosen, clients)
    answers = [status for _ in range(15) for status in client.statuses()]
    assert 0 in answers
    desk.unstage(faults[0])
    assert 0 not in [*client.statuses()]


@pytest.mark.parametrize("faults", [("weights-deeper",)])
def test_later_changes_of_others_are_kept(faults, rehearsal, chosen, clients, desk):
    bucket, _, folder = chosen.model_uri.removeprefix("gs://").partition("/")
    blob = clients.storage.bucket(bucket).blob(f"{folder}/config.json")
    blob.upload_from_string(b'{"theirs": true}')
    assert desk.unstage(faults[0]).status_code == 200
    assert blob.download_as_bytes() == b'{"theirs": true}'
    names = {one.name for one in clients.storage.list_blobs(bucket, prefix=f"{folder}/")}
    assert names == {f"{folder}/{file.name}" for file in rehearsal.inner.model.files}
