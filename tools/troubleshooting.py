"""Write docs/troubleshooting.md from the catalogue of pitfalls.

python tools/troubleshooting.py           write it
python tools/troubleshooting.py --check   write nothing; fail if the file is stale
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from warmbook.doctor.pitfalls import SUBJECTS, Pitfall
from warmbook_rehearsal.faults import FAULTS
from warmbook_rehearsal.faults.unstaged import UNSTAGED

TARGET = Path(__file__).resolve().parents[1] / "docs" / "troubleshooting.md"
INTRODUCTION = """\
# Troubleshooting

Each pitfall has a name, which error messages and the lines of `warmbook doctor` contain. Search
this page for it. If a fault causes the pitfall, `python -m warmbook_rehearsal --fault NAME` stages
it in a rehearsal. Written by `python tools/troubleshooting.py` from
`lib/warmbook/doctor/pitfalls` and `lib/warmbook_rehearsal/faults`.
"""


def document() -> str:
    """Return the whole text: a list of names by subject, then a section for each."""
    lines = [INTRODUCTION]
    for subject, listed in SUBJECTS.items():
        names = ", ".join(f"[{one.name}](#{one.name})" for one in listed)
        lines.append(f"- The {subject}: {names}")
    for subject, listed in SUBJECTS.items():
        lines += ["", f"## The {subject}"]
        for one in listed:
            lines += section(one)
    return "\n".join(lines) + "\n"


def section(one: Pitfall) -> Iterator[str]:
    """Yield the lines of a pitfall; its heading's anchor is its name."""
    yield from ("", f"### {one.name}", "", one.symptom, "")
    yield f"- Cause: {one.cause}"
    yield f"- Remedy: {one.remedy}"
    source = f"<{one.source}>" if one.source.startswith("https:") and " " not in one.source else ""
    yield f"- Source: {source or one.source}"
    yield f"- In a rehearsal: {rehearsed(one.name)}"


def rehearsed(name: str) -> str:
    """Return which faults stage a pitfall, or why none does."""
    faults = [f"`{fault.name}`" for fault in FAULTS.values() if fault.pitfall == name]
    return ", ".join(faults) if faults else f"cannot be staged; {UNSTAGED[name]}."


def main(arguments: Sequence[str]) -> int:
    """Write or check the document; return the exit status."""
    text = document()
    if "--check" not in arguments:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.name} is stale; run `make troubleshooting`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
