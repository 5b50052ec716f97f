"""`make mutants`: change the code in one place at a time, and see whether the unit tests notice.

python -m tools.mutants --count 300 --seed 1                    writes docs/mutants.md
python -m tools.mutants --count 20 --seed 2 --only policies     prints only

Cosmic Ray makes the changes, in a copy of this tree and from an environment of its own, which uv
sets up for the run: neither the clone nor its .venv is touched. The tests run one after the other.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import os
import random
import re
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.install.machine import copy_repository

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "mutants.md"
TOOL = "cosmic-ray==8.7.0"
SPARED = "not no_time"
"""Tests of speed are no judges: a busy machine would fail them."""

Place = tuple[str, int, int]
"""File, line from 1 and column from 0."""


@dataclass(frozen=True)
class Group:
    """Modules below lib/warmbook, and the tests that shall notice a change in them."""

    modules: tuple[str, ...]
    judges: tuple[str, ...]


GROUPS = {
    "settings": Group(("settings",), ("tests/test_settings.py", "tests/test_wording.py")),
    "sizing": Group(("model/fit.py", "model/gpus.py"), ("tests/model/test_fit.py",)),
    "timeline": Group(("measure/coldstart",), ("tests/measure/coldstart",)),
    "cleanup": Group(("steps/cleanup",), ("tests/steps/test_cleanup.py",)),
    "policies": Group(("cloud/iam.py",), ("tests/cloud/test_iam.py",)),
}


@dataclass(frozen=True)
class Kind:
    """Changes that no test has to notice: how they look as `before → after`, why they may stay."""

    name: str
    change: re.Pattern[str]
    reason: str


KINDS = (
    Kind(
        "`frozen=False`",
        re.compile(r"frozen=True.* → .*frozen=False"),
        "Nothing assigns to these classes, and mypy would refuse it in `make check`.",
    ),
    Kind(
        "`kw_only=False`",
        re.compile(r"kw_only=True.* → .*kw_only=False"),
        "More calls are allowed; every call there is passes the name.",
    ),
    Kind(
        "`is` for `==`",
        re.compile(r"^(?!.* is .* → )(.* == .* → .* is (?!not)|.* != .* → .* is not )"),
        "Short words and small numbers of the program itself are the same object in CPython.",
    ),
    Kind(
        "bounds on odd input",
        re.compile(r"^_(UNTIMED|MOST_LETTERS|BLOCK) = |\[:(9|200|300)\]|start \+ _BLOCK"),
        "How much of a log is read at once, or of a line or a number at most: one more or less "
        "changes nothing that anybody sees.",
    ),
    Kind(
        "deadlines of waits",
        re.compile(r"^(timeout_s=\d+,|CREATION_S = )"),
        "A second more or less of minutes; tests of waits have clocks of their own.",
    ),
    Kind(
        "no difference",
        re.compile(
            r"ORDER\.get\(after, -1\)|size > 1 and .* → .*size != 1"
            r"|gpu_count > 1\).* → .*gpu_count != 1"
            r"|\[0\] if error\[\"loc\"\]|machines_for\(on\.label\)\), default=|machine\.vcpus or 0"
            r"|^header_bytes: int = 0|^compare_usd: .*allow_inf_nan|mark\.seconds or 0\.0"
            r"|figures\[\"size\"\] or 0"
        ),
        "No phase has the first one as the only one that it may follow; no size or count is below "
        "one; a setting has no parts; of the sizes, which are powers of two, none is nine; no "
        "other machine has a size below none; no header is shorter than eight bytes; a number "
        "with limits refuses what is no number; lines of these kinds have a size and a time.",
    ),
)

INTRODUCTION = """\
# Mutants

A mutant is the code with one small change: another operator, a number that is one more or less,
`not` added or taken away, a loop that does not run. Unit tests that still pass under it do not
notice the change. The places are drawn at random, at most one mutant for each place in the code;
`|` in type annotations is left out, because nothing evaluates it. A mutant under which a
test takes more than a minute counts as noticed. `make mutants` writes this page.
"""


@dataclass(frozen=True)
class Mutant:
    """A change that was tried: where, the line before and after it, and whether it survived."""

    group: str
    file: str
    line: int
    before: str
    after: str
    survived: bool

    @property
    def kind(self) -> Kind | None:
        """The kind of changes, which no test has to notice, that it belongs to; None if none."""
        change = f"{self.before} → {self.after}"
        return next((kind for kind in KINDS if kind.change.search(change)), None)


class Session:
    """One group's mutants in a copy of the tree; `tool` is the environment of Cosmic Ray."""

    def __init__(self, name: str, copy: Path, tool: Path) -> None:
        self.name, self._group, self._copy = name, GROUPS[name], copy
        self._program = str(tool / "bin" / "cosmic-ray")
        self._config, self._file = copy / f"{name}.toml", copy / f"{name}.sqlite"
        self._begin(timeout_s=0.0)
        subprocess.run([self._program, "init", self._config, self._file], cwd=copy, check=True)
        self.places = self._places()

    def _begin(self, timeout_s: float) -> None:
        modules = [f"lib/warmbook/{one}" for one in self._group.modules]
        self._config.write_text(
            f"[cosmic-ray]\nmodule-path = {modules}\ntimeout = {timeout_s}\n"
            f'excluded-modules = []\ntest-command = """{shlex.join(self._judge)}"""\n'
            '[cosmic-ray.distributor]\nname = "local"\n'
        )

    @property
    def _judge(self) -> list[str]:
        options = ("-q", "-x", "-p", "no:cacheprovider", "--timeout=60")  # a loop may not end
        return [sys.executable, "-m", "pytest", *options, "-k", SPARED, *self._group.judges]

    def _places(self) -> dict[Place, list[str]]:
        """Return each place that can be changed, with the jobs that would."""
        found = defaultdict(list)
        query = (
            "SELECT module_path, start_pos_row, start_pos_col, operator_name, job_id "
            "FROM mutation_specs ORDER BY module_path, operator_name, occurrence"
        )
        unread = {file: set(_unread(self._copy / file)) for (file,) in self._rows(_FILES)}
        for file, row, column, operator, job in self._rows(query):
            if "BitOr" not in operator or (row, column) not in unread[file]:
                found[file, row, column].append(job)
        return dict(sorted(found.items()))

    def _rows(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self._file)) as database:
            return database.execute(query).fetchall()

    def keep(self, jobs: Sequence[str]) -> None:
        """Leave out every mutant but those of the jobs."""
        with closing(sqlite3.connect(self._file)) as database, database:
            database.execute("CREATE TEMP TABLE kept (job_id)")
            database.executemany("INSERT INTO kept VALUES (?)", [(job,) for job in jobs])
            for table in ("mutation_specs", "work_items"):
                where = "job_id NOT IN (SELECT job_id FROM kept)"
                database.execute(f"DELETE FROM {table} WHERE {where}")

    def run(self) -> Iterator[Mutant]:
        """Let the tests judge the code as it is, then each mutant; yield how they ended."""
        begun = time.monotonic()
        unchanged = subprocess.run(self._judge, cwd=self._copy, stdout=subprocess.PIPE, text=True)
        if unchanged.returncode:
            sys.exit(f"{unchanged.stdout}\n{self.name}: its tests fail without any change")
        self._begin(timeout_s=30 + 5 * (time.monotonic() - begun))
        subprocess.run(
            [self._program, "exec", self._config, self._file], cwd=self._copy, check=True
        )
        for file, line, outcome, diff in self._rows(_RESULTS):
            before, after = _changed(diff)
            yield Mutant(self.name, file, line, before, after, outcome == "SURVIVED")


_FILES = "SELECT DISTINCT module_path FROM mutation_specs"
_RESULTS = (
    "SELECT module_path, start_pos_row, test_outcome, diff FROM mutation_specs "
    "JOIN work_results USING (job_id) WHERE worker_outcome = 'NORMAL' ORDER BY 1, 2"
)


def _unread(file: Path) -> Iterator[tuple[int, int]]:
    """Yield the places inside annotations, and inside patterns, where | is no operator."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        annotations = (getattr(node, "annotation", None), getattr(node, "returns", None))
        patterns = [node] if isinstance(node, ast.MatchOr) else []
        for part in (*filter(None, annotations), *patterns):
            for row in range(part.lineno, part.end_lineno + 1):
                first = part.col_offset if row == part.lineno else 0
                last = part.end_col_offset if row == part.end_lineno else 200
                yield from ((row, column) for column in range(first, last))


def _changed(diff: str) -> tuple[str, str]:
    """Return the first line with words that a difference takes away, and the first it adds."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    before, after = ([x[1:].strip() for x in lines if x[:1] == sign] for sign in "-+")
    return next(filter(None, before), ""), next(filter(None, after), "")


def drawn(sessions: Sequence[Session], count: int, seed: int) -> None:
    """Keep `count` mutants in all, each in a place of its own."""
    chance = random.Random(seed)
    places = [(session, place) for session in sessions for place in session.places]
    jobs = defaultdict(list)
    for session, place in chance.sample(places, min(count, len(places))):
        jobs[session].append(chance.choice(session.places[place]))
    for session in sessions:
        session.keep(jobs[session])


def environment(folder: Path) -> Path:
    """Return a new environment with Cosmic Ray in it."""
    uv = (sys.executable, "-m", "uv")
    subprocess.run([*uv, "venv", "--quiet", folder], check=True)
    install = (*uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", TOOL)
    subprocess.run(install, check=True)
    return folder


def document(tried: Sequence[Mutant], places: dict[str, int], command: str) -> str:
    """Return the page."""
    today = datetime.date.today().isoformat()
    lines = [INTRODUCTION, f"From `{command}` on {today}, with {TOOL.replace('==', ' ')}.", ""]
    lines += ["| modules | places | mutants | survived | share |", "|---|---|---|---|---|"]
    for name in places:
        lines.append(_row(name, places[name], [one for one in tried if one.group == name]))
    lines.append(_row("all", sum(places.values()), tried))
    lines += ["", *_kinds([one for one in tried if one.survived])]
    return "\n".join(lines) + "\n"


def _row(name: str, places: int, tried: Sequence[Mutant]) -> str:
    survived = sum(one.survived for one in tried)
    share = f"{survived / len(tried):.0%}" if tried else ""
    return f"| {name} | {places} | {len(tried)} | {survived} | {share} |"


def _kinds(survivors: Sequence[Mutant]) -> Iterator[str]:
    """Yield the survivors: how many of each kind and why they stay, then the others."""
    counts = Counter(one.kind for one in survivors)
    if any(counts[kind] for kind in KINDS):
        yield from ("| kind of survivors | how many | why they stay |", "|---|---|---|")
        yield from (f"| {k.name} | {counts[k]} | {k.reason} |" for k in KINDS if counts[k])
        yield ""
    if others := [one for one in survivors if one.kind is None]:
        yield from ("Others:", "")
    for one in others:
        yield f"- {one.file.removeprefix('lib/warmbook/')}: `{one.before}` → `{one.after}`"


def main() -> int:
    """Try the mutants, print those that survive, and write the page if all groups were tried."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300, help="how many mutants (300)")
    parser.add_argument("--seed", type=int, default=1, help="which of them (1)")
    parser.add_argument("--only", default="", help=f"of {', '.join(GROUPS)}, comma-separated")
    options = parser.parse_args()
    names = [name for name in options.only.split(",") if name] or list(GROUPS)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tool, copy = environment(Path(folder) / "tool"), Path(folder) / "tree"
        copy_repository(copy)
        os.environ["PYTHONPATH"] = str(copy / "lib")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the first run compiles for all others
        sessions = [Session(name, copy, tool) for name in names]
        drawn(sessions, options.count, options.seed)
        tried = [mutant for session in sessions for mutant in _tried(session)]
    command = f"python -m tools.mutants --count {options.count} --seed {options.seed}"
    text = document(tried, {one.name: len(one.places) for one in sessions}, command)
    print(text)
    if not options.only:
        TARGET.write_text(text, encoding="utf-8")
    return 0


def _tried(session: Session) -> Iterator[Mutant]:
    for one in session.run():
        if one.survived:
            print(f"{one.file}:{one.line}\n  - {one.before}\n  + {one.after}", flush=True)
        yield one


if __name__ == "__main__":
    sys.exit(main())
