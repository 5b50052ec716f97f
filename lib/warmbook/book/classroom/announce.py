"""Inside a rehearsal: waits, writes where its faults are staged, becomes the seat's command.

A script of its own with the standard library only: python announce.py FILE FOLDER COMMAND…. The
supervisor is the rehearsal's parent and does not know the variables of its command. It closes the
standard input when the command may begin: FOLDER is laid out, and the server before is gone.
"""

from __future__ import annotations

import json
import os
import sys

VARIABLES = {"faults": "WARMBOOK_REHEARSAL_FAULTS", "token": "WARMBOOK_REHEARSAL_TOKEN"}
NOT_FOUND = 127


def main(file: str, folder: str, words: list[str]) -> int:
    """Write the file, mode 0600, and become the command; return 127 where there is none."""
    while os.read(0, 1):
        pass
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    told = {key: os.environ[name] for key, name in VARIABLES.items()}
    draft = f"{file}.draft"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(told, handle)
    os.replace(draft, file)  # noqa: PTH105 (pathlib's import would take longer than all the rest)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        os.write(2, f"warmbook: {words[0]}: {error.strerror}\n".encode(errors="replace"))
        return NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
