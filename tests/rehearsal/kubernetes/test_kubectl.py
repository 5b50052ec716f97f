"""The genuine kubectl against the API server, over TLS: the guide's commands and their kin."""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import subprocess
import threading

import pytest
import requests
import yaml
from kubernetes import client

from warmbook_rehearsal.google import certificates

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")

GUIDE = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: vllm-streamer-deployment
  namespace: t
spec:
  replicas: 1
  selector:
    matchLabels:
      app: vllm-streamer
  template:
    metadata:
      labels:
        app: vllm-streamer
    spec:
      serviceAccountName: vllm-ksa
      containers:
        - name: vllm-container
          image: vllm/vllm-openai:v0.11.1
          command: ["python3", "-m", "vllm.entrypoints.openai.api_server"]
          args:
            - --model=gs://my-bucket/my-model
            - --load-format=runai_streamer
            - --model-loader-extra-config={"distributed":true}
            - --host=0.0.0.0
            - --port=8000
            - --disable-log-requests
            - --tensor-parallel-size=1
          ports:
            - containerPort: 8000
              name: api
          startupProbe:
            httpGet: {path: /health, port: 8000}
            failureThreshold: 60
            periodSeconds: 10
            initialDelaySeconds: 30
          readinessProbe:
            httpGet: {path: /health, port: 8000}
            failureThreshold: 3
            periodSeconds: 10
          resources:
            limits: {nvidia.com/gpu: "1"}
            requests: {nvidia.com/gpu: "1"}
          volumeMounts:
            - {mountPath: /dev/shm, name: dshm}
      nodeSelector:
        cloud.google.com/gke-accelerator: nvidia-l4
      volumes:
        - name: dshm
          emptyDir: {medium: Memory}
"""
DEPLOYMENT = "deployment/vllm-streamer-deployment"


class Kubectl:
    """Runs kubectl in a folder, against one cluster."""

    def __init__(self, cluster, ca_pem, folder):
        self.folder = folder
        ca = base64.b64encode(ca_pem).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [
                {"name": "c", "cluster": {"server": cluster.url, "certificate-authority-data": ca}}
            ],
            "users": [{"name": "u", "user": {"token": cluster.token}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        }
        (folder / "config").write_text(yaml.safe_dump(config))
        (folder / "guide.yaml").write_text(GUIDE)
        settings = {"KUBECONFIG": str(folder / "config"), "HOME": str(folder)}
        self.environ = {**os.environ, **settings, "NO_PROXY": "127.0.0.1"}

    def __call__(self, line, *, status=0, text=None):
        done = subprocess.run(
            ["kubectl", *line.split()],
            env=self.environ,
            cwd=self.folder,
            input=text,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def begin(self, line):
        return subprocess.Popen(
            ["kubectl", *line.split()],
            env=self.environ,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def authority():
    return certificates.Authority("test")


@pytest.fixture
def secured(start, authority):
    return start(tls=certificates.server_context(authority.issue()))


@pytest.fixture
def kubectl(secured, authority, tmp_path):
    return Kubectl(secured, authority.ca_pem, tmp_path)


@pytest.fixture
def deployed(kubectl):
    """The guide's commands, up to the wait for its Deployment."""
    assert kubectl("create namespace t") == "namespace/t created\n"
    made = kubectl("create serviceaccount vllm-ksa --namespace=t")
    assert made == "serviceaccount/vllm-ksa created\n"
    assert kubectl("create -f guide.yaml") == f"{DEPLOYMENT.replace('/', '.apps/')} created\n"
    kubectl(f"wait --for=condition=Available {DEPLOYMENT} -n t --timeout=15s")
    return kubectl("get pods -n t -o jsonpath={.items[0].metadata.name}")


def test_the_python_client_trusts_the_cluster_s_own_authority(secured, authority):
    config = client.Configuration()
    config.host = secured.url
    config.ca_cert_data = authority.ca_pem.decode()
    config.api_key.update(authorization=secured.token)
    config.api_key_prefix.update(authorization="Bearer")
    config.no_proxy = "127.0.0.1"
    names = [
        n.metadata.name for n in client.CoreV1Api(client.ApiClient(config)).list_namespace().items
    ]
    assert "default" in names


def test_the_guide_s_commands_from_namespace_to_log(secured, kubectl, deployed):
    table = kubectl("get deployments -n t").splitlines()
    assert table[0].split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert table[1].split()[:4] == ["vllm-streamer-deployment", "1/1", "1", "1"]
    pods = kubectl("get pods -n t -o wide").splitlines()[1].split()
    assert pods[:4] == [deployed, "1/1", "Running", "0"] and pods[5] == "127.0.0.1"
    assert f'deployment "{DEPLOYMENT[11:]}" successfully' in kubectl(
        f"rollout status {DEPLOYMENT} -n t"
    )
    secured.kubelet.path("t", deployed).write_text("2026-01-01T00:00:00.0Z stdout F streamed\n")
    assert kubectl(f"logs {deployed} -n t") == "streamed\n"
    following = kubectl.begin(f"logs -f {deployed} -n t")
    assert following.stdout.readline() == "streamed\n"
    kubectl(f"delete {DEPLOYMENT} -n t")
    assert following.wait(10) == 0
    following.stdout.close()
    kubectl("delete namespace t")
    kubectl("get namespace t", status=1)


def test_describe_shows_events_and_node(kubectl, deployed):
    said = kubectl(f"describe pod {deployed} -n t")
    for text in ("FailedScheduling", "TriggeredScaleUp", "Successfully assigned t/"):
        assert text in said
    assert "nvidia.com/gpu:  1" in said
    told = kubectl(f"describe {DEPLOYMENT} -n t")
    assert "Available      True    MinimumReplicasAvailable" in told
    assert "ScalingReplicaSet" in told
    assert "nvidia.com/gpu:     1" in kubectl("describe nodes")


def test_apply_twice_then_server_side_then_diff(kubectl, deployed):
    assert "configured" in kubectl("apply -f guide.yaml")
    assert kubectl("apply -f guide.yaml").endswith("unchanged\n")
    assert "serverside-applied" in kubectl("apply --server-side --force-conflicts -f guide.yaml")
    assert kubectl("diff -f guide.yaml") == ""
    found = yaml.safe_load(kubectl(f"get {DEPLOYMENT} -n t -o yaml"))
    wanted = yaml.safe_load(GUIDE)
    container = found["spec"]["template"]["spec"]["containers"][0]
    assert wanted["spec"]["template"]["spec"]["containers"][0].keys() <= container.keys()


def test_a_misspelt_field_and_a_missing_account_are_reported(
    kubectl, tmp_path, secured, eventually
):
    (tmp_path / "bad.yaml").write_text(GUIDE.replace("readinessProbe", "readynessProbe"))
    kubectl("create namespace t")
    said = kubectl("create -f bad.yaml", status=1)
    assert 'unknown field "spec.template.spec.containers[0].readynessProbe"' in said
    kubectl("create -f guide.yaml")
    eventually(lambda: secured.events("t", "FailedCreate"))
    assert 'serviceaccount "vllm-ksa" not found' in kubectl("get events -n t")


def test_scale_update_undo_and_restart(kubectl, deployed):
    kubectl(f"scale {DEPLOYMENT} --replicas=2 -n t")
    status = f"rollout status {DEPLOYMENT} -n t --timeout=15s"
    kubectl(status)
    kubectl(f"set image {DEPLOYMENT} vllm-container=vllm/vllm-openai:v0.12.0 -n t")
    kubectl(status)
    kubectl(f"rollout undo {DEPLOYMENT} -n t")
    kubectl(status)
    kubectl(f"rollout restart {DEPLOYMENT} -n t")
    kubectl(status)
    history = kubectl(f"rollout history {DEPLOYMENT} -n t")
    assert re.findall(r"^\d+", history, re.MULTILINE) == ["2", "3", "4"]
    sets = kubectl("get replicasets -n t --no-headers").splitlines()
    assert sorted(line.split()[1] for line in sets) == ["0", "0", "2"]


def test_a_watch_shows_a_pod_on_its_way(kubectl):
    kubectl("create namespace t")
    kubectl("create serviceaccount vllm-ksa -n t")
    kubectl("run first -n t --image=web:1")
    watching = kubectl.begin("get pods -n t -w")
    try:
        seen = []
        while not seen or "first" not in seen[-1]:  # it watches from here on
            seen.append(watching.stdout.readline())
        kubectl("delete pod first -n t --wait")
        kubectl("create -f guide.yaml")
        seen = []
        while not (seen and seen[-1].startswith("vllm") and "1/1" in seen[-1]):
            seen.append(watching.stdout.readline())
        told = [line.split()[2] for line in seen if line.startswith("vllm")]
        assert (told[0], told[-1]) == ("Pending", "Running")
    finally:
        watching.send_signal(signal.SIGINT)
        watching.wait(10)
        watching.stdout.close()


def test_commands_run_in_the_pod(kubectl, deployed):
    said = kubectl(f"exec -i {deployed} -n t -- cat", text="hello\n")
    assert said == "hello\n"
    said = kubectl(f"exec {deployed} -n t -- sh -c exit${{IFS}}3", status=3)
    assert "exit code 3" in said


def test_a_port_is_forwarded_to_many_at_once(kubectl, deployed, echo):
    tunnel = kubectl.begin(f"port-forward {deployed} :{echo} -n t")
    try:
        port = re.search(r"127\.0\.0\.1:(\d+)", tunnel.stdout.readline())[1]
        answers = []

        def ask(number):
            with requests.Session() as session:
                session.trust_env = False
                body = str(number) * 50_000
                answer = session.post(f"http://127.0.0.1:{port}/x", data=body, timeout=10)
                answers.append(answer.json()["body"] == body)

        threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert answers == [True] * 8
    finally:
        tunnel.send_signal(signal.SIGINT)
        tunnel.wait(10)
        tunnel.stdout.close()


def test_what_kubectl_asks_about_the_server(kubectl):
    assert kubectl("auth can-i create deployments") == "yes\n"
    resources = kubectl("api-resources --no-headers")
    assert re.search(r"^deployments\s+deploy\s+apps/v1\s+true\s+Deployment$", resources, re.M)
    assert "maxSurge" in kubectl("explain deployment.spec.strategy.rollingUpdate")
    assert "Server Version: v1.33.5-gke.1308000" in kubectl("version")
    assert "you@example.com" in kubectl("auth whoami")
    assert re.search(r"^\*\.\*\s+\[\]\s+\[\]\s+\[\*\]$", kubectl("auth can-i --list"), re.M)


def test_a_node_renews_its_lease(kubectl):
    assert re.search(r"HolderIdentity:\s+gk3-default-\w+\n", kubectl("describe node"))
    kubectl("delete node --all")
    assert "No resources" in kubectl("get leases -n kube-node-lease")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("create configmap a --from-literal=x=1", "configmap"),
        ("create secret generic a --from-literal=x=1", "secret"),
        ("create deployment a --image=web:1 --replicas=2 --port=80", "deployment"),
        ("create job a --image=web:1 -- echo hi", "job"),
        ("run a --image=web:1 --port=80", "pod"),
    ],
)
def test_typed_creates_arrive_whole(secured, kubectl, eventually, line, kind):
    eventually(
        lambda: secured.on_loop(lambda: secured.store.find("ServiceAccount", "default", "default"))
    )
    local = f"{line.partition(' -- ')[0]} --dry-run=client -o yaml"
    if " -- " in line:
        local += f" -- {line.partition(' -- ')[2]}"
    kubectl(line)
    wanted, found = yaml.safe_load(kubectl(local)), yaml.safe_load(kubectl(f"get {kind} a -o yaml"))
    assert _within(wanted.get("spec") or wanted.get("data"), found.get("spec") or found.get("data"))


NIGHTLY = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      activeDeadlineSeconds: 100
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 0}
          tolerations: [{operator: Exists, tolerationSeconds: -1}]
          containers:
            - name: main
              image: web:1
              env:
                - {name: A, value: b}
                - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
              envFrom: [{configMapRef: {name: nightly, optional: true}}]
              livenessProbe: {httpGet: {path: /, port: http}, periodSeconds: 7}
              ports: [{containerPort: 80, name: http}]
              resources: {limits: {memory: 2Gi}, requests: {cpu: 500m}}
              securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
              volumeMounts: [{mountPath: /work, name: work}, {mountPath: /c, name: config}]
          volumes:
            - {name: work, emptyDir: {sizeLimit: 1Gi}}
            - {name: config, configMap: {name: nightly, defaultMode: 256, optional: true}}
"""


def test_a_job_from_a_cron_job_has_all_of_its_template(secured, kubectl, eventually):
    eventually(
        lambda: secured.on_loop(lambda: secured.store.find("ServiceAccount", "default", "default"))
    )
    kubectl("apply -f -", text=NIGHTLY)
    kubectl("create job try --from=cronjob/nightly")
    job = yaml.safe_load(kubectl("get job try -o yaml"))
    cron_job = yaml.safe_load(kubectl("get cj nightly -o yaml"))
    assert _within(cron_job["spec"]["jobTemplate"]["spec"], job["spec"])
    pod_spec = job["spec"]["template"]["spec"]
    assert pod_spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False
    assert pod_spec["securityContext"]["fsGroup"] == job["spec"]["backoffLimit"] == 0
    assert job["metadata"]["ownerReferences"][0]["kind"] == "CronJob"
    assert "stdin" not in pod_spec["containers"][0]
    headings, row = kubectl("get cronjobs").splitlines()
    assert headings.split()[:4] == ["NAME", "SCHEDULE", "TIMEZONE", "SUSPEND"]
    assert row.split()[6:8] == ["<none>", "False"]


def _within(wanted, found):
    """Tell whether all that is wanted is found; what is empty or null says nothing."""
    if isinstance(wanted, dict):
        return all(_within(value, (found or {}).get(key)) for key, value in wanted.items() if value)
    if isinstance(wanted, list):
        return len(wanted) == len(found) and all(map(_within, wanted, found))
    return wanted == found


def test_explain_shows_fields_by_both_formats_of_kubectl(kubectl):
    for form in ("plaintext", "plaintext-openapiv2"):
        told = kubectl(f"explain pod.spec.volumes.configMap --output={form}")
        assert re.search(r"VERSION: +v1", told)
        assert re.search(r"items\s+<\[\]", told)
        assert re.search(r"optional\s+<boolean>", told)
        assert "optional specify whether the ConfigMap" in told
    refused = kubectl("get statefulsets", status=1)
    assert refused == 'error: the server doesn\'t have a resource type "statefulsets"\n'
