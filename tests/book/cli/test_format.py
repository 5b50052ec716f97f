"""Each verb's --format json: it parses, tells what the text tells, and ends as the text does."""

import json
from pathlib import Path

import pytest

from warmbook.__main__ import main
from warmbook.book import shipped
from warmbook.serving.guide_manifest import to_yaml

from ...measure.runs.comparison.test_compare import SLOWER, runs  # noqa: F401
from ...measure.runs.test_record import ANSWERED, data
from ...serving.test_lint import changed, manifest  # noqa: F401

SAVED = Path(__file__).parents[2] / "golden" / "startlogs" / "vllm-0.9.0-streamer-0.12.log"


@pytest.fixture
def told(capsys):
    """Carry a verb out as text and as JSON; return what it told and its exit status."""

    def carried_out(*words):
        plain = main([*words])
        capsys.readouterr()
        status = main([*words, "--format", "json"])
        assert status == plain
        return json.loads(capsys.readouterr().out), status

    return carried_out


def test_list_has_the_notebooks_in_order_with_their_parameters(told):
    found, status = told("list")
    names = [one["name"] for one in found["notebooks"]]
    assert found["settings"][0]["name"] == "project_id" and found["settings"][0]["required"]
    assert status == 0
    assert names == sorted(names)
    assert (names[0], names[-1]) == ("01_settings", "10_cleanup")
    assert found["notebooks"][3]["parameters"][:2] == ["location", "mode"]


def test_weights_has_the_bytes_of_the_model_and_its_findings(chosen, clients, told):
    found, status = told("weights", chosen.model_uri)
    assert (status, found["whole"], found["findings"]) == (0, True, [])
    assert found["uri"] == chosen.model_uri
    assert sum(shard["bytes"] for shard in found["shards"]) == 15_000
    assert [shard["fault"] for shard in found["shards"]] == ["", ""]
    assert sum(found["dtypes"].values()) == found["streamed_bytes"] < 15_000
    assert 0 < found["largest_tensor"]["bytes"] < found["streamed_bytes"]
    found, status = told("weights", f"{chosen.model_uri}-elsewhere")
    assert (status, found["whole"], found["shards"]) == (1, False, [])
    assert "no weights" in [finding["name"] for finding in found["findings"]]
    assert found["largest_tensor"] is None


def test_lint_has_each_finding_by_name(manifest, tmp_path, told):  # noqa: F811
    manifest["spec"]["strategy"] = {"type": "Recreate"}
    file = tmp_path / "vllm.yaml"
    file.write_text(to_yaml(manifest))
    found, status = told("lint", str(file))
    assert (status, found["file"], found["starts"], found["findings"]) == (0, str(file), True, [])
    assert [server["version"] for server in found["servers"]] == ["0.32.0"]
    file.write_text(to_yaml(changed(manifest, "flag refused")))
    found, status = told("lint", str(file))
    assert (status, found["starts"]) == (1, False)
    (finding,) = found["findings"]
    assert (finding["name"], finding["severity"]) == ("flag refused", "error")
    (line,) = [n for n, text in enumerate(file.read_text().splitlines(), 1) if "-log-req" in text]
    assert (finding["file"], finding["line"]) == (str(file), line)
    assert main(["lint", str(tmp_path / "none.yaml"), "--format", "json"]) == 2


def test_doctor_has_its_lines_and_json_is_a_synonym(chosen, clients, told, capsys):
    found, status = told("doctor", "--before", "02")
    assert (found["before"], found["healthy"]) == ("02", status == 0)
    assert "Credentials" in [one["name"] for one in found["checkups"]]
    assert main(["doctor", "--before", "02", "--json"]) == status
    assert json.loads(capsys.readouterr().out) == found
    with pytest.raises(SystemExit):
        main(["doctor", "--help"])
    shown = capsys.readouterr().out
    assert "--format" in shown
    assert "--json" not in shown


def test_timeline_has_the_phases_in_seconds_and_the_stream_in_bytes(told):
    found, status = told("timeline", "--log", str(SAVED))
    (start,) = found["pods"]
    assert status == 0
    assert found["cost"] is None
    assert start["seconds"] == pytest.approx(sum(one["seconds"] for one in start["phases"]))
    seconds = {one["name"]: one["seconds"] for one in start["phases"]}
    assert seconds["graph capture"] == pytest.approx(37, abs=0.5)
    assert start["stream"]["source"] == "streamer"
    rate = start["stream"]["bytes"] / 2**30 / start["stream"]["seconds"]
    assert start["stream"]["gib_s"] == pytest.approx(rate, abs=0.01)


def test_compare_has_the_figures_of_each_run_and_what_changed(runs, told):  # noqa: F811
    folders = runs(a=data(), b=data(**SLOWER, engine="vLLM"), c=data(phases=ANSWERED), d=b"{")
    found, status = told("compare", *folders)
    assert (status, found["runs"]) == (0, ["a", "b", "c"])
    figures = {one["key"]: one for one in found["figures"]}
    assert figures["ready"]["values"] == [3, 8, 3]
    assert figures["first_answer"]["values"] == [None, None, 25]
    assert figures["phase.weights streamed"]["unit"] == "seconds"
    assert figures["stream.bytes"]["values"] == [2**30] * 3
    assert found["changes"] == [
        {"run": "b", "changed": [{"name": "engine", "before": "", "after": "vLLM"}]},
        {"run": "c", "changed": []},
    ]
    assert list(found["left_out"]) == [folders[3]]


def test_compare_with_fewer_than_two_runs_lists_those_left_out(runs, told):  # noqa: F811
    folders = runs(a=data(), b=data(schema=9))
    found, status = told("compare", *folders)
    assert (status, found["runs"], found["changes"]) == (1, ["a"], [])
    assert list(found["left_out"]) == [folders[1]]


def test_control_characters_in_values_do_not_reach_the_terminal(runs, capsys):  # noqa: F811
    odd = "\x1b[1m\u202e\x9b\U000e0001ñ"
    main(["compare", *runs(a=data(), b=data(versions={"x": odd})), "--format", "json"])
    shown = capsys.readouterr().out
    assert not {"\x1b", "\u202e", "\x9b", "\U000e0001"} & set(shown)
    assert "ñ" in shown
    changed_ = json.loads(shown)["changes"][0]["changed"]
    assert changed_[-1] == {"name": "x", "before": "", "after": odd}


def test_report_has_the_file_that_it_wrote(tmp_path, told):
    (tmp_path / "run.json").write_bytes(data())
    found, status = told("report", str(tmp_path))
    assert (status, found) == (0, {"page": str(tmp_path / "report.html")})
    assert (tmp_path / "report.html").exists()


def test_notebooks_reports_the_state_of_each_file(tmp_path, told):
    found, status = told("notebooks", str(tmp_path))
    assert (status, found["folder"]) == (0, str(tmp_path))
    assert found["files"] == dict.fromkeys(shipped.files(), "same")
    (tmp_path / "en" / "04_cluster.ipynb").write_text("mine")
    found, status = told("notebooks", str(tmp_path))
    assert status == 1
    assert found["files"]["en/04_cluster.ipynb"] == "changed"


def test_another_format_is_wrong_usage():
    with pytest.raises(SystemExit) as ended:
        main(["list", "--format", "xml"])
    assert ended.value.code == 2
