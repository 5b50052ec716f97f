"""docs/architecture.md: what it names exists, and what it says of an example is what happens."""

import re
import sys

import pytest

from warmbook.measure.coldstart.log_reader import read
from warmbook.serving.manifest import deployment

from .documents import QUOTED, ROOT, defined, page, paths, quoted

PAGE = page("docs/architecture.md")
STEP = re.compile(r"\| \d+ \| `([^`]+)` \| ([^|]+) \| [^|]+ \|")
STEPS = [(path, QUOTED.findall(names)) for path, names in STEP.findall(PAGE)]
PATHS = paths(PAGE)


def test_every_step_of_the_walks_is_read():
    assert len(STEPS) == len(re.findall(r"^\| \d+ \|", PAGE, re.M)) == 35
    assert all(names for _, names in STEPS)
    assert {"docs/troubleshooting.md", "tests/faults/test_named.py"} <= set(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("path", "names"), STEPS)
def test_every_name_is_defined_in_the_file_on_the_page(path, names):
    assert set(names) <= defined(path)


def test_an_undefined_name_is_found():
    assert "Settings.no_such_setting" not in defined("lib/warmbook/settings/settings.py")
    assert "Settings.concurrency" in defined("lib/warmbook/settings/settings.py")


def test_the_layers_are_those_of_the_contract():
    contract = contracts()["Imports go down only"]["layers"]
    wanted = [row.replace("warmbook.", "").split(" | ") for row in contract]
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", section("The workbook, layer by layer"), re.M)
    assert [["__main__"], *map(QUOTED.findall, rows)] == wanted
    picture = re.findall(r"^ \|  (\w+(?: \| \w+)*) +\|", PAGE, re.M)
    assert [row.split(" | ") for row in picture] == wanted[1:]


def test_the_rehearsals_parts_are_those_of_its_contract():
    contract = contracts()["The rehearsal's imports go down only"]["layers"]
    first_cells = "".join(re.findall(r"^\| (`lib/[^|]+) \|", section("The rehearsal"), re.M))
    shown = re.findall(r"warmbook_rehearsal/(\w+)(?:\.py)?`", first_cells)
    assert sorted(shown) == sorted(name for row in contract for name in row.split(" | "))


def test_the_page_is_short():
    assert len(PAGE.splitlines()) <= 250


def test_the_first_walk_gives_the_documented_result(settings):
    chosen = settings.model_copy(update={"concurrency": 32})
    (container,) = deployment(chosen)["spec"]["template"]["spec"]["containers"]
    wanted = '--model-loader-extra-config={"concurrency":32}'
    assert wanted in PAGE
    assert wanted in container["args"]


def test_the_line_of_the_second_walk_is_read():
    (line,) = (word for word in quoted(PAGE) if "of all files" in word)
    (mark,) = read(line).streams
    assert (mark.size_bytes, mark.seconds) == (round(121.5 * 2**20), 0.18)


def contracts():
    if sys.version_info < (3, 11):
        pytest.skip("tomllib comes with Python 3.11")
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {one["name"]: one for one in declared["tool"]["importlinter"]["contracts"]}


def section(title):
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
