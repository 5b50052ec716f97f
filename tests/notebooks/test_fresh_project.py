"""The whole book in a project where no API is on and what is enabled or granted holds late."""

import pytest

from warmbook.book import runner

PREPARING = ("roles/serviceusage.serviceUsageAdmin", "roles/resourcemanager.projectIamAdmin")
"""The roles that notebook 02 names for itself; it gives the others."""

PLACES = {"autopilot": {}, "standard": {"mode": "standard", "location": "us-central1-a"}}


@pytest.fixture
def on():
    return ()


@pytest.fixture
def propagation_s():
    return 1.0


@pytest.fixture
def minute_s():
    return 0.1


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("held", [("roles/owner",), PREPARING], ids=["owner", "not-owner"])
@pytest.mark.parametrize("place", PLACES)
def test_every_notebook_passes_in_a_project_with_nothing_on(place, held, rehearsal, tmp_path):
    cloud = rehearsal.inner.cloud

    def begin():
        cloud.project.disable(set(cloud.project.services))
        policy = cloud.project.policy.read()
        del policy.bindings[:]
        for role in held:
            policy.bindings.add(role=role, members=[rehearsal.inner.callers.reader.member])

    rehearsal.call(begin)
    result = runner.run(
        runner.books("en"),
        {**PLACES[place], "compare_runs": "2"},
        tmp_path,
        tell=lambda *_: None,
        started=lambda _: None,
        ended=lambda _: None,
    )
    assert result.passed, [one for one in result.notebooks if one.error]
    assert len(result.notebooks) == 10
    assert result.record().left == ()
