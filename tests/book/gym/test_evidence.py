import pytest

from warmbook.book.gym.evidence import kind_of


def pod(node="node", waiting="", exit_code=None, beside=None):
    server = {"name": "vllm-container", "state": {}, "lastState": {}}
    if waiting:
        server["state"] = {"waiting": {"reason": waiting}}
    if exit_code is not None:
        server["lastState"] = {"terminated": {"exitCode": exit_code}}
    return {
        "spec": {"nodeName": node, "containers": [{"name": "vllm-container"}]},
        "status": {"containerStatuses": [server], "initContainerStatuses": beside or []},
    }


def kind(*pods, notebook="07", said="", reasons=()):
    return kind_of(notebook, True, said, pods, [{"reason": reason} for reason in reasons])


@pytest.mark.parametrize(
    ("notebook", "expected"),
    [("02", "project"), ("03", "model"), ("04", "cluster"), ("05", "identity")],
)
def test_before_the_server_the_kind_of_evidence_depends_on_the_notebook(notebook, expected):
    assert kind(notebook=notebook, said="403") == expected


@pytest.mark.parametrize(
    ("pods", "reasons", "expected"),
    [
        ([], (), "replicaset"),
        ([pod(node="")], (), "scheduling"),
        ([pod(waiting="ErrImagePull")], (), "set-up"),
        ([pod(waiting="CreateContainerConfigError")], (), "set-up"),
        ([pod(exit_code=137)], (), "killed"),
        ([pod(exit_code=1)], ("Killing",), "killed"),
        ([pod(exit_code=1, waiting="CrashLoopBackOff")], ("BackOff",), "log"),
        ([pod(beside=[{"name": "init", "restartCount": 2}])], (), "beside"),
        ([pod(beside=[{"name": "i", "state": {"terminated": {"exitCode": 1}}}])], (), "beside"),
        (
            [pod(exit_code=1, beside=[{"name": "i", "state": {"terminated": {"exitCode": 0}}}])],
            (),
            "log",
        ),
    ],
)
def test_from_the_server_on_the_kind_of_evidence_depends_on_the_pods(pods, reasons, expected):
    assert kind(*pods, reasons=reasons) == expected


def test_a_bucket_refusal_in_the_log_is_a_separate_kind():
    log = "Forbidden: 403 GET https://storage.googleapis.com/storage/v1/b/models: denied"
    crashed = pod(exit_code=1, waiting="CrashLoopBackOff")
    assert kind_of("07", True, "", [crashed], [], log) == "bucket"
    assert kind_of("07", True, "", [crashed], [], "ValueError: 403") == "log"
    assert kind_of("06", True, "", [pod(node="")], [], log) == "scheduling"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("403 GET /b: Cloud Storage JSON API has not been used in project 1 before", "project"),
        ('403 POST /clusters: Required "container.clusters.create" permission', "project"),
        ("400 POST /clusters: The user does not have access to service account", "project"),
        ("404 GET /b: The specified bucket does not exist.", "model"),
        ("config.json is missing", "model"),
        ("503 POST /clusters: The service is currently unavailable.", "service"),
        ("409 POST :setIamPolicy: There were concurrent policy changes.", "service"),
        ("The credentials do not contain the necessary fields", "service"),
        ("HTTPConnectionPool(host='a'): Max retries exceeded with url: /", "service"),
    ],
)
def test_a_refusal_that_is_not_about_the_notebooks_topic_is_a_separate_kind(said, expected):
    assert kind(notebook="03", said=said) == expected


def test_a_rejected_request_and_a_completed_guide_are_separate_kinds():
    assert kind(notebook="06", said="403") == "api"
    assert kind(notebook="06", said="401\nReason: Unauthorized") == "service"
    assert kind_of("08", False, "", [], []) == "completed"
