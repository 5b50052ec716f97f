"""A machine that nobody has prepared: a fresh home, a copy of the repository, nothing configured.

What the machine that runs the tests has configured for itself must not help: its variables,
pip's and uv's configuration and caches, its own folder of engines, programs in a home folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

CERTIFICATES = (
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"),
    *("GIT_SSL_CAINFO", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"),
)
"""All that is taken over: behind an interception of TLS there is no index without it."""

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

UNCONFIGURED = {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}
"""Switch off files of configuration in /etc, which a fresh home does not hide."""

BOOK = "01,02,03,04,05,06,07,08,10"
"""09 compares loaders by their speed: minutes, and nothing of it is about an installation."""

ASK = """
import importlib.util, json, sys
has_venv = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
print(json.dumps([sys.executable, sys.version_info[:2], has_venv]))
"""


@dataclass(frozen=True)
class Python:
    """An interpreter of this machine."""

    program: str
    version: tuple[int, int]
    has_venv: bool

    @property
    def name(self) -> str:
        """Its minor version, such as 3.11."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def for_everybody(self) -> bool:
        """Whether other users can run it."""
        program = Path(self.program).resolve()
        return all(path.stat().st_mode & 0o001 for path in (program, *program.parents))

    @classmethod
    def at(cls, program: str) -> Python | None:
        """Return the interpreter that a program is; None where it does not run."""
        asked = subprocess.run([program, "-c", ASK], capture_output=True, text=True)
        if asked.returncode:
            return None
        executable, version, has_venv = json.loads(asked.stdout)
        return cls(executable, tuple(version), has_venv)


def programs() -> dict[str, str]:
    """Return one program for each Python from 3.10 to 3.14 here, by version; runs none of them."""
    found = {}
    for version in (f"3.{minor}" for minor in range(10, 15)):
        on_path = (shutil.which(f"python{version}", path=path) for path in (SYSTEM_PATH, None))
        by_pyenv = Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")
        # a shim of pyenv's runs only if its version is switched on
        fit = (str(one) for one in (*on_path, *by_pyenv) if one and "/shims/" not in str(one))
        if program := next(fit, None):
            found[version] = program
    return found


def ordinary_python() -> Python:
    """Return the Python of an ordinary user: the system's if the engine runs on it."""
    own = str(Path(sys.base_prefix) / "bin" / "python3")
    for program in filter(None, (shutil.which("python3", path=SYSTEM_PATH), own)):
        python = Python.at(program)
        if python and python.has_venv and (3, 11) <= python.version <= (3, 14):
            return python
    raise AssertionError("no Python 3.11 to 3.14 with venv here: install python3 and python3-venv")


@dataclass(frozen=True)
class Machine:
    """A copy of the repository and a home, both new, and how its network is."""

    folder: Path
    python: Python
    network: Mapping[str, str] = field(default_factory=dict)
    """Variables that lead to a proxy, or to the index of torch."""

    @property
    def clone(self) -> Path:
        """The repository's copy, in a folder with a space in its name."""
        return self.folder / "my clones" / "warmbook"

    @property
    def venv_python(self) -> str:
        """The interpreter that `make setup` makes."""
        return str(self.clone / ".venv" / "bin" / "python")

    def environ(self, home: str = "home") -> dict[str, str]:
        """Return the whole environment of a command: home, path, certificates, the network."""
        folder = self.folder / home
        folder.mkdir(exist_ok=True)
        certificates = {name: os.environ[name] for name in CERTIFICATES if name in os.environ}
        own = {"HOME": str(folder), "PATH": SYSTEM_PATH}
        return {**own, **UNCONFIGURED, **certificates, **self.network}

    def engines(self, home: str = "home") -> Path:
        """Return the folder of engines and models that is used without a WARMBOOK_CACHE."""
        return self.folder / home / ".cache" / "warmbook"

    def run(
        self, *command: str, home: str = "home", limit_s: float = 600, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone with that environment and no other."""
        return subprocess.run(
            command,
            cwd=self.clone,
            env={**self.environ(home), **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit_s,
        )

    def set_up(self, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `make setup`."""
        return self.run("make", "setup", f"PYTHON={self.python.program}", **more)

    def rehearse(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a quick rehearsal."""
        rehearsal = [self.venv_python, "-m", "warmbook_rehearsal", "--engine", "quick", "--"]
        return self.run(*rehearsal, *command, **more)


def copy_repository(into: Path) -> None:
    """Copy what a clone would hold, with what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    copy_files(filter(None, listed.stdout.split("\0")), into)


def copy_files(names: Iterable[str], into: Path) -> None:
    """Copy files of the repository by their names; deleted ones are left out."""
    for name in names:
        source, target = REPOSITORY / name, into / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def disk_bytes(folder: Path) -> int:
    """Return what a folder takes on the disk, as `du -s` counts."""
    told = subprocess.run(
        ["du", "-s", "--block-size=1", folder], capture_output=True, text=True, check=True
    )
    return int(told.stdout.split()[0])


def statuses(out: Path) -> dict[str, str]:
    """Return how each notebook of a run ended, by its number."""
    listed = json.loads((out / "run.json").read_text())["notebooks"]
    return {done["name"][:2]: done["status"] for done in listed}
