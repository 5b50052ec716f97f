import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.__main__ import main
from warmbook.errors import RecordError
from warmbook.measure.runs.record import parse, read
from warmbook.measure.runs.schema import SCHEMA

OLD = Path(__file__).parents[2] / "golden" / "runs" / "before-ids.json"
"""What `warmbook run` wrote in a rehearsal, with the quick engine, before runs had ids."""

AT = "2026-11-29T14:11:05Z"

WHOLE = {
    "schema": SCHEMA,
    "target": "rehearsal",
    "settings": {"project_id": "my-project", "location": "us-central1"},
    "versions": {"warmbook": "0.1.0"},
    "notebooks": [{"name": "07_streaming", "status": "passed", "seconds": 3.0, "error": ""}],
    "streams": [{"pod": "p", "bytes": 2**30, "seconds": 2.0, "gib_s": 0.5, "source": "streamer"}],
    "phases": [
        {"name": "scheduling", "seconds": 1.0, "source": "Kubernetes"},
        {"name": "weights streamed", "seconds": 2.0, "source": "streamer"},
    ],
    "question": "q",
    "answer": "a",
    "created": ["cluster c"],
    "left": [],
}


def data(**changes):
    return json.dumps({**WHOLE, **changes}).encode()


def test_phases_without_a_start_are_consecutive_and_others_keep_their_start():
    assert parse(data()).cold_start_s == 3
    started = [{"name": "new", "start": 1.5, "seconds": 4, "source": "log"}, *WHOLE["phases"]]
    placed = [(start, phase.title) for start, phase in parse(data(phases=started)).timeline()]
    assert placed[0] == (1.5, "new")
    assert placed[1] == (5.5, "scheduled on a node")


ANSWERED = [*WHOLE["phases"], {"name": "first answer", "seconds": 22, "source": "workbook"}]


def test_a_cold_start_ends_with_the_first_answer_if_recorded_else_with_readiness():
    old, new = parse(data()), parse(data(phases=ANSWERED))
    assert (old.ready_s, old.first_answer_s, old.cold_start_s) == (3, None, 3)
    assert (new.ready_s, new.first_answer_s, new.cold_start_s) == (3, 25, 25)


@pytest.mark.parametrize(
    ("changes", "engine"),
    [
        ({"engine": "vLLM"}, "vLLM"),
        ({"engine": "quick engine", "answer": ""}, "quick engine"),
        # before the key was written
        ({"answer": "", "declined": "it answers no chat"}, "quick engine"),
        ({"versions": {"vllm": "0.32.0"}}, "vLLM"),
        ({"engine": "", "answer": ""}, ""),
    ],
)
def test_the_engine_is_the_recorded_one_or_derived_from_the_answer(changes, engine):
    assert parse(data(**changes)).engine == engine


COST = {
    "machine": "g2-standard-16",
    "spot": False,
    "hourly_usd": 1.2,
    "region": "us-central1",
    "date": "2026-08-20",
    "listed": True,
}
PRICED = [
    {**phase, "usd": usd} for phase, usd in zip(WHOLE["phases"], (0.0, 0.000667), strict=True)
]


def test_a_cost_needs_its_price_and_an_old_record_has_none():
    assert parse(data()).usd is None
    paid = {"phases": PRICED, "cost": COST, "target": "google-cloud"}
    assert parse(data(**paid)).usd == pytest.approx(2.0 / 3600 * 1.2, abs=1e-6)
    assert parse(data(**{**paid, "cost": None})).usd is None
    assert parse(data(**{**paid, "phases": WHOLE["phases"]})).usd is None
    assert parse(data(**{**paid, "target": "rehearsal"})).usd is None


@pytest.mark.parametrize("key", sorted(WHOLE))
def test_a_missing_key_is_named(key):
    record = {name: value for name, value in WHOLE.items() if name != key}
    with pytest.raises(RecordError, match=f"key {key} is missing"):
        parse(json.dumps(record).encode())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": SCHEMA + 1}, "newer"),
        ({"schema": SCHEMA - 1}, "older"),
        ({"schema": True}, "schema"),
        ({"phases": [{"name": "driver", "seconds": "1"}]}, r"phases\.0\.seconds"),
        ({"phases": [{"name": "driver", "seconds": -1}]}, r"phases\.0\.seconds"),
        ({"streams": {}}, "streams"),
    ],
)
def test_a_record_that_violates_the_schema_is_refused_in_one_line(changes, words):
    with pytest.raises(RecordError, match=words) as refused:
        parse(data(**changes))
    assert "\n" not in refused.value.what


@given(st.binary() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode))
def test_any_other_input_is_refused_without_another_exception(text):
    with pytest.raises(RecordError):
        parse(text)


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"schema": 1, "a": NaN}', b'"\\ud800"', b""])
def test_damaged_json_is_refused(text):
    with pytest.raises(RecordError):
        parse(text)


def test_a_run_is_named_by_its_folder_or_its_file(tmp_path):
    with pytest.raises(RecordError, match=r"run\.json does not exist"):
        read(tmp_path)
    (tmp_path / "run.json").write_bytes(data())
    assert read(tmp_path) == read(tmp_path / "run.json")


def test_a_record_from_before_runs_had_ids_is_read_shown_and_compared(tmp_path, capsys):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(OLD.read_bytes())
    new.write_bytes(data(id="one", began=AT, ended=AT, commit="a1"))
    record = read(old)
    assert (record.id, record.began, record.where, record.interactive) == ("", "", None, False)
    assert record.ready_s == pytest.approx(sum(phase.seconds for phase in record.phases), abs=0.01)
    assert record.slowest_stream.bytes == 269_060_184
    assert len(record.notebooks) == 8
    assert main(["report", str(old), "--out", str(tmp_path / "page.html")]) == 0
    assert "smollm2-135m-instruct" in (tmp_path / "page.html").read_text()
    assert main(["compare", str(old), str(new)]) == 0
    assert main(["compare", str(old), str(OLD)]) == 1
    assert "same run" in capsys.readouterr().err


def test_a_file_without_end_is_refused():
    with pytest.raises(RecordError):
        read(Path("/dev/zero"))
