"""What a person types who looks around: each command of days/*.txt, and what it must print.

A line `$ COMMAND` is run; `!$ COMMAND` must fail. The lines under it are regular expressions
that its output must show, in this order. All the commands of a file share one rehearsal.
"""

import re
from pathlib import Path

import pytest

from warmbook.book.script import script
from warmbook.settings import Settings, merge

DAYS = sorted((Path(__file__).parent / "days").glob("*.txt"))
FEWEST = 60
BEFORE = {"projects": [], "storage": [], "looking": ["02", "04", "05", "06"]}
BEFORE["changing"] = BEFORE["looking"]
"""The notebooks' parts of the script that a day begins after."""


@pytest.fixture
def minute_s():
    return 0.1  # an hour outlasts two commands, so that a disabled cache can be resumed


def steps(day):
    """Return the commands of a file: command, whether it must succeed, what it must print."""
    found = []
    for line in day.read_text().splitlines():
        if line.startswith(("$ ", "!$ ")):
            bang, _, command = line.partition("$ ")
            found.append((command, not bang, []))
        elif line and not line.startswith("#"):
            found[-1][2].append(line)
    return found


def judged(done, succeeds, expected):
    """Return what is wrong with a command's end, "" if it is as expected."""
    if (done.returncode == 0) != succeeds:
        return f"exit status {done.returncode}"
    rest = done.stdout
    for wanted in expected:
        if not (there := re.search(wanted, rest, re.MULTILINE)):
            return f"no {wanted!r}"
        rest = rest[there.end() :]
    return ""


@pytest.mark.timeout(400)
@pytest.mark.parametrize("day", DAYS, ids=[day.stem for day in DAYS])
def test_each_command_prints_what_its_user_expects(day, shell):
    settings = Settings.parse(merge())
    if parts := BEFORE[day.stem]:
        shell.must(script(settings, parts))
        shell.must("kubectl wait -n vllm --for=condition=Available deployment --all")
        # the rehearsal's own entry asks no plugin for the token, which takes a second each time
        shell.must(f"kubectl config use-context {settings.cluster_name}")
    wrong = []
    for command, succeeds, expected in steps(day):
        assert expected, f"nothing is expected of: {command}"
        done = shell.run(command, limit_s=60)
        if reason := judged(done, succeeds, expected):
            wrong.append(f"$ {command}\n{done.stdout}← {reason}")
    assert not wrong, "\n\n".join(wrong)


def test_there_are_enough_of_them():
    assert len({command for day in DAYS for command, *_ in steps(day)}) >= FEWEST
    assert {day.stem for day in DAYS} == BEFORE.keys()
