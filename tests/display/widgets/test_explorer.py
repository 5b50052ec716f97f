"""The explorer, its traits changed as the front end does."""

import time

import pytest

from warmbook import texts
from warmbook.display.widgets.explorer import Explorer
from warmbook.model.gpus import machine
from warmbook.model.start_estimate import Assumed, OwnStart, Part

START = Assumed(15.0, 1, 32, 32)
OWN = OwnStart((Part("node", 60, 60), Part("weights", 13.4, 13.4)), ((15 * 2**30, 13.4),))


def explorer(start=START, own=None):
    return Explorer(start, machine("g2-standard-16"), own)


def moved(one, **values):
    """Change a control as a message of the front end does."""
    for name, value in values.items():
        one.controls[name].set_state({"value": value})
    return one


def test_it_begins_at_the_values_that_it_is_given_also_where_they_pass_a_sliders_end():
    large = Assumed(1500.25, 32, 800, 512, 5, 100, 2000, cache=True)
    assert explorer(large).assumed == large
    assert explorer(Assumed(0.03, 1, 32, 8)).assumed.weights_gib == 0.03


@pytest.mark.parametrize("weights_gib", [0.03, 0.2506, 15.0, 17.214, 1500.25])
def test_the_models_own_size_is_a_step_of_its_slider(weights_gib):
    slider = explorer(Assumed(weights_gib, 1, 32, 32)).controls["weights_gib"]
    steps = (weights_gib - slider.min) / slider.step
    assert slider.min > 0 and steps == pytest.approx(round(steps), abs=1e-6)


def test_a_move_redraws_the_estimate():
    one = explorer()
    before = one._drawn.value
    moved(one, nic_gbps=10)
    assert one._drawn.value != before
    assert "the network (10\u00a0Gbps)" in one._said.value
    moved(one, streams=1)
    assert "parallel reads (1)" in one._said.value
    moved(one, cache=True, replicas=64)
    assert "a zone&#x27;s cache" in one._drawn.value


def test_a_move_is_redrawn_at_once():
    one = explorer(own=OWN)
    start = time.perf_counter()
    for nic_gbps in range(1, 101):
        moved(one, nic_gbps=nic_gbps)
    assert (time.perf_counter() - start) / 100 < 0.05


def test_the_other_parts_are_the_readers_own_until_they_choose_googles():
    one = explorer(own=OWN)
    assert [part.name for part in one.bars.found.parts] == ["node", "weights"]
    one.phases.set_state({"index": 1})
    assert len(one.bars.found.parts) == 6
    assert one.bars.own == OWN  # still marked
    assert explorer().phases is None


def test_headless_it_shows_the_same_picture_for_its_values():
    one = moved(explorer(own=OWN), nic_gbps=10)
    bundle = one._repr_mimebundle_()
    assert bundle["text/plain"] == one.bars.text
    assert one.bars.page in bundle["text/html"] and "onload" not in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_control_has_a_name_of_its_own(language):
    texts.speak(language)
    one = explorer(own=OWN)
    names = [control.description for control in (*one.controls.values(), one.phases)]
    assert all(names) and len(set(names)) == len(names)
    assert ("lecturas en paralelo" in names) == (language == "es")
