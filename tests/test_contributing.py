"""CONTRIBUTING.md: what it names exists, and each notebook has the steps that it lists."""

import re
import subprocess
from pathlib import Path

import pytest

from .documents import QUOTED, ROOT, defined, page, paths, quoted

PAGE = page("CONTRIBUTING.md")
GLOSSARY = re.findall(r"^\| ([\w ]+) \| [^|]+ \| `(lib/[^`]+)` (`[^|]+`) \|$", PAGE, re.M)
NOTEBOOKS = re.findall(r"^\| (\d\d) \| (.+) \|$", PAGE, re.M)
WRITTEN_ELSEWHERE = {"notebooks/source/NN_topic.py", ".venv/bin/lint-imports"}


@pytest.mark.parametrize("path", sorted(set(paths(PAGE)) - WRITTEN_ELSEWHERE))
def test_every_path_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("word", "path", "names"), GLOSSARY)
def test_every_word_of_the_glossary_is_in_the_code(word, path, names):
    assert set(QUOTED.findall(names)) <= defined(path), word


def test_the_whole_glossary_is_read_and_no_word_comes_twice():
    rows = PAGE.partition("## Glossary")[2].count("\n| ") - 1
    words = [word for word, _, _ in GLOSSARY]
    assert len(words) == len(set(words)) == rows
    assert len(words) >= 20


def test_every_folder_at_the_top_is_listed():
    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Where things go")[2], re.M))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a clone")
    inside = [path for path in tracked.stdout.splitlines() if "/" in path]
    assert listed == {path.partition("/")[0] for path in inside if path[0] != "."}


def test_each_notebook_has_the_steps_that_it_imports():
    sources = {path.name[:2]: path for path in (ROOT / "notebooks" / "source").glob("[01]*.py")}
    assert [number for number, _ in NOTEBOOKS] == sorted(sources)
    for number, told in NOTEBOOKS:
        steps = {Path(path).stem for path in quoted(told) if "/steps/" in path}
        assert steps == imported(sources[number].read_text(encoding="utf-8")), number


def imported(source):
    found = re.findall(r"^from warmbook\.steps import (.+)$", source, re.M)
    return {name for names in found for name in names.split(", ")}
