"""What an account holds for certain, and what only perhaps."""

import pytest
from google.iam.v1.policy_pb2 import Binding

from warmbook.cloud.bucket_access import READ, SEE, held

US = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/x"
VIEWER, USER = "roles/storage.bucketViewer", "roles/storage.objectUser"


def as_dict(role, condition):
    return {"role": role, "members": {US}, "condition": condition}


def as_proto(role, condition):
    return Binding(role=role, members=[US], condition=condition)


@pytest.mark.parametrize("binding", [as_dict, as_proto])
@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"title": "only then", "expression": "true"}, "only then"),
        ({"expression": "true"}, "true"),
    ],
)
def test_a_role_under_a_condition_is_held_only_perhaps(settings, binding, condition, told):
    found = held([binding(VIEWER, {}), binding(USER, condition)], US, settings)
    assert found.certain == {SEE}
    assert found.perhaps == dict.fromkeys(READ, f"{USER}, {told}")
    assert found.missing == []
