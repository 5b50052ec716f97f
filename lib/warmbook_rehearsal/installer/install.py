"""Install, download, and make environments: one command each, by uv or by pip."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .command import run
from .pip_config import PipConfig

LOCKED = ("--no-deps", "--require-hashes", "--requirement")
"""A lock names every package with its digests: nothing is resolved, nothing else gets in."""


@dataclass(frozen=True)
class Into:
    """Where packages go: an environment, by its interpreter, or a plain folder."""

    python: Path
    folder: Path | None = None

    @property
    def target(self) -> list[str]:
        """The option that names the folder, for uv and for pip."""
        return ["--target", str(self.folder)] if self.folder else []


def install(
    lock: Path,
    into: Into,
    config: PipConfig,
    *,
    cache: Path | None = None,
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Install a lock's packages; `cache` keeps downloads, so that a second attempt resumes.

    Raises:
        CommandError: A package can't be had, or its digest is not the lock's.
    """
    command, env = _installing(into, config, cache)
    run([*command, *into.target, *LOCKED, str(lock)], tick, env)


def install_editable(folder: Path, into: Into, config: PipConfig) -> None:
    """Install a checkout so that its files are used where they lie; asks no index.

    Raises:
        CommandError: It could not be built; hatchling has to be installed already.
    """
    command, env = _installing(into, config)
    run([*command, "--no-deps", "--no-build-isolation", "--editable", str(folder)], env=env)


def _installing(
    into: Into, config: PipConfig, cache: Path | None = None
) -> tuple[list[str], dict[str, str]]:
    """Return the command that installs, by uv or else by pip, and its variables."""
    if (uv := uv_program()) and not config.unknown_to_uv:
        command = [*_of_no_project(uv), "pip", "install", "--no-progress"]
        command += ["--python", str(into.python)]
        command += config.uv_options
        return command, with_cache(config.for_uv(os.environ), "UV_CACHE_DIR", cache)
    command = [*PIP, "--python", str(into.python), "install", "--quiet"]
    return command, with_cache(config.for_pip(os.environ), "PIP_CACHE_DIR", cache)


def download(
    lock: Path, folder: Path, config: PipConfig, tick: Callable[[], None] = lambda: None
) -> None:
    """Download a lock's packages as files, by pip: uv has no such command.

    Raises:
        CommandError: A package can't be had, or its digest is not the lock's.
    """
    command = [*PIP, "download", "--quiet", "--dest", str(folder), *LOCKED, str(lock)]
    run(command, tick, config.for_pip(os.environ))


def new_environment(folder: Path) -> None:
    """Make a virtual environment of this interpreter, without a pip of its own.

    Raises:
        CommandError: It could not be made.
    """
    if uv := uv_program():
        env = with_cache(os.environ, "UV_CACHE_DIR")
        options = ["--quiet", "--no-project", "--python", sys.executable]
        run([*_of_no_project(uv), "venv", *options, str(folder)], env=env)
    else:
        run([sys.executable, "-m", "venv", "--without-pip", str(folder)])


PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def uv_program() -> str | None:
    """Return uv's path: beside this interpreter, else on PATH; None where there is none."""
    return shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def _of_no_project(uv: str) -> list[str]:
    """Return uv's command without the settings of the project in the working folder.

    Its constraints have no digests, so uv refuses a lock beside them. The user's and the system's
    settings hold. Source: uv's documentation, "Configuration files".
    """
    return [uv, "--project", os.sep]


def with_cache(environ: Mapping[str, str], name: str, folder: Path | None = None) -> dict[str, str]:
    """Return variables that keep downloads in `folder`, unless the user names another.

    Without a folder uv's usual one serves, or none where it can't be written.
    """
    env = dict(environ)
    if folder and name not in os.environ:
        env[name] = str(folder)
    elif not folder and name == "UV_CACHE_DIR" and not _writable(_usual_cache(environ)):
        env["UV_NO_CACHE"] = "1"
    return env


def _usual_cache(environ: Mapping[str, str]) -> Path:
    """Source: uv's documentation, "Caching"."""
    if named := environ.get("UV_CACHE_DIR"):
        return Path(named)
    caches = environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(caches) / "uv"


def _writable(folder: Path) -> bool:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    return os.access(nearest, os.W_OK | os.X_OK)
