import re
from xml.etree import ElementTree

import pytest

from warmbook import texts
from warmbook.display.picture import NAMES
from warmbook.display.start_bars import StartBars, part_name
from warmbook.model.gpus import GIB, machine
from warmbook.model.start_estimate import PARTS, Assumed, OwnStart, Part, start_estimate

ASSUMED = Assumed(15, 1, 32, 32)
OWN = OwnStart((Part("node", 60, 60), Part("weights", 13.4, 13.4)), ((15 * GIB, 13.4),))


def bars(own=None, others=None, assumed=ASSUMED):
    others = others or OwnStart()
    found = start_estimate(assumed, machine("g2-standard-16"), others.others)
    return StartBars(assumed, found, own or OwnStart(), others, "<remark>")


def figure(drawn):
    return ElementTree.fromstring(drawn.page[drawn.page.index("<figure") :])


def widths(row):
    return [float(re.search(r"width:([\d.]+)%", bar.get("style"))[1]) for bar in row.iter("i")]


def rows(drawn):
    return [row for row in figure(drawn).iter("div") if row.get("class") == "wb-row"]


def test_the_picture_has_titles_units_and_its_text_as_alternative():
    drawn = bars()
    (alternative,) = (one for one in figure(drawn).iter("div") if one.get("role") == "img")
    assert alternative.get("aria-label") == drawn.text.replace("\n", " ")
    titles = [one.text for one in figure(drawn).iter("figcaption")]
    assert len(titles) == 2 and all("seconds" in title for title in titles)
    assert 'aria-live="polite"' in drawn.said
    assert "<remark>" in "".join(figure(drawn).itertext())


def test_the_longest_bar_is_the_limit_that_binds_and_is_named_in_the_text():
    nic, streams, *_ = rows(bars())
    assert widths(nic) == [100.0]
    assert widths(streams) == [pytest.approx(100 * 3.5556 / 4.0265, abs=0.01)]
    assert "wb-blue" in ElementTree.tostring(nic, "unicode")
    assert "15.0 GiB of weights load in 4.0 s or more. The limit is the network (32 Gbps)" in str(
        bars()
    )


def test_the_readers_measurement_is_marked_in_every_row_of_the_load():
    drawn = bars(OWN, OWN)
    load = rows(drawn)[:5]
    assert all([mark.get("style") for mark in row.iter("u")] == ["left:100.00%"] for row in load)
    assert widths(load[0]) == [pytest.approx(100 * 4.0265 / 13.4, abs=0.01)]
    estimate, measured = rows(drawn)[5:]
    assert sum(widths(measured)) == pytest.approx(100, abs=0.02)
    assert len(widths(estimate)) == 2
    assert "13 s" in drawn.text and "1 min 13 s" in drawn.text
    assert not [mark for row in rows(bars()) for mark in row.iter("u")]


def test_the_source_of_the_other_parts_is_shown():
    assert "October 2026" in bars(OWN).page
    assert "October 2026" not in bars(OWN, OWN).page and "your own" in bars(OWN, OWN).page
    assert "33 to 39" in bars(assumed=Assumed(15, 1, 32, 32, cache=True)).page


def test_every_colour_is_the_pages():
    drawn = bars(OwnStart((*OWN.parts, Part("unexplained", 9, 9))))
    body = drawn.page[drawn.page.index("<figure") :]
    assert not re.search(r"background:#", body)
    assert set(re.findall(r"var\(--wb-([a-z]+)\)", body)) <= set(NAMES.values())


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_part_has_a_name_of_its_own_in_both_languages(language):
    texts.speak(language)
    assert len({part_name(name) for name in PARTS}) == len(PARTS)
    assert ("Estimación" in bars().text) == (language == "es")
