import json
import random
import re
import stat

import pytest

from warmbook import texts
from warmbook.__main__ import main
from warmbook.measure.runs.seats.page import page
from warmbook.measure.runs.seats.search import seats

from ....safety.test_escaping import Structure, nasty
from ..test_html import ANSWER, ROUND, SEED, everywhere, spaced
from .test_seat_records import put

DONE = {"answers": [{**ANSWER, "right": True}], "gym": [{**ROUND, "done": True}]}


def cells(html, head):
    """Return the rows of the first table below a heading, without its heads."""
    table = spaced(html).partition(f"<h2>{head}</h2>")[2].partition("</table>")[0]
    rows = table.split("</thead>")[1].split("<tr>")[1:]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_seat_has_a_row_and_the_class_its_medians(tmp_path, language):
    for number, seconds in enumerate((1.0, 2.0, 9.0)):
        phases = [{"name": "scheduling", "seconds": seconds, "source": "Kubernetes"}]
        put(tmp_path / f"seat-{number}", id=str(number), phases=phases, **DONE)
    put(tmp_path / "seat-3", id="3", phases=[], streams=[])
    texts.speak(language)
    html = page(seats([tmp_path]))
    *rows, medians = cells(html, texts.say("Seats"))
    assert [row[0] for row in rows] == ["seat-0", "seat-1", "seat-2", "seat-3"]
    assert [row[6] for row in rows] == ["1.0 s", "2.0 s", "9.0 s", "-"]
    assert medians[6:10] == ["2.0 s", "0.50 GiB/s", "100%", "50%"]
    assert f'<html lang="{language}">' in html
    assert "<script" not in html


def test_the_picture_has_the_medians_as_its_text(tmp_path):
    put(tmp_path / "a", id="1", **DONE)
    put(tmp_path / "b", id="2")
    html = page(seats([tmp_path]))
    (alternative,) = re.findall(r'role="img" aria-label="([^"]*)"', html)
    assert "07_streaming 3 seconds" in alternative
    assert "Gym 0.5" in alternative
    assert html.count("<svg") == 1


def test_a_class_that_measured_nothing_has_a_page_without_a_picture(tmp_path):
    put(tmp_path / "a", notebooks=[], phases=[], streams=[])
    html = page(seats([tmp_path]))
    assert "<svg" not in html
    assert cells(html, "Seats")[0][0] == "a"


@pytest.mark.slow
def test_no_value_adds_an_element_or_an_attribute(tmp_path):
    rng = random.Random(SEED)

    def structure(value):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / "run.json").write_text(json.dumps(everywhere(value)))
        return Structure(page(seats([tmp_path]))).found

    expected = structure("plain")
    for value in (nasty(rng) for _ in range(4)):
        assert structure(value) == expected, value[:200]


def test_the_verb_writes_page_and_table_for_the_reader_alone_and_names_what_is_left_out(
    tmp_path, capsys
):
    put(tmp_path / "ana", id="1", **DONE)
    (tmp_path / "bo").mkdir()
    (tmp_path / "bo" / "run.json").write_bytes(b"{")
    assert main(["report", str(tmp_path), "--format", "json"]) == 0
    told = capsys.readouterr()
    printed = json.loads(told.out)
    assert (printed["seats"], len(printed["left_out"])) == (2, 1)
    assert str(tmp_path / "bo" / "run.json") in told.err
    for file in (tmp_path / "class.html", tmp_path / "class.csv"):
        assert str(file) in printed.values()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_seat_without_a_record_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "out" / "ana" / "work", id="1")
    (tmp_path / "out" / "bo" / "work").mkdir(parents=True)
    for words in (["out"], ["out/ana", "out/bo"], ["out/ana", "out/nowhere"]):
        assert main(["report", *words, "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        missing = "out/nowhere" if "out/nowhere" in words else "out/bo"
        assert (told["seats"], list(told["left_out"])) == (1, [missing])


def test_the_folder_of_a_class_is_reported_by_its_seats(tmp_path, capsys):
    for name in ("01", "02"):
        put(tmp_path / "seats" / name / "work" / "runs" / "1", id=name)
    assert main(["report", str(tmp_path), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["seats"], told["page"]) == (2, str(tmp_path / "class.html"))


@pytest.mark.parametrize("name", ["nowhere", "broken"])
def test_a_run_that_can_not_be_read_is_named(tmp_path, capsys, name):
    (tmp_path / "broken").write_bytes(b"{")
    assert main(["report", str(tmp_path / name)]) == 2
    assert str(tmp_path / name) in capsys.readouterr().err


def test_the_files_can_be_named_and_a_single_run_is_a_class_where_a_table_is_wanted(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    run = put(tmp_path / "run")
    out, table = tmp_path / "x.html", tmp_path / "y.csv"
    assert main(["report", str(run), str(put(tmp_path / "b")), "--out", str(out)]) == 0
    assert (tmp_path / "x.csv").exists()
    assert main(["report", str(run), "--csv", str(table), "--out", str(out)]) == 0
    assert len(table.read_text("utf-8-sig").splitlines()) == 2
    assert main(["report", str(tmp_path / "nowhere"), str(run)]) == 0
    assert (tmp_path / "class.csv").exists()
    assert main(["report", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert main(["report", str(tmp_path), "--out", str(table)]) == 2
    (tmp_path / "empty").mkdir()
    assert main(["report", str(tmp_path / "empty")]) == 2
