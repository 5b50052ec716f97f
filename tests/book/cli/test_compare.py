import json
from unittest.mock import Mock

import pytest

from tests.measure.runs.comparison.test_compare import SLOWER
from tests.measure.runs.test_record import WHOLE, data
from warmbook.__main__ import main
from warmbook.book import shipped
from warmbook.book.cli import compare as cli


@pytest.fixture
def compare(tmp_path, capsys):
    """Write records, compare them, and return the exit status with what was printed."""
    for name, changes in RECORDS.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_bytes(data(id=name, **changes))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_bytes(b"{")

    def compared(names, *options):
        words = [str(tmp_path / word) if word in FOLDERS else word for word in options]
        status = main(["compare", *(str(tmp_path / name) for name in names.split()), *words])
        return status, capsys.readouterr()

    return compared


RECORDS = {
    **{f"equal-{n}": {} for n in range(6)},
    "slow": SLOWER,
    "unlike": {"engine": "vLLM"},
    "tuned": {"settings": {**WHOLE["settings"], "concurrency": 1}},
    "next": {"commit": "b2"},
}
FOLDERS = (*RECORDS, "broken")
FAIL_IF = ("--fail-if", "cold_start > +20%")


@pytest.mark.parametrize(
    ("names", "status", "verdict"),
    [
        ("equal-0 equal-1", 0, "within"),
        ("equal-0 slow", 1, "exceeded"),
        ("equal-0 equal-1 slow", 1, "exceeded"),
        ("slow equal-0", 0, "within"),
        ("equal-0 unlike", 1, "not-judged"),
        ("equal-0 equal-1 broken", 1, "not-judged"),
        ("equal-0 broken", 1, "not-judged"),
        ("equal-0 equal-0", 1, "not-judged"),
    ],
)
def test_exit_status_and_verdict_report_whether_all_runs_are_within_the_threshold(
    compare, names, status, verdict
):
    got, told = compare(names, *FAIL_IF, "--format", "json")
    assert (got, json.loads(told.out)["verdict"]) == (status, verdict)


def test_without_a_threshold_there_is_no_verdict_and_a_broken_run_is_only_named(compare):
    status, told = compare("equal-0 slow broken", "--format", "json")
    printed = json.loads(told.out)
    assert (status, printed["verdict"], printed["verdicts"]) == (0, None, [])
    assert len(printed["left_out"]) == 1


def test_json_has_a_verdict_for_each_threshold_and_run(compare):
    more = ("--fail-if", "stream_rate < -20%", "--fail-if", "first_answer > 90s")
    status, told = compare("equal-0 equal-1 slow", *FAIL_IF, *more, "--format", "json")
    states = [(one["run"], one["key"], one["state"]) for one in json.loads(told.out)["verdicts"]]
    assert status == 1
    assert states == [
        ("equal-1", "ready", "within"),
        ("slow", "ready", "exceeded"),
        ("equal-1", "stream.gib_s", "within"),
        ("slow", "stream.gib_s", "within"),
        ("equal-1", None, "missing"),
        ("slow", None, "missing"),
    ]


@pytest.mark.parametrize(
    ("expression", "remedy"),
    [("cold_start", "+20%"), ("cold_strat > 1", "cold_start"), ("cold_start > 1 GiB", "min")],
)
def test_a_threshold_that_is_not_understood_is_wrong_usage_with_a_remedy(
    compare, expression, remedy
):
    status, told = compare("equal-0 equal-1", "--fail-if", expression)
    assert (status, told.out) == (2, "")
    assert remedy in told.err.partition("→")[2]


def test_an_unlike_run_is_judged_where_that_is_allowed(compare):
    assert compare("equal-0 unlike", *FAIL_IF, "--allow-unlike")[0] == 0


def test_more_runs_of_the_base_are_its_median_and_its_noise(compare):
    bases = [word for n in range(1, 5) for word in ("--base", f"equal-{n}")]
    status, told = compare("equal-0 equal-5", *bases, *FAIL_IF, "--format", "json")
    ready = json.loads(told.out)["figures"][0]
    assert (status, ready["key"], ready["bases"]) == (0, "ready", [3.0] * 5)
    assert ready["noise"] == ready["grain"]
    assert compare("equal-0 slow", *bases, *FAIL_IF)[0] == 1


@pytest.mark.parametrize(
    ("threshold", "warned"),
    [
        ("ready > +20%", False),
        ("ready < -20%", True),
        ("stream_rate < -20%", False),
        ("stream_rate > +20%", True),
        ("stream_bytes < -20%", False),
        ("ready < 1s", False),
    ],
)
def test_a_threshold_that_fails_the_better_run_gets_a_warning(compare, threshold, warned):
    _, told = compare("equal-0 slow", "--fail-if", threshold, "--format", "json")
    assert (threshold in told.err) == warned
    assert "warnings" in json.loads(told.out)


def test_options_may_stand_between_the_runs(compare):
    before = compare("equal-0 equal-5", "--base", "equal-1", *FAIL_IF, "--format", "json")
    between = compare("equal-0", "--base", "equal-1", "equal-5", *FAIL_IF, "--format", "json")
    assert before == between
    assert json.loads(between[1].out)["figures"][0]["bases"] == [3.0] * 2


def test_a_base_of_other_settings_is_left_out_and_one_of_another_commit_is_not(compare):
    options = ("--base", "tuned", "--base", "next", "--base", "broken", *FAIL_IF)
    status, told = compare("equal-0 equal-1", *options, "--format", "json")
    printed = json.loads(told.out)
    assert status == 0
    assert [path.rpartition("/")[2] for path in printed["left_out"]] == ["tuned", "broken"]
    assert len(printed["figures"][0]["bases"]) == 2


def test_runs_in_folders_with_the_same_name_are_distinguished(compare, tmp_path):
    other = tmp_path / "night" / "equal-0"
    other.mkdir(parents=True)
    (other / "run.json").write_bytes(data(id="night"))
    told = compare("equal-0 night/equal-0", "--format", "json")[1]
    assert json.loads(told.out)["runs"] == ["equal-0", str(other)]


def test_markdown_is_printed_also_where_nothing_could_be_compared(compare):
    status, told = compare("equal-0 slow", *FAIL_IF, "--format", "markdown")
    assert (status, told.out.splitlines()[0][:5]) == (1, "### ✗")
    plain, told = compare("equal-0 broken", "--format", "markdown")
    judged, told_too = compare("equal-0 broken", *FAIL_IF, "--format", "markdown")
    assert (plain, judged, told_too.out) == (1, 1, told.out)
    assert told.out.startswith("### ✗") and "0" not in told.out.splitlines()[0]


def test_ctrl_c_does_not_speak_of_resources_that_a_comparison_never_creates(compare, monkeypatch):
    monkeypatch.setattr(cli, "comparable_runs", Mock(side_effect=KeyboardInterrupt))
    status, told = compare("equal-0 equal-1")
    assert (status, told.err) == (130, "Stopped.\n")


def test_one_run_without_own_work_is_wrong_usage(compare, monkeypatch, tmp_path):
    monkeypatch.setattr(shipped, "workplaces", lambda: [tmp_path / "clone"])
    assert compare("equal-0")[0] == 2
