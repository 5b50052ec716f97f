import re
from dataclasses import replace
from pathlib import Path

import pytest

from warmbook import texts
from warmbook.__main__ import main
from warmbook.measure.coldstart.card import ColdStart, phase_name
from warmbook.measure.coldstart.timeline import (
    ORDER,
    UNEXPLAINED,
    Phase,
    Timeline,
    Witness,
    which_answer,
)
from warmbook.model.gpus import machine

SAVED = Path(__file__).parents[2] / "golden" / "startlogs" / "vllm-0.9.0-streamer-0.12.log"
GUIDE = Witness("streamer", 15 * 2**30, 13.4, True, "Overall time to stream 15.0 GiB …")
PHASES = (
    Phase("node ready", 0, 60, "Kubernetes"),
    Phase("image pull", 60, 36, "event"),
    Phase("weights streamed", 96, 13.4, "streamer"),
    Phase(UNEXPLAINED, 109.4, 20, "log"),
    Phase("ready", 129.4, 0.6, "Kubernetes"),
)
ONE = Timeline("one", PHASES, ("server up",), GUIDE)


def test_the_load_is_a_share_of_the_whole_start():
    assert ColdStart((ONE,)).load_percent == pytest.approx(100 * 13.4 / 130)
    assert ColdStart((replace(ONE, witness=None),)).load_percent is None


def test_each_phase_has_its_source_and_what_the_idle_machine_cost():
    told = repr(ColdStart((ONE,), machine("g2-standard-16")))
    assert "image pulled: 36 s, event, $0.0115" in told
    assert "until the node was ready: 1 min 00 s, Kubernetes\n" in told
    assert "30 % of the limit: 32 Gbps (g2-standard-16)" in told
    assert "No signal reports: server ready." in told
    assert "list price" in told


def test_every_limit_is_shown_with_its_time_and_estimates_are_marked():
    told = repr(ColdStart((ONE,), machine("g2-standard-16"), streams=32))
    (row,) = [line for line in told.splitlines() if "Shortest possible" in line]
    assert "4.0 s: 32 Gbps (g2-standard-16); 3.6 s: the streamer's parallel reads (an esti" in row
    assert row.count("(an estimate)") == 3
    few = ColdStart((ONE,), machine("g2-standard-16"), streams=1)
    share, binds = few.efficiency
    assert (binds, share) == ("streams", pytest.approx(15 * 1024 / 135 / 13.4))
    assert "Shortest possible" not in repr(
        ColdStart((ONE,), machine("g2-standard-16"), rehearsal=True)
    )


def test_a_spot_machine_costs_less_and_an_unknown_one_nothing():
    listed, spot = (ColdStart((ONE,), machine("g2-standard-16"), spot=s) for s in (False, True))
    assert repr(listed) != repr(spot)
    assert "$" not in repr(ColdStart((ONE,)))
    assert ColdStart((ONE,)).efficiency is None


def test_each_rank_has_its_own_number_and_without_one_its_place():
    ranks = ((3, 2**30, 1.0), (None, 2**31, 2.0))
    load = replace(GUIDE, ranks=ranks)
    told = repr(ColdStart((replace(ONE, witness=load),)))
    assert re.search(r"rank 3: +1.0 GiB", told) and re.search(r"rank 1: +2.0 GiB", told)


def test_a_rehearsal_shows_no_efficiency():
    start = ColdStart((ONE,), machine("g2-standard-16"), rehearsal=True)
    assert start.efficiency is None
    assert "nothing is billed" in start.note()


def test_the_record_has_the_cost_with_its_price_but_of_a_rehearsal():
    g2 = machine("g2-standard-16")
    told = ColdStart((ONE,), g2, spot=True).record()
    assert told["cost"] == {
        "machine": "g2-standard-16",
        "spot": True,
        "hourly_usd": g2.price.spot_usd,
        "region": g2.price.region,
        "date": g2.price.date,
        "listed": True,
    }
    costs = {phase["name"]: phase["usd"] for phase in told["phases"]}
    assert costs["node ready"] == 0
    assert costs["image pull"] == pytest.approx(36 / 3600 * g2.price.spot_usd, abs=1e-6)
    for unpaid in (ColdStart((ONE,), g2, rehearsal=True), ColdStart((ONE,))):
        assert unpaid.record()["cost"] is None
        assert not [phase for phase in unpaid.record()["phases"] if "usd" in phase]


def test_the_record_has_thousandths_of_a_second_and_millionths_of_a_dollar():
    one = Timeline("one", (Phase("driver", 0.12345, 1.23456, "Kubernetes"),))
    (told,) = ColdStart((one,), machine("g2-standard-16")).record()["phases"]
    usd = machine("g2-standard-16").price.on_demand_usd * 1.23456 / 3600
    assert (told["start"], told["seconds"], told["usd"]) == (0.123, 1.235, round(usd, 6))


def test_an_answer_is_the_first_a_later_one_or_unknown():
    assert which_answer("p", True) == "first response of p"
    assert which_answer("p", False) == "p had responded before"
    assert which_answer("p", None) == "p does not report whether it had responded before"


def test_much_that_is_unexplained_is_pointed_out():
    assert ColdStart((ONE,)).edge() == "warning"
    small = (*PHASES[:3], Phase(UNEXPLAINED, 109.4, 1, "log"))
    assert ColdStart((replace(ONE, phases=small),)).edge() == "ok"


def test_a_tenth_that_is_unexplained_is_much():
    phases = (Phase("node ready", 0, 90, "Kubernetes"), Phase(UNEXPLAINED, 90, 10, "log"))
    assert ColdStart((Timeline("one", phases),)).edge() == "warning"


@pytest.mark.parametrize(("letters", "quoted"), [(199, 199), (200, 200), (5000, 200)])
def test_a_long_line_of_the_log_is_cut(letters, quoted):
    told = replace(GUIDE, line=f"2026-11-23T10:00:00.5Z {'x' * letters}")
    (row,) = [row for row in ColdStart((replace(ONE, witness=told),)).rows() if "x" in row.detail]
    quote = row.detail.rpartition(" ")[2]
    assert len(quote) == quoted
    assert quote.endswith("…") is (letters >= 200)


def test_the_caption_leaves_out_what_is_too_short():
    phases = (*PHASES, Phase("warm-up", 130, 0.04, "vLLM"))
    caption = repr(ColdStart((replace(ONE, phases=phases),)).plot())
    assert "ready 0.6 s" in caption
    assert "warm-up" not in caption


def test_an_incomplete_load_is_an_error():
    half = replace(GUIDE, whole=False)
    assert ColdStart((replace(ONE, witness=half),)).edge() == "error"


def test_each_rank_has_a_row_where_there_are_several():
    ranks = ((0, 2**30, 12.0), (1, 2**30, 13.4))
    told = repr(ColdStart((replace(ONE, witness=replace(GUIDE, ranks=ranks)),)))
    assert "rank 1: 1.0 GiB, 13 s" in told
    assert "rank" not in repr(ColdStart((replace(ONE, witness=replace(GUIDE, ranks=ranks[:1])),)))


def test_the_caption_lists_the_phases_and_counts_the_replicas():
    assert "image pulled 36 s" in repr(ColdStart((ONE,)).plot())
    both = ColdStart((ONE, replace(ONE, pod="two")))
    assert repr(both.plot()) == "Cold starts of 2 Pods, the slowest 2 min 10 s"
    assert both.record()["pod"] == "one"


def test_the_details_have_each_pod_and_the_record_the_first():
    start = ColdStart((ONE, replace(ONE, pod="two", lives=3)), machine("g2-standard-16"))
    told = start.details()
    assert [(one["pod"], one["seconds"], one["starts"]) for one in told["pods"]] == [
        ("one", 130.0, 1),
        ("two", 130.0, 3),
    ]
    assert told["pods"][0]["phases"] == start.record()["phases"]
    assert told["pods"][0]["missing"] == ["server up"]
    assert told["pods"][0]["unexplained"] == pytest.approx(20 / 130, abs=1e-4)
    assert told["pods"][0]["stream"]["bytes"] == 15 * 2**30
    assert told["cost"] == start.record()["cost"]


def test_remarks_mention_clock_offsets_and_restarts():
    odd = replace(ONE, shifted_s=-28800.0, clock_offset_s=-7.5, lives=3)
    note = ColdStart((odd,)).note()
    assert "differ by 7.5 s" in note
    assert "shifted by 480 min 00 s" in note
    assert "started 3 times" in note
    assert ColdStart((ONE,)).note() == "No signal reports: server ready."


@pytest.mark.parametrize(("ahead_s", "told"), [(1.4, False), (-1.6, True), (1.6, True)])
def test_clocks_that_differ_by_less_than_whole_seconds_are_the_same(ahead_s, told):
    note = ColdStart((replace(ONE, clock_offset_s=ahead_s),)).note()
    assert (f"differ by {abs(ahead_s)} s" in note) is told
    assert ("differ" in note) is told


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_phase_has_a_name(language):
    texts.speak(language)
    names = [phase_name(name) for name in (*ORDER, UNEXPLAINED)]
    assert len(set(names)) == len(names)


def test_timeline_reads_a_saved_log_without_a_cluster(tmp_path, capsys):
    picture = tmp_path / "start.png"
    assert main(["timeline", "--log", str(SAVED), "--picture", str(picture)]) == 0
    told = capsys.readouterr().out
    assert "Cold start of log file" in told
    assert "CUDA graphs: 37 s, vLLM" in told
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_timeline_names_a_missing_log(tmp_path, capsys):
    assert main(["timeline", "--log", str(tmp_path / "none")]) == 2
    assert "can't be read" in capsys.readouterr().err
