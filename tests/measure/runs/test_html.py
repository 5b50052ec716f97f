import json
import random
import re
from html import unescape

import pytest

from warmbook import texts
from warmbook.__main__ import main
from warmbook.book import session, shipped
from warmbook.display.picture import DARK, NAMES
from warmbook.display.plots import TIMES
from warmbook.measure.runs.headline import about, verdict
from warmbook.measure.runs.html import page
from warmbook.measure.runs.record import parse

from ...safety.test_escaping import Structure, nasty
from .test_record import ANSWERED, COST, PRICED, WHOLE, data

LONG = 5000
AT = "2026-11-29T14:11:05Z"
DEFAULTS = {"gpu": "nvidia-l4", "gpu_count": 1}
SEED = 20261123

ANSWER = {"notebook": "03_weights", "exercise": "03-load-time", "kind": "predict", "answer": "9 s"}
ROUND = {"level": "two", "faults": ["api-off"], "attempts": 2, "hints": 1, "points": 0.5}


def everywhere(value):
    """Return a record with the value wherever a text can stand."""
    return {
        **WHOLE,
        "target": "google-cloud",
        "engine": value,
        "id": value,
        **{"began": AT, "ended": AT, "account": value, "commit": value, "interactive": True},
        "where": {"project": value, "location": value, "host": value, "rehearsal": value},
        "settings": {**DEFAULTS, "project_id": value, "model_uri": value, "unknown": value},
        "versions": {"vllm": value},
        "notebooks": [
            {
                **{"name": value, "status": f"x{value}", "seconds": 1.0, "error": value},
                "checks": [{"claim": value, "passed": False, "at": AT, "failures": 1}],
            }
        ],
        "streams": [{**WHOLE["streams"][0], "pod": value, "source": value}],
        "phases": [{"name": value, "seconds": 1.0, "source": value, "usd": 1.0}],
        **{"question": value, "answer": value, "created": [value], "left": [value]},
        "perhaps": [value],
        "answered": {"pod": value, "seconds": 1.0},
        "cost": {**COST, "machine": value, "region": value, "date": value},
        "shaped": {"rate": value},
        "parity": {"prompts": 2, "equal": 1, "against": value, "first_difference": value},
        "served": {"verdict": value, "prompts": 2, "equal": 1, "first_difference": value},
        "comparison": {"runs": [{"loader": value, "seconds": [1.0]}], "sentence": value},
        "answers": [{**ANSWER, "notebook": value, "exercise": value, "answer": value}],
        "gym": [{**ROUND, "faults": [value]}],
    }


def spaced(html):
    """Return a page with plain spaces for those that keep a figure and its unit on one line."""
    return html.replace("\u00a0", " ")


def made(value):
    return page(parse(json.dumps(everywhere(value)).encode()), value)


@pytest.mark.slow
def test_no_value_adds_an_element_or_an_attribute():
    rng, expected = random.Random(SEED), Structure(made("plain")).found
    for value in (*(nasty(rng) for _ in range(500)), "\u202e</script></style>\n" * LONG):
        assert Structure(made(value)).found == expected, value[:200]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_is_self_contained_and_declares_its_language(language):
    texts.speak(language)
    html = page(parse(data()), "a")
    assert f'<html lang="{language}">' in html
    for outside in ("http:", "https:", "<script", "src=", "href=", "url(", "@import"):
        assert outside not in html


def test_what_was_not_run_is_named_on_one_line_and_has_no_section_and_no_empty_table():
    html = page(parse(data(phases=[], streams=[], question="", left=None, created=[])), "a")
    (told,) = re.findall(r"Not run: ([^<]*)\.<", html)
    absent = told.split(", ")
    assert len(absent) == 6
    assert not set(absent) & set(re.findall("<h2>(.*)</h2>", html))
    assert "Cleanup did not run" in html
    assert not re.search(r"<table[^>]*>\s*</table>", html)


@pytest.mark.parametrize(
    ("left", "perhaps", "told"),
    [
        ([], [], ["Left behind: nothing"]),
        ([], ["cache zone-a"], ["May be yours: cache zone-a"]),
        (["cluster c"], [], ["Left behind: cluster c"]),
        (["cluster c"], ["cache zone-a"], ["Left behind: cluster c", "May be yours: cache zone-a"]),
    ],
)
def test_nothing_is_left_behind_only_where_nothing_may_be_the_readers(left, perhaps, told):
    html = page(parse(data(created=["cluster c"], left=left, perhaps=perhaps)), "a")
    assert re.findall(r">((?:Left behind|May be yours): [^<]*)<", html) == told
    assert html.count("<td>may be yours</td>") == len(perhaps)


def test_an_older_record_without_perhaps_shows_what_is_left():
    assert "perhaps" not in WHOLE
    assert "Left behind: nothing" in page(parse(data(left=[])), "a")


def paid(**changes):
    record = {"target": "google-cloud", "phases": PRICED, "cost": COST, **changes}
    return page(parse(data(**record)), "a")


def test_a_cost_has_its_price_with_date_region_and_machine():
    html = paid()
    assert "The machine cost $0.0007 until the server was ready." in html
    assert "g2-standard-16 in us-central1 as of 2026-08-20: $1.2000 per hour" in html
    assert html.count("$0.0007") == 2
    assert "$0.0000" not in html
    assert "Spot" not in html
    assert "g2-standard-16 (Spot)" in paid(cost={**COST, "spot": True})
    assert "computed from others" in paid(cost={**COST, "listed": False})


@pytest.mark.parametrize("changes", [{}, {"cost": None}, {"phases": WHOLE["phases"]}])
def test_the_banner_states_no_cost_only_without_a_cost(changes):
    html = paid(**changes)
    assert ("The record contains no cost" in html) is (changes != {})
    assert ("$" in html) is (changes == {})


def test_a_rehearsal_has_no_cost_whatever_its_record_contains():
    html = paid(target="rehearsal")
    assert "Nothing was billed" in html
    assert "$" not in html


def test_the_page_shows_the_time_of_the_answer_and_its_pod():
    told = {"pod": "one", "seconds": 22.0, "first": True}
    html = spaced(page(parse(data(phases=ANSWERED, answered=told)), "a"))
    assert "25 s from Pod creation to first response" in html
    assert "22 s, first response of one" in html
    assert "3.0 s from Pod creation to ready" in spaced(page(parse(data()), "a"))
    later = page(parse(data(answered={**told, "first": False})), "a")
    assert "one had responded before" in later


def test_a_figure_keeps_the_line_of_its_unit():
    html = page(parse(data()), "a")
    assert ", 0.50\u00a0GiB/s</td>" in html
    assert ">0.50\u00a0GiB/s</dd>" in html
    assert ">3.0\u00a0s from Pod creation" in html


def test_the_quick_engine_is_named_on_top():
    quick = page(parse(data(engine="quick engine")), "a")
    assert "quick engine replaced vLLM" in quick
    assert "quick engine" not in page(parse(data(engine="vLLM")), "a")


def test_a_setting_that_is_none_of_ours_is_named_and_its_value_is_not_shown():
    html = page(parse(data(settings={"hf_token": "hf_planted"})), "a")
    assert "hf_token" in html
    assert "hf_planted" not in html


def test_the_verb_writes_the_page_beside_the_record(tmp_path, capsys):
    (tmp_path / "run.json").write_bytes(data(shaped={"mbit_s": 100}))
    assert main(["report", str(tmp_path), "--language", "es"]) == 0
    html = (tmp_path / "report.html").read_text()
    assert "Inicio en frío" in html
    assert "mbit_s 100" in html
    assert main(["report", str(tmp_path / "nowhere")]) == 2


def test_without_a_run_the_page_is_of_the_readers_own_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shipped, "workplaces", lambda: [tmp_path / "clone"])
    assert main(["report"]) == 2
    own = tmp_path / session.FOLDER / "20261129-141105"
    own.mkdir(parents=True)
    (own / "run.json").write_bytes(data(interactive=True))
    assert main(["report"]) == 0
    assert capsys.readouterr().out.strip() == str(own / "report.html")
    assert "20261129-141105" in (own / "report.html").read_text()


def facts_of(**changes):
    """Return the headline of a record by the names of its facts."""
    html = spaced(page(parse(data(**changes)), "a"))
    return dict(re.findall(r"<dt>(.*)</dt>\n<dd class=\"\w*\">(.*)</dd>", html))


MODEL = {"model_uri": "gs://my-bucket/models/gemma-2-9b-it/", "gpu": "nvidia-l4", "gpu_count": 2}


def test_the_headline_has_model_gpu_cold_start_rate_and_verdict():
    assert facts_of(target="google-cloud", settings=MODEL) == {
        "Model": "gemma-2-9b-it",
        "GPU": "2x nvidia-l4",
        "Cold start": "3.0 s",
        "Rate": "0.50 GiB/s",
        "Verdict": "✔ passed",
    }
    assert facts_of(settings=MODEL)["GPU"] == "none (rehearsal)"
    nothing = facts_of(target="google-cloud", settings={}, phases=[], streams=[])
    assert list(nothing.values())[:4] == ["not recorded"] * 2 + ["not measured"] * 2


FAILED = {"name": "07_streaming", "status": "failed", "seconds": 3.0}
BEGUN = {**FAILED, "status": "begun"}
CORRUPTED = {"verdict": "corrupted", "prompts": 8, "equal": 0}


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({}, "ok"),
        ({"notebooks": [BEGUN]}, "warning"),
        ({"left": None}, "ok"),  # a command runs a part of the book on purpose
        ({"left": None, "interactive": True}, "warning"),
        ({"interactive": True}, "ok"),
        ({"notebooks": [{**FAILED, "status": "not-run"}]}, "warning"),
        ({"notebooks": [BEGUN, FAILED]}, "error"),
        ({"notebooks": [{**FAILED, "status": "interrupted"}]}, "error"),
        ({"left": ["cluster c"]}, "error"),
        ({"served": CORRUPTED}, "error"),
        ({"served": {**CORRUPTED, "verdict": "different"}}, "ok"),
    ],
)
def test_the_verdict_is_the_worst_in_the_record(changes, severity):
    assert verdict(parse(data(**changes)))[0] == severity


def test_the_page_shows_time_place_and_account_if_the_record_has_them():
    where = {"host": "cloud-shell"}
    told = {"began": AT, "ended": "2026-11-29T15:02:11Z", "account": "me@example.com"}
    record = parse(data(**told, where=where, interactive=True))
    when, how, host, who = about(record).replace("\u2011", "-").replace("\u00a0", " ").split(" · ")
    assert when == "2026-11-29 14:11 - 15:02 UTC"
    assert (host, who) == ("Cloud Shell", "me@example.com")
    older = about(parse(data()))
    assert older
    assert how not in older
    assert " · " not in older


def test_settings_that_have_their_default_are_folded():
    chosen = {"project_id": "my-project", "namespace": "mine", "gpu": "nvidia-l4", "replicas": 1}
    html = page(parse(data(settings=chosen)), "a")
    open_, _, folded = html.partition("<h2>Settings</h2>")[2].partition("<details>")
    assert re.findall('<th scope="row">(.*)</th>', open_) == ["project_id", "namespace"]
    assert re.findall('<th scope="row">(.*)</th>', folded.partition("</details>")[0]) == [
        "gpu",
        "replicas",
    ]


def test_each_bar_has_a_text_and_each_colour_its_meaning():
    html = page(parse(data()), "a")
    assert re.findall('role="img" aria-label="(.*)"', html) == [
        "cluster: from 0.0 s to 1.0 s",
        "weights: from 1.0 s to 3.0 s",
    ]
    meanings = re.findall('fill="(.*)"/></svg>(.*)</li>', html)
    bars = re.findall(r'height="1" fill="(var\(--\w+\))"/>\n</svg>', html)
    assert [meaning for _, meaning in meanings] == ["cluster", "weights"]
    assert [colour for colour, _ in meanings] == bars


def test_phases_have_the_colours_of_the_pictures_on_both_papers():
    html = page(parse(data()), "a")
    told = re.findall(r"--(cluster|container|server|weights|unexplained): (#\w+);", html)
    light = list(TIMES.items())
    assert told[:5] == told[10:] == light  # print is as light
    assert told[5:10] == [(kind, DARK[NAMES[colour]]) for kind, colour in light]


def test_the_network_is_told_in_words_and_figures_that_are_not_ours_as_recorded():
    shaped = {"latency_ms": 30, "stream_mib_s": 10, "nic_gbps": 0}
    html = spaced(page(parse(data(shaped=shaped)), "a"))
    assert "30 ms to the first byte, 10 MiB/s per stream<" in html
    assert "mbit_s 100<" in page(parse(data(shaped={"mbit_s": 100})), "a")


def test_deleted_resources_are_named_in_the_readers_language():
    created = ["cluster run-ai-test", "role roles/x on gs://b", "node pool g2", "Deployment d"]
    texts.speak("es")
    html = page(parse(data(created=created, left=["cache us-central1-a"], perhaps=[])), "a")
    names = ("clúster run-ai-test", "rol roles/x sobre gs://b", "grupo de nodos g2", "Deployment d")
    for name in (*names, "caché us-central1-a"):
        assert f'<th scope="row">{name}</th>' in html


def test_the_quick_engine_declines_in_the_readers_language():
    declined = "This is the rehearsal's quick engine: it streams the weights and answers no chat."
    texts.speak("es")
    html = page(parse(data(answer="", declined=declined)), "a")
    assert declined not in unescape(html)
    assert texts.say(declined) in unescape(html)


def test_checks_are_in_the_readers_language_with_how_often_they_failed():
    texts.speak("es")
    claim = "the streamer read every byte of the weights"
    check = {"claim": claim, "passed": True, "at": AT, "failures": 2}
    html = page(parse(data(notebooks=[{**BEGUN, "checks": [check]}])), "a")
    assert texts.say(claim) in html
    assert claim not in html
    assert "fallos: 2" in html


def test_answers_and_rounds_of_the_gym_have_sections_and_older_records_have_none():
    right = {**ANSWER, "measured": "8.7 s", "right": True, "at": AT}
    open_round = {**ROUND, "faults": [], "seconds": 61.0, "done": False}
    rounds = [{**ROUND, "done": True}, open_round]
    html = spaced(page(parse(data(answers=[right], gym=rounds)), "a"))
    exercises, gym = (html.partition(f"<h2>{head}</h2>")[2] for head in ("Exercises", "Gym"))
    cells = re.findall("<td[^>]*>(.*)</td>", exercises.partition("</table>")[0])
    assert cells[:3] == ["9 s", "8.7 s", "✔ right"]
    cells = re.findall("<td[^>]*>(.*)</td>", gym.partition("</table>")[0])
    assert cells[:4] == ["api-off", "50%", "2", "1"]
    assert cells[7:9] == ["-", "not graded"]
    older = page(parse(data()), "a")
    assert not {"Exercises", "Gym"} & set(re.findall("<h2>(.*)</h2>", older))
