import warnings

from warmbook.display.strips import Panel, strips

PANELS = (
    Panel("seconds", (("01", (1.0, 2.0, 30.0)), ("02 $x$ \U0001f642", (5.0,)))),
    Panel("GiB/s", (("rate", (0.0,)),)),
)


def test_each_panel_has_a_row_for_each_name_and_a_bar_at_the_median():
    figure = strips(PANELS, "caption", "title").figure
    times, rates = figure.axes
    assert [label.get_text() for label in times.get_yticklabels()] == ["01", "02 \\$x\\$ ·"]
    assert [line.get_xdata()[0] for line in times.lines[1:4:2]] == [2, 5]
    assert (times.get_xlabel(), rates.get_xlabel()) == ("seconds", "GiB/s")


def test_it_is_drawn_without_a_warning_and_without_a_panel_not_at_all():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "<svg" in strips(PANELS, "caption", "title").page
    nothing = strips((), "caption", "title")
    assert not nothing.svg
    assert str(nothing) == "caption"
