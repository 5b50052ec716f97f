"""The door of a rehearsal as a process, a command in it, and the processes of a machine."""

from __future__ import annotations

import os
import time
from pathlib import Path

DOOR = """
import asyncio, sys
from pathlib import Path
from warmbook_rehearsal.run import around
from warmbook_rehearsal.node import Image
from warmbook_rehearsal.node.model import describe, model_of
from warmbook_rehearsal.time_scale import TimeScale
folder, command = Path(sys.argv[2]), sys.argv[3:]
image, model = Image(Path(sys.argv[1])), model_of(folder, map(describe, sorted(folder.iterdir())))
sys.exit(asyncio.run(around(command, image, model, engine="quick", time_scale=TimeScale(0.02))))
"""

TO_THE_NAMESPACE = """
from warmbook.display.banner import connect
from warmbook.settings import Settings, merge
from warmbook.steps import cluster, identity, project
settings = Settings.parse(merge())
clients = connect(settings)
quiet = {"report": lambda progress: None}
project.enable_own_services(settings, clients, **quiet)
project.enable_services(settings, clients, **quiet)
cluster.create(settings, clients, **quiet)
identity.create_namespace(settings, clients)
"""
"""The guide from its first step to the namespace, for a command in a rehearsal."""

TO_THE_SERVER = f"""{TO_THE_NAMESPACE}
from warmbook.steps import server
identity.create_service_account(settings, clients)
identity.grant_bucket_roles(settings, clients)
server.deploy(settings, clients)
server.wait_started(settings, clients, **quiet)
"""

GUIDE = f"""{TO_THE_SERVER}
import sys, time
from pathlib import Path
Path(sys.argv[1]).touch()
time.sleep(600)
"""


def processes_with(text, in_command_line=""):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_text()
                if text in (entry / "environ").read_text() + words and in_command_line in words:
                    found.append(int(entry.name))
            except (OSError, UnicodeDecodeError):
                continue
    return found


def until(holds, limit_s=30):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")
