import pytest
from matplotlib.image import imread

from warmbook.__main__ import main
from warmbook.measure.runs.compare import FEW, Comparison
from warmbook.measure.runs.figures import TIME, Figure
from warmbook.measure.runs.many import outliers
from warmbook.measure.runs.record import parse

from .test_compare import SLOWER, runs  # noqa: F401
from .test_record import ANSWERED, WHOLE, data

LONG = "a-seat-whose-name-is-longer-than-the-column-that-it-gets"


def class_of(count):
    """Return runs of which one is slow and of another setting; all have whatever fits a row."""
    slow = {
        "phases": [{**phase, "seconds": 600.0} for phase in ANSWERED],
        "settings": {**WHOLE["settings"], "concurrency": 1},
    }
    others = [parse(data(phases=ANSWERED, id=str(n))) for n in range(count - 1)]
    named = [(f"{LONG}-{n:02}", record) for n, record in enumerate(others)]
    return Comparison((*named, ("slow", parse(data(**slow)))))


def test_thirty_runs_fit_into_eighty_columns_with_a_row_for_each():
    comparison = class_of(30)
    table = comparison.table()
    assert max(map(len, table.splitlines())) <= 80
    rows, spreads, outlying = table.split("\n\n")
    assert len({line.split("  ")[0] for line in rows.splitlines()}) == 31
    assert "slow" in outlying
    assert len(spreads.splitlines()) == 1 + len(comparison.figures())


def test_few_runs_keep_a_column_each():
    assert "Outliers" not in class_of(FEW).table()
    assert "Outliers" in class_of(FEW + 1).table()


def test_what_changed_is_grouped_by_setting():
    lines = class_of(30).changes().splitlines()
    assert lines[1] == "  concurrency - → 1 in slow"
    assert lines[2].startswith("  nothing in 28 runs")
    assert len(lines) == 3


def test_a_setting_that_is_different_everywhere_is_one_line():
    def record(number):
        return parse(data(settings={"project_id": f"p-{number}"}, id=str(number)))

    comparison = Comparison(tuple((f"r{n}", record(n)) for n in range(30)))
    (line,) = (line for line in comparison.changes().splitlines() if "project_id" in line)
    assert "29 other values in 29 runs" in line


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ((10.0,) * 10, []),
        ((*(10.0,) * 10, 100.0), [10]),
        ((1.0, *(10.0 + n / 10 for n in range(10)), None), [0]),
        ((10.0, 20.0, 30.0, 40.0, 50.0, 60.0), []),
        ((1.0, 1.0, 100.0), []),  # of three, nobody can say which is usual
    ],
)
def test_an_outlier_lies_far_from_the_others_beyond_the_noise(values, places):
    assert outliers(Figure("stream.seconds", "", values, TIME, 0.1)) == places


def test_thirty_runs_are_drawn_with_a_row_each(runs, capsys, tmp_path):  # noqa: F811
    folders = runs(**{f"r{n:02}": data(id=str(n), **SLOWER) for n in range(30)})
    picture = tmp_path / "p.png"
    assert main(["compare", *folders, "--picture", str(picture)]) == 0
    assert imread(picture).shape[0] > 30 * 14
    assert len(capsys.readouterr().out.splitlines()) < 60
