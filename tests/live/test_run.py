"""What a run refuses, what its names tell, and how a check that fails leaves the others alone."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from warmbook import __main__ as command_line
from warmbook.errors import InterruptedWaitError, MissingError, SettingsError
from warmbook.live import cost, tiers
from warmbook.live.checks import Check, NotReachedError, RefutedError
from warmbook.live.evidence import Evidence, read
from warmbook.live.run import NAME, begin, named
from warmbook.live.session import GPU, Session, due, new_run, run_of, settings_of
from warmbook.live.sweep import Left
from warmbook.model.gpus import machine

BEGUN = datetime(2026, 11, 29, 6, 0, tzinfo=timezone.utc)


def quiet(progress):
    """A report that tells nobody."""


@pytest.fixture
def at_google(monkeypatch, choices):
    for name in ("WARMBOOK_REHEARSAL_URL", "STORAGE_EMULATOR_HOST", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in choices.items():
        monkeypatch.setenv(f"WARMBOOK_{name.upper()}", value)


def test_each_tier_adds_its_machines_and_its_allowance():
    costs = cost.estimate(4)
    assert [one.tier for one in costs] == [0, 1, 2, 3, 4]
    hour_usd = machine(cost.MACHINE).price.spot_usd
    hours = [one.machines_usd / hour_usd for one in costs]
    assert hours == pytest.approx([0, 0, 0, 1.25, 3.0])
    assert costs[0].usd == 0
    assert costs[2].usd < 0.5
    assert costs[3].usd < 1.0
    assert machine(cost.MACHINE).gpu == GPU


def test_a_budget_below_the_estimate_is_refused_with_each_tier():
    costs = cost.estimate(3)
    with pytest.raises(SettingsError) as refused:
        cost.refuse_beyond(0.9, costs)
    assert all(str(one) in refused.value.what for one in costs)
    assert cost.total_usd(costs) == round(sum(one.usd for one in costs), 2) == 0.99
    cost.refuse_beyond(1.0, costs)


def test_nothing_is_begun_beyond_the_budget_or_without_a_yes(at_google, tmp_path, capsys):
    out = tmp_path / "out"
    assert command_line.main(["live", "--tier", "1", "--out", str(out)]) == 2
    told = capsys.readouterr()
    assert told.out == "" and "--budget-usd" in told.err  # the estimate once
    words = ["live", "--tier", "1", "--budget-usd", "1", "--out", str(out)]
    assert command_line.main(words) == 2
    assert "--yes" in capsys.readouterr().err
    assert not out.exists()


def test_a_run_is_known_by_its_name():
    run = new_run(BEGUN)
    assert run_of(run) == run_of(f"{run}-std") == run
    assert run_of("warmbook-live-mine") == run_of("run-ai-test") == ""
    assert BEGUN + timedelta(hours=4) < due(run) < BEGUN + timedelta(hours=5)
    left = Left("cluster", run, "us-central1", run)
    assert not left.overdue(due(run))
    assert left.overdue(due(run) + timedelta(minutes=1))


def test_what_a_run_makes_has_its_own_names(settings):
    run = new_run()
    standard = settings_of(settings, run, mode="standard", location="us-central1-a")
    for chosen in (settings_of(settings, run), standard):
        assert chosen.project_id == settings.project_id
        assert chosen.vllm_version == settings.vllm_version
        assert {chosen.cluster_name, chosen.bucket_name} == {run}
        assert chosen.spot


def test_a_folder_names_its_run_until_it_is_swept(settings, tmp_path):
    session = begin(settings, 1, tmp_path, quiet)
    assert named(tmp_path) == session.run
    with pytest.raises(SettingsError):
        begin(settings, 1, tmp_path, quiet)
    (tmp_path / NAME).unlink()
    begin(settings, 0, tmp_path, quiet)
    assert named(tmp_path) == ""


def carried_out(monkeypatch, tmp_path, settings, *checks, clock=lambda: 0.0):
    monkeypatch.setattr(tiers, "of_tier", lambda tier: [one for one in checks if one.tier == tier])
    session = Session(settings, new_run(), quiet, clock)
    tiers.carry_out(session, 1, Evidence(tmp_path, "rehearsal"), lambda item: None)
    return {one.id: one.status for one in read(tmp_path)}


def raising(error):
    def find(session):
        raise error

    return find


def test_a_check_that_fails_does_not_stop_the_others(monkeypatch, tmp_path, settings):
    assert carried_out(
        *(monkeypatch, tmp_path, settings),
        Check(0, "refuted", raising(RefutedError(status=200)), needed=True),
        Check(0, "open", raising(NotReachedError("no"))),
        Check(0, "missing", raising(MissingError("no", remedy=""))),
        Check(0, "broken", raising(ValueError("no"))),
        Check(1, "held", lambda session: {"one": 1}),
    ) == {
        "refuted": "refuted",
        "open": "not-reached",
        "missing": "not-reached",
        "broken": "not-reached",
        "held": "confirmed",
    }
    found = {one.id: one.found for one in read(tmp_path)}
    assert found["refuted"] == {"status": 200}
    assert found["broken"] == {"error": "ValueError: no"}


def test_without_a_needed_one_nothing_after_it_is_tried(monkeypatch, tmp_path, settings):
    assert carried_out(
        *(monkeypatch, tmp_path, settings),
        Check(0, "needed", raising(NotReachedError("no")), needed=True),
        Check(1, "later", raising(AssertionError("not to be tried"))),
    ) == {"needed": "not-reached", "later": "not-reached"}
    assert {one.id: one.found for one in read(tmp_path)}["later"] == {
        "reason": "the run did not come to it"
    }


def test_a_tier_ends_at_its_deadline_and_the_next_has_its_own(monkeypatch, tmp_path, settings):
    moments = iter([0.0, 1.0, 301.0, 400.0, 401.0])
    assert carried_out(
        *(monkeypatch, tmp_path, settings),
        Check(0, "in time", lambda session: {}),
        Check(0, "late", raising(AssertionError("not to be tried"))),
        Check(1, "next", lambda session: {}),
        clock=lambda: next(moments),
    ) == {"in time": "confirmed", "late": "not-reached", "next": "confirmed"}


def test_an_interrupt_ends_the_run_and_keeps_the_evidence(monkeypatch, tmp_path, settings):
    with pytest.raises(InterruptedWaitError):
        carried_out(
            *(monkeypatch, tmp_path, settings),
            Check(0, "known", lambda session: {}),
            Check(0, "cut", raising(InterruptedWaitError("you", remedy=""))),
        )
    assert [one.status for one in read(tmp_path)] == ["confirmed", "not-reached"]


def test_the_last_line_counts_the_claims_that_were_not_reached(
    at_google, monkeypatch, tmp_path, capsys
):
    checks = (
        Check(0, "refuted", raising(RefutedError(status=200, said="x" * 1000))),
        Check(0, "needed", raising(NotReachedError("no such project")), needed=True),
        Check(0, "later", raising(AssertionError("not to be tried"))),
    )
    monkeypatch.setattr(tiers, "of_tier", lambda tier: [one for one in checks if one.tier == tier])
    assert command_line.main(["live", "--out", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    refuted, needed = (line for line in lines if line[0] in "✗·")
    assert "refuted" in refuted and "status 200" in refuted and len(refuted) < 200
    assert "no such project" in needed
    assert re.findall(r"\d+", lines[-2])[:3] == ["0", "1", "2"]
