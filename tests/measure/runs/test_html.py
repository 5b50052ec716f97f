import json
import random
import re

import pytest

from warmbook import texts
from warmbook.__main__ import main
from warmbook.book import session, shipped
from warmbook.measure.runs.html import page
from warmbook.measure.runs.record import parse

from ...safety.test_escaping import Structure, nasty
from .test_record import ANSWERED, COST, PRICED, WHOLE, data

LONG = 5000
SEED = 20261123


def everywhere(value):
    """Return a record with the value wherever a text can stand."""
    return {
        **WHOLE,
        "target": "google-cloud",
        "engine": value,
        "settings": {"project_id": value, "location": value, "unknown": value},
        "versions": {"vllm": value},
        "notebooks": [{"name": value, "status": f"x{value}", "seconds": 1.0, "error": value}],
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
    }


def made(value):
    return page(parse(json.dumps(everywhere(value)).encode()), value)


@pytest.mark.slow
def test_no_value_adds_an_element_or_an_attribute():
    rng, expected = random.Random(SEED), Structure(made("plain")).found
    for value in (*(nasty(rng) for _ in range(500)), "\u202e</script></style>\n" * LONG):
        assert Structure(made(value)).found == expected, value[:200]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_needs_nothing_else_and_names_its_language(language):
    texts.speak(language)
    html = page(parse(data()), "a")
    assert f'<html lang="{language}">' in html
    for outside in ("http:", "https:", "<script", "src=", "href=", "url(", "@import"):
        assert outside not in html


def test_an_absent_section_says_that_it_was_not_run_and_has_no_empty_table():
    html = page(parse(data(phases=[], streams=[], question="", left=None, created=[])), "a")
    assert html.count("Not run.") == 6
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


def test_a_record_from_before_tells_what_is_left_as_before():
    assert "perhaps" not in WHOLE
    assert "Left behind: nothing" in page(parse(data(left=[])), "a")


def paid(**changes):
    record = {"target": "google-cloud", "phases": PRICED, "cost": COST, **changes}
    return page(parse(data(**record)), "a")


def test_a_cost_has_its_price_with_date_region_and_machine():
    html = paid()
    assert "Until it served, the machine cost $0.0007." in html
    assert "g2-standard-16 in us-central1 as of 2026-08-20: $1.2000 an hour" in html
    assert html.count("$0.0007") == 2
    assert "$0.0000" not in html
    assert "Spot" not in html
    assert "g2-standard-16 (Spot)" in paid(cost={**COST, "spot": True})
    assert "computed from others" in paid(cost={**COST, "listed": False})


@pytest.mark.parametrize("changes", [{}, {"cost": None}, {"phases": WHOLE["phases"]}])
def test_the_banner_says_that_there_is_no_cost_only_where_there_is_none(changes):
    html = paid(**changes)
    assert ("The record tells no cost" in html) is (changes != {})
    assert ("$" in html) is (changes == {})


def test_a_rehearsal_paid_nothing_whatever_stands_in_its_record():
    html = paid(target="rehearsal")
    assert "Nothing was paid" in html
    assert "$" not in html


def test_it_tells_how_long_the_answer_took_and_whose_it_was():
    told = {"pod": "one", "seconds": 22.0, "first": True}
    html = page(parse(data(phases=ANSWERED, answered=told)), "a")
    assert "25 s from the Pod to its first answer" in html
    assert "22 s, the first answer of one" in html
    assert "3.0 s from the Pod to its readiness" in page(parse(data()), "a")
    later = page(parse(data(answered={**told, "first": False})), "a")
    assert "one had answered before" in later


def test_the_quick_engine_is_named_on_top():
    quick = page(parse(data(engine="quick engine")), "a")
    assert "quick engine stood for vLLM" in quick
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
