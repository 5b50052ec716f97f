"""JupyterHub for a class on one machine: each learner a Unix user, each seat a rehearsal.

    sudo jupyterhub -f workshop/jupyterhub_config.py

workshop/README.md has the steps to take first. `python -m warmbook class status --folder DIR`, as
root, then shows the seats. Source: JupyterHub, "Configuration basics", `LocalProcessSpawner`,
`Services`.
"""

import os
import pwd
import sys
from pathlib import Path

FOLDER = Path(os.environ.get("WARMBOOK_CLASS", "/srv/warmbook/class"))
"""The folder of the seats. It belongs to root, so that no user can create another user's seat."""

CACHE = os.environ.get("WARMBOOK_CACHE", "/srv/warmbook/cache")
"""The engine and the model, built once by the trainer: `python -m warmbook_rehearsal --build`."""

PYTHON = os.environ.get("WARMBOOK_PYTHON", sys.executable)
"""The interpreter that has warmbook; the hub's own if both are in one environment."""

SINGLEUSER = os.environ.get(
    "WARMBOOK_SINGLEUSER", str(Path(sys.executable).with_name("jupyterhub-singleuser"))
)
"""Serves a learner's pages; beside the hub's interpreter unless another is named."""

ENGINE = os.environ.get("WARMBOOK_ENGINE", "vllm")
IDLE_S = 2 * 60 * 60
"""An idle server is stopped after this time, in seconds."""

c = get_config()  # noqa: F821 (JupyterHub reads this file)

FOLDER.mkdir(parents=True, exist_ok=True)
os.umask(0o077)  # files of the hub and of learners are readable by their owner only

# The hub listens on loopback only. Put a proxy with TLS, such as Caddy or nginx, in front.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.db_url = f"sqlite:///{FOLDER}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{FOLDER}/jupyterhub_cookie_secret"
c.ConfigurableHTTPProxy.pid_file = f"{FOLDER}/jupyterhub-proxy.pid"

# Who may log in, with the password of their Unix user: sudo usermod -a -G learners NAME
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {"learners"}
c.PAMAuthenticator.admin_groups = {"trainers"}

c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
# With jupyterhub-systemdspawner each seat gets limits of memory and CPU:
# c.JupyterHub.spawner_class = "systemd"
# c.SystemdSpawner.mem_limit, c.SystemdSpawner.cpu_limit = "4G", 2.0

c.Spawner.cmd = [
    *(PYTHON, "-m", "warmbook", "class", "seat"),
    *("--folder", str(FOLDER), "--engine", ENGINE, "--", SINGLEUSER),
]
c.Spawner.environment = {"WARMBOOK_CACHE": CACHE}
c.Spawner.default_url = "/lab/tree/en/01_settings.ipynb"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.LocalProcessSpawner.interrupt_timeout = 15


def make_seat(spawner):
    """Create the learner's folder in the class, mode 0700, before the first start."""
    seats = FOLDER / "seats"
    seats.mkdir(parents=True, exist_ok=True)
    for folder in (FOLDER, seats):
        folder.chmod(0o711)  # users can enter it, not list it
    user = pwd.getpwnam(spawner.user.name)
    if not (seat := seats / user.pw_name).exists():
        seat.mkdir(mode=0o700)
        os.chown(seat, user.pw_uid, user.pw_gid)


c.Spawner.pre_spawn_hook = make_seat

c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={IDLE_S}"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
