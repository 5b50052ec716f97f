import os
import subprocess
import sys

import pytest
import requests

from warmbook.book import gym
from warmbook_rehearsal.faults import FAULTS, UnknownFaultError, named


def run(*arguments):
    words = [sys.executable, "-m", "warmbook_rehearsal", *arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def test_faults_are_listed_one_a_line_with_a_mark_for_repairable_ones():
    done = run("--list-faults")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == list(FAULTS)
    marked = [line[0] for line in lines if line[1] == "+"]
    assert marked == [name for name, fault in FAULTS.items() if fault.mendable]
    assert "billing-off" in marked and "server-gone" not in marked


def test_each_fault_that_the_gym_draws_can_be_repaired_or_says_why_not(rehearsal):
    drawn = [FAULTS[name] for name in gym.drawn_from(at_desk(rehearsal, "GET", "/faults").json())]
    assert all(fault.mendable != bool(fault.beyond) for fault in drawn)
    assert (len(drawn), sum(fault.mendable for fault in drawn)) == (87, 78)
    assert not [name for name, fault in FAULTS.items() if fault.mendable and fault.beyond]


def test_an_unknown_fault_is_refused_with_one_that_comes_close():
    done = run("--fault", "biling-off", "--", "true")
    assert done.returncode == 2
    assert "did you mean billing-off" in done.stderr
    with pytest.raises(UnknownFaultError):
        named(["nothing-like-it-at-all"])


def at_desk(rehearsal, method, path, token=None):
    url = rehearsal.environ["WARMBOOK_REHEARSAL_FAULTS"]
    token = token or rehearsal.environ["WARMBOOK_REHEARSAL_TOKEN"]
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, f"{url}{path}", headers=headers, timeout=10)


def test_a_trainer_stages_a_fault_in_a_rehearsal_that_is_up(rehearsal):
    listed = at_desk(rehearsal, "GET", "/faults").json()
    assert [fault["name"] for fault in listed] == list(FAULTS)
    assert at_desk(rehearsal, "POST", "/staged/billing-off").status_code == 201
    (told,) = at_desk(rehearsal, "GET", "/staged").json()
    assert (told["name"], told["pitfall"]) == ("billing-off", "billing-off")
    assert rehearsal.call(lambda: rehearsal.inner.cloud.project.billing_account) == ""


def test_staging_a_fault_needs_the_token_and_a_known_name(rehearsal):
    assert at_desk(rehearsal, "POST", "/staged/billing-off", token="wrong").status_code == 401
    assert at_desk(rehearsal, "POST", "/staged/no-such-fault").status_code == 404
    assert rehearsal.inner.staged == []


def test_two_faults_that_change_the_same_are_refused_at_the_start():
    done = run("--fault", "flag-removed,probe-too-short", "--", "true")
    assert done.returncode == 2
    assert "flag-removed" in done.stderr


def take_back(name, environ):
    words = [sys.executable, "-m", "warmbook_rehearsal", "--unstage", name]
    given = {**os.environ, **environ}
    return subprocess.run(words, capture_output=True, text=True, timeout=60, env=given)


def test_a_fault_is_taken_back_from_a_shell_in_the_rehearsal(rehearsal):
    at_desk(rehearsal, "POST", "/staged/billing-off")
    done = take_back("billing-off", rehearsal.environ)
    assert (done.returncode, done.stdout.split()[0]) == (0, "billing-off")
    assert rehearsal.call(lambda: rehearsal.inner.cloud.project.billing_account)
    again = take_back("billing-off", rehearsal.environ)
    assert (again.returncode, again.stderr.strip()) == (
        2,
        "warmbook_rehearsal: billing-off is not staged.",
    )


def test_outside_of_a_rehearsal_nothing_is_taken_back():
    done = take_back("billing-off", {"WARMBOOK_REHEARSAL_FAULTS": ""})
    assert done.returncode == 2
    assert "--unstage" in done.stderr


def test_removing_a_fault_needs_the_token(rehearsal):
    at_desk(rehearsal, "POST", "/staged/billing-off")
    assert at_desk(rehearsal, "DELETE", "/staged/billing-off", token="wrong").status_code == 401
    assert at_desk(rehearsal, "GET", "/changes", token="wrong").status_code == 401
    assert [fault.name for fault in rehearsal.inner.staged] == ["billing-off"]
