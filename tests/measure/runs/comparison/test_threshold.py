import pytest

from warmbook.errors import SettingsError
from warmbook.measure.runs.comparison.figures import Figures
from warmbook.measure.runs.comparison.threshold import figure_of, parsed
from warmbook.measure.runs.record import parse

from ..test_record import ANSWERED, data


@pytest.mark.parametrize(
    ("text", "key", "operator", "share"),
    [
        ("cold_start > +20%", "cold_start", ">", 0.2),
        ("stream_rate<-20%", "stream_rate", "<", -0.2),
        (" phase.node ready >=  +2.5 % ", "phase.node ready", ">=", 0.025),
        ("ready <= -0%", "ready", "<=", 0.0),
    ],
)
def test_a_relative_threshold_is_a_share_of_the_base(text, key, operator, share):
    found = parsed(text)
    assert (found.key, found.operator) == (key, operator)
    assert found.share == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "unit", "limit"),
    [
        ("ready > 90s", "seconds", 90),
        ("ready > 90", "seconds", 90),
        ("ready > 1.5 min", "seconds", 90),
        ("ready > 5 min 03 s", "seconds", 303),
        ("ready > 0.5h", "seconds", 1800),
        ("stream_rate < 1.5", "GiB/s", 1.5),
        ("stream_rate < 512 MiB/s", "GiB/s", 0.5),
        ("stream_bytes > 2GiB", "bytes", 2**31),
        ("equal_answers < 95%", "share", 0.95),
        ("cost > $0.01", "USD", 0.01),
    ],
)
def test_an_absolute_threshold_is_in_the_units_that_are_shown(text, unit, limit):
    found = parsed(text)
    assert found.share is None
    assert found.limit(unit) == pytest.approx(limit)


@pytest.mark.parametrize(
    "text",
    [
        *("", "cold_start", "cold_start >", "> 5", "cold_start = 5", "cold_start => 5"),
        *("cold_start > fast", "cold_start > 20 %%", "cold_start > +-2%", "cold_start > ٣s"),
        *("cold_start > +20% < 3", "ready > +20", "ready > -5s", "ready > 5 5"),
    ],
)
def test_what_is_no_threshold_is_refused(text):
    with pytest.raises(SettingsError) as error:
        parsed(text)
    assert error.value.remedy


@pytest.mark.parametrize(
    "text", ["ready > 5 GiB", "ready > 95%", "ready > 5 fortnights", "ready > 1e5 s"]
)
def test_a_unit_of_another_figure_is_refused_with_those_that_fit(text):
    with pytest.raises(SettingsError) as error:
        parsed(text).limit("seconds")
    assert "min" in error.value.remedy


def figure(text, *records):
    runs = [(str(number), parse(data(**record))) for number, record in enumerate(records)]
    found = figure_of(parsed(text), Figures(runs))
    return found and found.key


def test_a_percentage_without_a_sign_is_refused_with_both_signs():
    with pytest.raises(SettingsError) as raised:
        parsed("cold_start > 20%").limit("seconds")
    assert "+20%" in raised.value.remedy
    assert "-20%" in raised.value.remedy


@pytest.mark.parametrize(
    ("key", "figure_key"),
    [
        ("cold_start", "ready"),
        ("stream_rate", "stream.gib_s"),
        ("stream.gib_s", "stream.gib_s"),
        ("phase.weights streamed", "phase.weights streamed"),
        ("phase_weights_streamed", "phase.weights streamed"),
        ("notebook.07_streaming", "notebook.07_streaming"),
        ("phase.compile", None),
        ("first_answer", None),
    ],
)
def test_a_key_names_its_figure_and_one_that_no_run_has_names_none(key, figure_key):
    assert figure(f"{key} > 1", {}, {}) == figure_key


def test_a_cold_start_ends_with_the_first_answer_only_where_every_run_has_one():
    answered = {"phases": ANSWERED}
    assert figure("cold_start > 1", answered, answered) == "first_answer"
    assert figure("cold_start > 1", answered, {}) == "ready"


def test_an_unknown_key_is_refused_with_the_known_ones_and_the_one_that_was_meant():
    with pytest.raises(SettingsError) as error:
        figure("cold_strat > 1", {}, {})
    assert "Did you mean cold_start?" in error.value.remedy
    assert "notebook.07_streaming" in error.value.remedy
