"""Inside a rehearsal: writes where its faults are staged, then becomes the seat's command.

A script of its own with the standard library only: python announce.py FILE COMMAND…. The
supervisor is the rehearsal's parent and does not know the variables of its command.
"""

from __future__ import annotations

import json
import os
import sys

VARIABLES = {"faults": "WARMBOOK_REHEARSAL_FAULTS", "token": "WARMBOOK_REHEARSAL_TOKEN"}
NOT_FOUND = 127


def main(file: str, words: list[str]) -> int:
    """Write the file, mode 0600, and become the command; return 127 where there is none."""
    told = {key: os.environ[name] for key, name in VARIABLES.items()}
    draft = f"{file}.draft"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(told, handle)
    os.replace(draft, file)  # noqa: PTH105 (pathlib's import would take longer than all the rest)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        print(f"warmbook: {words[0]}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
