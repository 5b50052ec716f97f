"""JSON as Go's encoder writes it: no spaces, `<`, `>` and `&` escaped, other text as it is.

Source: Kubernetes, apimachinery/pkg/runtime/serializer/json/json.go, doEncode, which uses Go's
encoding/json as it is: HTML is escaped, a line ends each answer.
"""

from __future__ import annotations

import json
import re
from typing import Any

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_ESCAPED = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def dumps(value: Any) -> str:
    """Return a value as compact JSON; half a surrogate pair is U+FFFD, as in Go."""
    return _ESCAPED.sub(_escape, _ENCODER.encode(value))


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    return "\\ufffd" if 0xD800 <= number < 0xE000 else f"\\u{number:04x}"
