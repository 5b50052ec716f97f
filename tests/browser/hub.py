"""JupyterHub as `workshop/jupyterhub_config.py` has it, with Unix users made for a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from warmbook_rehearsal.node import share

from ..opened import can_unshare, prefix
from .front_ends import HUB, proxy
from .lab import ROOT, end, free_port, put_kernel, wait_for

SHIPPED = ROOT / "workshop" / "jupyterhub_config.py"
CONFIG = """
load_subconfig({shipped!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Spawner.environment.update({variables!r})
c.Spawner.args = ["--LabApp.expose_app_in_browser=True"]
"""
CACHE = Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook")


def missing():
    """Return what keeps this machine from a class of several Unix users, "" if nothing does."""
    if os.geteuid() != 0:
        return "only root can make Unix users"
    if not shutil.which("useradd"):
        return "useradd is missing"
    if not shutil.which("npm"):
        return "npm, which installs JupyterHub's proxy, is missing"
    return "" if can_unshare() else "mounts of one's own (unshare --mount) are not allowed here"


@contextmanager
def users(base, *names):
    """Have Unix users with homes in `base` until the end, when none of their processes runs."""
    (homes := base / "homes").mkdir()
    with ExitStack() as made:
        for name in names:
            subprocess.run(
                ["useradd", "--create-home", "--home-dir", homes / name, name], check=True
            )
            made.callback(subprocess.run, ["userdel", name], check=True)
        yield


@contextmanager
def open_folder():
    """Have a folder that every user can enter: pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="warmbook-class-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def serving(base, **environ):
    """Have a hub for the class in `base`/class; give its address."""
    share(CACHE)  # as `python -m warmbook_rehearsal --build` does for a class
    put_kernel(base / "share" / "kernels" / "python3")
    port, folder = free_port(), base / "class"
    folder.mkdir()
    variables = {"JUPYTER_PATH": str(base / "share"), "JUPYTERLAB_SETTINGS_DIR": "/nonexistent"}
    config = base / "jupyterhub_config.py"
    config.write_text(
        CONFIG.format(
            shipped=str(SHIPPED),
            port=port,
            hub_port=free_port(),
            proxy_port=free_port(),
            proxy=str(proxy()),
            variables=variables,
        )
    )
    (stash := base / "stash").mkdir(mode=0o700)
    needed = [Path(sys.base_prefix), Path(sys.prefix), ROOT, CACHE]
    command = [*prefix(needed, stash), HUB.python, "-m", "jupyterhub", "-f", config]
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "lib"),
        "WARMBOOK_CLASS": str(folder),
        "WARMBOOK_CACHE": str(CACHE),
        "WARMBOOK_PYTHON": sys.executable,
        "WARMBOOK_SINGLEUSER": str(HUB.python.with_name("jupyterhub-singleuser")),
        "WARMBOOK_ENGINE": "quick",
        **environ,
    }
    url = f"http://127.0.0.1:{port}"
    with (base / "hub.log").open("w") as log:
        hub = subprocess.Popen(
            list(map(str, command)), cwd=base, env=environ, stdout=log, stderr=log
        )
    try:
        wait_for(f"{url}/hub/api", hub, base / "hub.log")
        yield url, folder
    finally:
        end(hub, limit_s=60)
