"""Roles are granted once and taken back; one under a condition is neither ours nor enough."""

from copy import deepcopy
from types import SimpleNamespace

import pytest
from google.api_core.exceptions import Conflict, PreconditionFailed
from google.iam.v1.policy_pb2 import Policy

from warmbook.cloud import iam, retry

READ, SEE = "roles/storage.objectUser", "roles/storage.bucketViewer"
US, OTHER = "principal://ours", "principal://others"
ONLY_THEN = {"title": "only then", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"}


class Bucket:
    """A bucket's policy as Cloud Storage keeps it: each read is a copy, a write may be stale."""

    def __init__(self, *bindings, stale=0):
        self.bindings, self.stale, self.writes = list(bindings), stale, 0

    def get_iam_policy(self, *, requested_policy_version):
        assert requested_policy_version == 3  # else conditions would be left out of the answer
        return SimpleNamespace(version=1, bindings=deepcopy(self.bindings))

    def set_iam_policy(self, policy):
        self.writes += 1
        if self.writes <= self.stale:
            raise PreconditionFailed("the etag is stale")
        assert policy.version == 3
        self.bindings = policy.bindings


def bound(role, *members, **condition):
    return {"role": role, "members": set(members)} | ({"condition": condition} if condition else {})


def revoke(bucket):
    iam.revoke_on_bucket(bucket, [READ, SEE], US.__eq__)


def test_a_role_on_the_bucket_is_granted_once():
    bucket = Bucket(bound(READ, OTHER), bound(SEE, US))
    assert iam.grant_on_bucket(bucket, [READ, SEE], US) == iam.Grant((SEE,), (READ,))
    assert bucket.bindings[2:] == [bound(READ, US)]
    assert iam.grant_on_bucket(bucket, [READ, SEE], US) == iam.Grant((READ, SEE), ())
    assert bucket.writes == 1


def test_a_role_on_the_bucket_under_a_condition_does_not_count_as_granted():
    bucket = Bucket(bound(READ, US, **ONLY_THEN), bound(SEE, US))
    assert iam.grant_on_bucket(bucket, [READ, SEE], US) == iam.Grant((SEE,), (READ,))
    assert bucket.bindings == [bound(READ, US, **ONLY_THEN), bound(SEE, US), bound(READ, US)]


def test_only_unconditional_bindings_of_the_workbook_are_revoked():
    stays = [bound(READ, US, **ONLY_THEN), bound("roles/storage.admin", US)]
    bucket = Bucket(bound(READ, US, OTHER), bound(SEE, US), *stays)
    revoke(bucket)
    assert bucket.bindings == [bound(READ, OTHER), *stays]


def test_on_a_stale_etag_the_policy_is_read_again():
    bucket = Bucket(bound(SEE, US), stale=retry.TRIES - 1)
    revoke(bucket)
    assert (bucket.bindings, bucket.writes) == ([], retry.TRIES)
    with pytest.raises(PreconditionFailed):
        iam.grant_on_bucket(Bucket(stale=retry.TRIES), [READ], US)


class Projects:
    """A project's policy behind the client's two calls; some writes find it changed."""

    def __init__(self, *bindings, stale=0):
        self.policy, self.stale, self.writes = Policy(bindings=bindings), stale, 0

    def get_iam_policy(self, request):
        assert request["resource"] == "projects/p"
        assert request["options"] == {"requested_policy_version": 3}
        read = Policy()
        read.CopyFrom(self.policy)
        return read

    def set_iam_policy(self, request):
        self.writes += 1
        if self.writes <= self.stale:
            raise Conflict("the etag is stale")
        assert (request["resource"], request["policy"].version) == ("projects/p", 3)
        self.policy = request["policy"]

    @property
    def bindings(self):
        return [(b.role, list(b.members), b.condition.title) for b in self.policy.bindings]


def granted(projects, *roles):
    return iam.grant_on_project(SimpleNamespace(projects=projects), "p", roles, US)


def test_a_role_on_the_project_is_granted_once():
    projects = Projects({"role": READ, "members": [OTHER]}, {"role": SEE, "members": [US]}, stale=1)
    assert granted(projects, READ, SEE) == iam.Grant((SEE,), (READ,))
    assert projects.bindings == [(READ, [OTHER], ""), (SEE, [US], ""), (READ, [US], "")]
    assert granted(projects, READ, SEE) == iam.Grant((READ, SEE), ())
    assert projects.writes == 2


@pytest.mark.parametrize("condition", [ONLY_THEN, {"expression": "request.time == null"}])
def test_a_role_on_the_project_under_a_condition_does_not_count_as_granted(condition):
    projects = Projects({"role": READ, "members": [US], "condition": condition})
    assert granted(projects, READ) == iam.Grant((), (READ,))
    assert projects.bindings[1:] == [(READ, [US], "")]
