import json

import pytest
from matplotlib.image import imread

from warmbook.__main__ import main
from warmbook.book import session, shipped
from warmbook.measure.runs.comparison import noise
from warmbook.measure.runs.comparison.compare import Comparison
from warmbook.measure.runs.record import parse, same_run

from ..test_record import ANSWERED, WHOLE, data


@pytest.fixture
def runs(tmp_path):
    def made(**records):
        for name, text in records.items():
            (tmp_path / name).mkdir()
            (tmp_path / name / "run.json").write_bytes(text)
        return [str(tmp_path / name) for name in records]

    return made


SLOWER = {
    "phases": [
        {**phase, "seconds": s} for phase, s in zip(WHOLE["phases"], (2.0, 6.0), strict=True)
    ]
}


def line(told, name):
    return next(one for one in told.splitlines() if one.strip().startswith(name))


def test_differences_are_percents_of_the_first_and_none_within_the_clocks_resolution(runs, capsys):
    assert main(["compare", *runs(a=data(), b=data(**SLOWER))]) == 0
    told = capsys.readouterr().out
    assert "8.0 s (+167%)" in line(told, "cold start")
    assert "6.0 s (+200%)" in line(told, "weights streamed")
    assert "2.0 s (≈)" in line(told, "scheduled on a node")
    assert "Each run is one sample" in told


def test_a_run_whose_first_answer_was_not_timed_does_not_look_faster(runs, capsys):
    assert main(["compare", *runs(a=data(phases=ANSWERED), b=data())]) == 0
    told = capsys.readouterr().out
    assert line(told, "cold start, until ready").split()[4:] == ["3.0", "s", "3.0", "s", "(≈)"]
    assert line(told, "cold start, until first response").split()[-3:] == ["25", "s", "-"]
    assert line(told, "first response").split() == ["first", "response", "22", "s", "-"]
    main(["compare", *runs(c=data(), d=data(id="d"))])
    assert "first response" not in capsys.readouterr().out


def test_changes_are_named_and_equal_runs_give_the_noise():
    base, same = parse(data()), parse(data(**SLOWER))
    other = parse(data(settings={**WHOLE["settings"], "location": "us-east4"}, target="x"))
    comparison = Comparison((("a", base), ("b", same), ("c", other)))
    assert "  b: nothing" in comparison.changes()
    assert "location us-central1 → us-east4" in comparison.changes()
    slow = parse(data(shaped={"latency_ms": 30.0, "jitter": 0.1}))
    slowed = Comparison((("a", base), ("d", slow))).changes()
    assert "shaped - → latency_ms 30.0, jitter 0.1" in slowed
    assert "2 runs (a, b) have the same settings and versions" in str(comparison)
    assert "Different targets" in str(comparison)


def test_a_group_of_equal_runs_is_one_sentence_however_many_there_are():
    runs = tuple((f"r{n}", parse(data(id=f"r{n}"))) for n in range(30))
    (repeats, last) = Comparison(runs).warnings()
    assert repeats.startswith("30 runs (r0, r1, r2, r3, r4 and 25 more)")
    assert "≈" in last


def told_of(base, other):
    both = (("a", parse(data(**base))), ("b", parse(data(**other))))
    return str(Comparison(both))


STREAM = WHOLE["streams"][0]
NODE = {"name": "node ready", "seconds": 60, "source": "Kubernetes"}


def at_load(*loads, **more):
    """Return the changes of a record whose notebooks ended at these loads per processor."""
    (book,) = WHOLE["notebooks"]
    return {"notebooks": [{**book, "cpu_load": load} for load in loads], **more}


UNFAIR = {
    "quick engine": ({"engine": "vLLM"}, {"engine": "quick engine"}, 1),
    "declined": ({"versions": {"vllm": "1"}}, {"declined": "no chat", "answer": ""}, 1),
    "engine not told": ({"engine": "vLLM"}, {"engine": "", "answer": ""}, 1),
    "way of running": ({}, {"interactive": True}, 1),
    "network": ({}, {"shaped": {"mbit_s": 1}}, 1),
    "witness": ({}, {"streams": [{**STREAM, "source": "vLLM"}]}, 1),
    "weights": ({}, {"streams": [{**STREAM, "bytes": 2**31}]}, 1),
    "model": ({}, {"settings": {**WHOLE["settings"], "model_uri": "gs://b/other"}}, 1),
    "node": ({}, {"phases": [NODE, *WHOLE["phases"]]}, 2),
    "busy machine": (at_load(0.3), at_load(0.3, 5.2), 1),
    "restarts": ({}, {"phases": [{**NODE, "name": "earlier attempts"}]}, 2),
}
"""Two records of which one is no measure for the other, by the changes of each, and the warnings:
how far apart their cold starts are is a second one."""


def warnings_of(base, other):
    both = (("a", parse(data(**base))), ("b", parse(data(**other))))
    return set(Comparison(both).warnings())


@pytest.mark.parametrize("name", UNFAIR)
def test_an_unfair_comparison_has_a_warning_and_a_fair_one_none(name):
    base, other, warnings = UNFAIR[name]
    fair = warnings_of(base, base) | warnings_of(other, other)
    assert len(warnings_of(base, other) - fair) == warnings


@pytest.mark.parametrize(
    ("base", "other", "quiet"),
    [
        (at_load(0.3), at_load(0.9), True),
        (at_load(0.3), at_load(0.9, 1.5), False),
        (at_load(1.6), at_load(0.9), False),
        (at_load(0.3), {}, False),
        (at_load(0.3), at_load(0.3, None), False),
        (at_load(0.3), at_load(0.3, target="google-cloud"), False),
    ],
    ids=["quiet", "busy", "busy base", "unknown", "half known", "Google Cloud"],
)
def test_chance_explains_less_between_runs_of_quiet_machines(base, other, quiet):
    runs = (("a", parse(data(**base))), ("b", parse(data(**other))))
    ready = Comparison(runs).figures()[0]
    assert ready.noise == 1 + ready.base * noise.tolerance("ready", quiet=quiet)
    alone = Comparison(runs[:1], (runs[1][1],)).figures()[0]
    assert alone.quiet == quiet


@pytest.mark.parametrize(
    ("shaped", "quiet"),
    [({"stream_mib_s": 10.0}, True), ({"stream_mib_s": 0.0}, False), (None, False)],
)
def test_a_rate_without_a_limit_per_connection_differs_more(shaped, quiet):
    one = parse(data(**at_load(0.3, shaped=shaped)))
    figures = {figure.key: figure for figure in Comparison((("a", one), ("b", one))).figures()}
    assert figures["ready"].quiet
    assert figures["stream.gib_s"].quiet == figures["stream.seconds"].quiet == quiet


def test_another_commit_is_a_change():
    assert "commit a1 → b2" in told_of({"commit": "a1"}, {"commit": "b2"})


def test_the_quick_engine_is_a_change_too():
    told = told_of({"engine": "vLLM"}, {"engine": "quick engine"})
    assert "b: engine vLLM → quick engine" in told
    assert "have the same" not in told


BAD = {
    "newer": data(schema=9),
    "broken": b"{",
    "short": b'{"schema": 1}',
    "stopped": data(phases=[], streams=[], notebooks=[{**WHOLE["notebooks"][0], "status": "x"}]),
}


def test_each_invalid_run_is_reported_in_one_line_and_the_rest_is_shown(runs, capsys, tmp_path):
    folders = runs(a=data(), b=data(id="b"), **BAD)
    assert main(["compare", *folders, str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert len(told.err.splitlines()) == len(BAD) + 1
    assert line(told.out, "cold start")
    assert main(["compare", folders[0], folders[2]]) == 1


@pytest.mark.parametrize("ids", [{}, {"id": "one"}])
def test_two_copies_of_a_record_are_one_run_and_nothing_is_compared(runs, capsys, ids):
    one, copy = runs(a=data(**ids), b=data(**ids))
    for same in (copy, one, f"{one}/run.json"):
        assert main(["compare", one, same]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        reason, error, remedy = told.err.splitlines()
        assert reason == f"✗ {same}: it is the same run as a"
        assert error.startswith("warmbook: ") and remedy.startswith("  → ")


def test_a_run_that_is_named_twice_is_compared_once(runs, capsys):
    one, copy, other = runs(a=data(id="a"), b=data(id="a"), c=data(id="c"))
    assert main(["compare", one, copy, other, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["runs"] == ["a", "c"]
    assert list(told["left_out"]) == [copy]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"id": "a"}, {"id": "a", "answer": "later"}, True),
        ({"id": "a"}, {"id": "b"}, False),
        ({}, {}, True),
        ({}, {"answer": "another"}, False),
        ({}, {"id": "a"}, False),
    ],
)
def test_a_run_is_identified_by_its_id_and_an_older_one_by_its_content(one, other, same):
    assert same_run(parse(data(**one)), parse(data(**other))) is same


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A clone in which nobody has worked."""
    monkeypatch.setattr(shipped, "workplaces", lambda: [tmp_path / "clone"])


def test_one_run_is_wrong_usage(runs, nowhere):
    assert main(["compare", *runs(a=data())]) == 2


def test_one_run_is_compared_with_the_readers_own_work(runs, nowhere, tmp_path, capsys):
    own = tmp_path / "clone" / session.FOLDER / "20261129-141105"
    own.mkdir(parents=True)
    (own / "run.json").write_bytes(data(id="own", interactive=True, **SLOWER))
    assert main(["compare", *runs(a=data())]) == 0
    told = capsys.readouterr().out
    assert told.split()[:2] == ["a", own.name]
    assert "8.0 s (+167%)" in line(told, "cold start")


def test_phases_are_drawn_and_control_characters_are_replaced(runs, capsys, tmp_path):
    odd = {
        "phases": [{"name": r"$\x{$" + "\x1b[2J\u202e", "seconds": 5}],
        "versions": {"x": "\x1b[1m"},
    }
    picture = tmp_path / "p.png"
    assert main(["compare", *runs(a=data(), b=data(**odd)), "--picture", str(picture)]) == 0
    assert imread(picture).shape[1] == 800
    assert not {"\x1b", "\u202e"} & set(capsys.readouterr().out)
