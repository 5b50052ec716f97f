"""What the server says of wrong manifests: the real one's words."""

from __future__ import annotations

import pytest

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/default/pods"
CANNOT = 'Deployment in version "v1" cannot be handled as a Deployment: '


def _container(body):
    return body["spec"]["template"]["spec"]["containers"][0]


def test_an_unknown_field_is_refused_when_strict(call, deployment):
    body = deployment()
    _container(body)["readynessProbe"] = {"httpGet": {"port": 8000}}
    status, told = call("POST", f"{DEPLOYMENTS}?fieldValidation=Strict", body)
    path = "spec.template.spec.containers[0].readynessProbe"
    assert status == 400
    assert told["message"] == f'{CANNOT}strict decoding error: unknown field "{path}"'


def test_an_unknown_field_is_dropped_with_a_warning_otherwise(call, deployment):
    body = deployment()
    body["spec"]["colour"] = "red"
    status, made = call("POST", DEPLOYMENTS, body)
    assert status == 201 and "colour" not in made["spec"]
    assert call.headers["Warning"] == '299 - "unknown field \\"spec.colour\\""'
    body["metadata"]["name"] = "quiet"
    call("POST", f"{DEPLOYMENTS}?fieldValidation=Ignore", body)
    assert "Warning" not in call.headers


def test_a_wrong_type_is_refused_as_go_refuses_it(call, deployment):
    body = deployment(replicas="one")
    status, told = call("POST", DEPLOYMENTS, body)
    field = "Go struct field DeploymentSpec.spec.replicas"
    said = f"json: cannot unmarshal string into {field} of type int32"
    assert (status, told["message"]) == (400, CANNOT + said)


def test_a_broken_quantity_is_refused(call, deployment):
    body = deployment()
    _container(body)["resources"] = {"limits": {"cpu": "many"}}
    status, told = call("POST", DEPLOYMENTS, body)
    assert status == 400 and "quantities must match the regular expression" in told["message"]


def test_required_fields_are_named(call, deployment):
    body = deployment()
    del body["spec"]["selector"]
    status, told = call("POST", DEPLOYMENTS, body)
    assert status == 422
    assert told["message"] == ('Deployment.apps "web" is invalid: spec.selector: Required value')
    assert told["details"]["causes"] == [
        {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.selector"}
    ]


def test_all_wrong_fields_are_reported_at_once(call, deployment):
    body = deployment()
    body["metadata"]["name"] = "Bad_Name"
    body["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    status, told = call("POST", DEPLOYMENTS, body)
    fields = [cause["field"] for cause in told["details"]["causes"]]
    assert (status, fields) == (422, ["metadata.name", "spec.template.metadata.labels"])
    assert (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters"
        in told["message"]
    )
    assert (
        'Invalid value: map[string]string{"app":"other"}: `selector` does not match template '
        "`labels`" in told["message"]
    )


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        (
            {"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": "2"}},
            "spec.template.spec.containers[0].resources.requests: Invalid value: "
            '"2": must be equal to nvidia.com/gpu limit',
        ),
        (
            {"requests": {"nvidia.com/gpu": "1"}},
            "spec.template.spec.containers[0].resources.limits: Required value: "
            "Limit must be set for non overcommitable resources",
        ),
        (
            {"limits": {"cpu": "500m"}, "requests": {"cpu": "1"}},
            "spec.template.spec.containers[0].resources.requests: Invalid value: "
            '"1": must be less than or equal to cpu limit of 500m',
        ),
    ],
    ids=["gpu unequal", "gpu without limit", "more than the limit"],
)
def test_resources_that_make_no_sense_are_refused(call, deployment, resources, said):
    body = deployment()
    _container(body)["resources"] = resources
    status, told = call("POST", DEPLOYMENTS, body)
    assert (status, told["message"]) == (422, f'Deployment.apps "web" is invalid: {said}')


def test_a_selector_is_immutable(call, deployment):
    call("POST", DEPLOYMENTS, deployment())
    body = deployment()
    body["spec"]["selector"]["matchLabels"] = {"app": "new"}
    body["spec"]["template"]["metadata"]["labels"] = {"app": "new"}
    status, told = call("PUT", f"{DEPLOYMENTS}/web", body)
    assert status == 422
    assert told["message"].endswith(
        'spec.selector: Invalid value: {"matchLabels": {"app": "new"}}: field is immutable'
    )


def test_a_mount_needs_its_volume(call, deployment):
    body = deployment()
    _container(body)["volumeMounts"] = [{"name": "dshm", "mountPath": "/dev/shm"}]
    status, told = call("POST", DEPLOYMENTS, body)
    assert status == 422 and 'volumeMounts[0].name: Not found: "dshm"' in told["message"]


def test_a_pod_changes_its_image_and_little_else(call, running_pod):
    media = "application/strategic-merge-patch+json"
    image = {"spec": {"containers": [{"name": "main", "image": "web:2"}]}}
    assert call("PATCH", f"{PODS}/one", image, media=media)[0] == 200
    env = {"spec": {"containers": [{"name": "main", "env": [{"name": "A", "value": "1"}]}]}}
    status, told = call("PATCH", f"{PODS}/one", env, media=media)
    assert status == 422 and "pod updates may not change fields other than" in told["message"]


def test_a_pod_without_its_service_account_is_forbidden(call, pod):
    body = pod()
    body["spec"]["serviceAccountName"] = "nobody"
    status, told = call("POST", PODS, body)
    assert (status, told["reason"]) == (403, "Forbidden")
    assert told["message"] == (
        'pods "one" is forbidden: error looking up service account default/nobody: '
        'serviceaccount "nobody" not found'
    )


def test_another_kind_at_an_address_is_refused(call, pod):
    status, told = call("POST", DEPLOYMENTS, pod())
    assert status == 400
    assert told["message"].startswith('Pod in version "v1" cannot be handled as a Deployment')


def test_yaml_is_read_too(call):
    raw = "metadata:\n  name: a\n  labels:\n    since: 2026-01-01\ndata: {x: '1'}\n"
    path = "/api/v1/namespaces/default/configmaps"
    status, made = call("POST", path, raw=raw, media="application/yaml")
    assert status == 201 and made["metadata"]["labels"] == {"since": "2026-01-01"}


def test_what_is_left_out_gets_the_real_defaults(call, deployment):
    spec = call("POST", DEPLOYMENTS, deployment(gpus=1))[1]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert (spec["progressDeadlineSeconds"], spec["revisionHistoryLimit"]) == (600, 10)
    container = spec["template"]["spec"]["containers"][0]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["resources"]["requests"] == {"nvidia.com/gpu": "1"}
    assert container["ports"] == [{"containerPort": 8000, "protocol": "TCP"}]
