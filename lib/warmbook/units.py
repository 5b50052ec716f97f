"""Sizes and times as people read them."""

from __future__ import annotations

from .texts import say


def size(size_bytes: float) -> str:
    """Return a size in bytes as people read it, in binary units: 269 MB is `256.6 MiB`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if abs(size_bytes) < 1024:
            return f"{size_bytes:.0f} bytes" if unit == "bytes" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.2f} TiB"


def sizes(least_bytes: int, most_bytes: int) -> str:
    """Return a size that lies between two, or the one size where both read alike."""
    least, most = size(least_bytes), size(most_bytes)
    return most if least == most else say("{least} to {most}", least=least, most=most)


def short_duration(seconds: float) -> str:
    """Return a time in seconds that may be less than one: `0.64 s`, `4.2 s`, `5 min 03 s`."""
    return duration(seconds) if seconds >= 1 else f"{seconds:.2f} s"


def duration(seconds: float) -> str:
    """Return a time in seconds as people read it: `4.2 s`, `48 s`, `5 min 03 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
