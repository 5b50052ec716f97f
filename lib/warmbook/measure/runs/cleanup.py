"""The cleanup of a run as parts of a page; its record names kinds and resources in English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...texts import say
from .parts import Paragraph, Table
from .schema import Record

ROLE = "role"


def parts(record: Record) -> Sequence[Paragraph | Table]:
    """Return what was deleted and what is left; of a run without cleanup, a warning."""
    if record.left is None:
        told = say("Cleanup did not run: the created resources may still exist and be billed.")
        return (Paragraph(told, "banner bad"),)
    gone = [(name, say("deleted")) for name in record.created if name not in record.left]
    still = [(name, say("still there")) for name in record.left]
    perhaps = [(name, say("may be yours")) for name in record.perhaps]
    rows = tuple((_as_read(name), state) for name, state in (*gone, *still, *perhaps))
    return (*_left_behind(record), Table(rows))


def _left_behind(record: Record) -> Iterator[Paragraph]:
    """Yield what is left: "nothing" only where nothing may be the reader's either."""
    left = ", ".join(map(_as_read, record.left or ()))
    perhaps = ", ".join(map(_as_read, record.perhaps))
    if left:
        yield Paragraph(f"{say('Left behind')}: {left}", "banner bad")
    elif not perhaps:
        yield Paragraph(f"{say('Left behind')}: {say('nothing')}", "banner good")
    if perhaps:
        yield Paragraph(f"{say('May be yours')}: {perhaps}", "banner")


def label(kind: str, name: str) -> str:
    """Return a kind and a name in the reader's language; kinds of Kubernetes keep their names."""
    if kind == ROLE:
        role, _, bucket = name.partition(" on ")
        return say("role {role} on {bucket}", role=role, bucket=bucket)
    return f"{_kinds().get(kind, kind)} {name}"


def _as_read(recorded: str) -> str:
    """Return a record's `cluster run-ai-test` in the reader's language; what is unknown stays."""
    for kind in (*_kinds(), ROLE):
        if recorded.startswith(f"{kind} "):
            return label(kind, recorded.removeprefix(f"{kind} "))
    return recorded


def _kinds() -> dict[str, str]:
    return {
        "bucket": say("bucket"),
        "cache": say("cache"),
        "cluster": say("cluster"),
        "node pool": say("node pool"),
        "project": say("project"),
    }
