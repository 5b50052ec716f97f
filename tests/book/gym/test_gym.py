import json
import re

import nbformat
import papermill
import pytest

from warmbook.book import gym
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.doctor.preflight import examine
from warmbook.errors import MissingError, SettingsError
from warmbook_rehearsal.faults import FAULTS

from ...notebooks.conftest import NOTEBOOKS

GYM = NOTEBOOKS / "gym"


def told_of_the_name(card, name):
    return name in repr(card) or name in card._repr_html_()


def test_what_is_hidden_is_not_told(rehearsal):
    hidden = gym.hide("billing-off")
    assert "billing" not in repr(hidden)
    assert [one["name"] for one in gym.Desk.open().staged()] == ["billing-off"]


def test_the_same_word_hides_the_same_fault_and_chance_takes_what_stays(rehearsal):
    for _ in range(2):
        gym.hide(draw="tuesday")
    (first,) = gym.Desk.open().staged()
    assert not (first["passes"] or first["ahead"] or first["unseen"] or first["choices"])


def test_what_is_hidden_already_stays_and_nothing_is_added(rehearsal):
    gym.hide("billing-off")
    gym.hide()
    assert [one["name"] for one in gym.Desk.open().staged()] == ["billing-off"]


def test_a_used_rehearsal_is_refused_by_what_was_changed_first(rehearsal, up_to):
    gym.hide("gpu-quota-region")
    gym.unstage()
    gym.hide("fd-limit")  # nothing was changed by a request
    up_to("project")
    gym.hide("fd-limit")  # what is hidden stays hidden
    with pytest.raises(SettingsError, match=r"POST /v1/projects/.*:batchEnable"):
        gym.hide("billing-off")
    gym.unstage()
    with pytest.raises(SettingsError, match="This rehearsal has been used"):
        gym.hide()
    assert gym.Desk.open().staged() == []


def test_looking_at_a_rehearsal_does_not_use_it(rehearsal, chosen, clients):
    for number in ("02", "03", "04", "06"):
        examine(chosen, clients, number)
    assert gym.Desk.open().changes() == (0, "")


def test_what_contradicts_the_hidden_one_is_refused_by_its_name(rehearsal):
    gym.hide("flag-removed")
    with pytest.raises(SettingsError, match="flag-removed"):
        gym.hide("probe-too-short")


@pytest.mark.parametrize("fault", ["billing-off", "bucket-viewer-missing", "sharded-on-gs"])
def test_the_guide_comes_through_when_the_fault_is_taken_back(rehearsal, chosen, clients, fault):
    hidden = gym.hide(fault)
    assert gym.attempt(gym.settings(hidden), clients).walked.error is not None
    assert fault in repr(gym.unstage())
    assert gym.unstage().faults == ()
    walked = gym.attempt(chosen, clients).walked
    assert (walked.error, walked.pitfalls) == (None, ())


def test_a_fault_that_is_not_there_and_a_gym_without_a_rehearsal_are_refused(
    rehearsal, monkeypatch
):
    with pytest.raises(MissingError, match="did you mean billing-off"):
        gym.hide("biling-off")
    with pytest.raises(MissingError, match="Nothing is hidden"):
        gym.grade(None, "billing-off")
    monkeypatch.delenv("WARMBOOK_REHEARSAL_FAULTS")
    with pytest.raises(SettingsError, match="needs a rehearsal"):
        gym.hide()


@pytest.mark.parametrize("fault", ["billing-off", "bucket-viewer-missing"])
def test_the_evidence_is_bare_and_the_grade_tells_all(rehearsal, chosen, clients, fault):
    hidden = gym.hide(fault)
    settings = gym.settings(hidden)
    tried = gym.attempt(settings, clients)
    assert tried.walked.pitfalls == (fault,)
    assert not told_of_the_name(tried, fault)
    right = gym.grade(tried, fault)
    assert right.right
    assert CATALOGUE[fault].cause in repr(right)
    assert fault in right.doctors
    wrong = gym.grade(tried, "driver-too-old")
    assert not wrong.right
    assert "Not this one" in repr(wrong)


def test_the_pods_own_evidence_is_shown_where_it_ended(rehearsal, chosen, clients):
    gym.hide("bucket-viewer-missing")
    tried = gym.attempt(chosen, clients)
    assert tried.walked.notebook in ("06", "07")
    assert any("restarts" in row.detail for row in tried.rows())
    assert "storage.buckets.get" in tried.log


@pytest.mark.parametrize(
    ("fault", "evidence"),
    [("resource-quota", "exceeded quota: team-quota"), ("chat-template-missing", "chat-template")],
)
def test_the_evidence_tells_what_kept_the_pod_from_starting(
    rehearsal, chosen, clients, fault, evidence
):
    gym.hide(fault)
    tried = gym.attempt(chosen, clients)
    assert any(evidence in row.detail for row in tried.rows())
    assert not told_of_the_name(tried, CATALOGUE[FAULTS[fault].pitfall].cause)


def test_chance_hides_each_fault_that_stays_and_shows_in_minutes(rehearsal):
    drawn = gym.drawn_from(gym.Desk.open().faults())
    odd = {n for n, f in FAULTS.items() if f.passes or f.ahead or f.unseen or f.waits or f.choices}
    assert set(drawn) == FAULTS.keys() - odd
    assert {"resource-quota", "requester-pays", "config-cut-short"} <= set(drawn)
    assert not {"node-cordoned", "sandbox-failed", "device-not-allocated"} & set(drawn)


def test_the_sheet_offers_every_pitfall_and_keeps_the_answer():
    assert gym.Sheet().answer == ""
    assert gym.Sheet("no-such-thing").answer == ""
    sheet = gym.Sheet("billing-off")
    assert sheet.answer == "billing-off"
    offered = {name for _, name in sheet.children[0].options}
    assert offered == {"", *CATALOGUE}


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_notebook_runs_headlessly_to_its_grade(rehearsal, tmp_path, language):
    out = tmp_path / "out.ipynb"
    given = {"fault": "billing-off", "answer": "billing-off"}
    papermill.execute_notebook(
        str(GYM / language / "find_the_fault.ipynb"), str(out), given, progress_bar=False
    )
    shown = json.dumps([cell.get("outputs", []) for cell in nbformat.read(out, 4).cells])
    assert "Traceback" not in shown
    assert {"en": "you found the fault", "es": "encontraste la falla"}[language] in shown


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_notebook_is_short_and_has_its_twin(language):
    book, other = (
        nbformat.read(GYM / spoken / "find_the_fault.ipynb", 4) for spoken in (language, "en")
    )
    assert [cell.id for cell in book.cells] == [cell.id for cell in other.cells]
    for cell, twin in zip(book.cells, other.cells, strict=True):
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 12
            assert cell.source.replace('"es"', '"en"') == twin.source
        else:
            assert set(re.findall("`[^`]+`", cell.source)) == set(
                re.findall("`[^`]+`", twin.source)
            )
