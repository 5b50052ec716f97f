"""Values as words of a shell line: the one place that quotes them."""

from __future__ import annotations

import shlex

from .terminal import one_line


def quoted(value: object) -> str:
    """Return the value as one word for bash, which arrives letter by letter and runs nothing.

    What would steer a terminal or end the line is written by its octets, so that the line shows
    what it passes on. Source: Bash manual, "ANSI-C Quoting".
    """
    text = str(value)
    if one_line(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, text)) + "'"


def _escaped(letter: str) -> str:
    if letter in "\\'":
        return f"\\{letter}"
    if one_line(letter) == letter:
        return letter
    errors = "surrogateescape" if "\udc80" <= letter <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{octet:02x}" for octet in letter.encode(errors=errors))
