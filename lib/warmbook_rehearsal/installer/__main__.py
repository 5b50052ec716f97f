"""`python -m warmbook_rehearsal.installer LOCK [CHECKOUT]`: what `make setup` runs in .venv."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from .command import CommandError, run
from .install import PIP, Into, install, install_editable, uv_program
from .pip_config import PipConfig
from .progress import Tell, teller

REMEDY = """\
  → Check the network and the proxy (HTTPS_PROXY). pip's own configuration (index-url, find-links,
    cert, proxy, …) is used: `{python} -m pip config list` shows it. Without internet: on a machine
    that has it, `python -m warmbook_rehearsal --export DIR`; then, here,
    `PIP_NO_INDEX=1 PIP_FIND_LINKS=DIR make setup`."""


def main(lock: str, checkout: str = "") -> int:
    """Install a lock's packages, then a checkout, into this interpreter's environment."""
    tell, config, into = teller(), PipConfig.read(), Into(Path(sys.executable))
    what = f"Installing {len(_entries(Path(lock)))} packages"
    tell(what, 0.0)
    try:
        if not config.unknown_to_uv and not uv_program():
            _install_uv(Path(lock), config, tell)
        install(Path(lock), into, config, tick=lambda: tell(what, None))
        if checkout:
            install_editable(Path(checkout), into, config)
    except CommandError as error:
        remedy = REMEDY.format(python=sys.executable)
        print(f"The packages of {lock} could not be installed:\n{error}\n{remedy}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. Run it again: it resumes.", file=sys.stderr)
        return 130
    tell(what, 1.0)
    return 0


def _install_uv(lock: Path, config: PipConfig, tell: Tell) -> None:
    """Install the lock's uv, by pip: it then installs the rest, in a tenth of pip's time."""
    (entry,) = (entry for entry in _entries(lock) if entry.startswith("uv=="))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(entry)
        file.flush()
        command = [*PIP, "install", "--quiet", "--no-deps", "--require-hashes", "-r", file.name]
        run(command, lambda: tell("Installing uv", None), config.for_pip(os.environ))


def _entries(lock: Path) -> list[str]:
    """Return the entries of a lock: name, version, marker and digests of each package."""
    text = "".join(line for line in lock.open() if not line.lstrip().startswith("#"))
    return [entry for entry in re.split(r"\n(?=\S)", text.strip()) if entry]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
