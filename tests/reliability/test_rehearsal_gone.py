"""A rehearsal that was killed is named at the next call, whichever service that asks."""

import json
import sys

from ..machine import slowness

CALLS = """
import json, os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # who hears it is gone by then
from warmbook.cloud.errors import explained
from warmbook.display.banner import connect
from warmbook.errors import UnreachableError
from warmbook.settings import Settings, merge
from warmbook.steps import cache, cluster, identity, project, weights
settings = Settings.parse(merge())
clients = connect(settings)
quiet = {"report": lambda progress: None}
project.enable_own_services(settings, clients, **quiet)
project.enable_services(settings, clients, **quiet)
cluster.create(settings, clients, **quiet)
calls = {
    "google": lambda: clients.projects.get_project(name="projects/rehearsal-project"),
    "compute": lambda: clients.compute(""),
    "kubernetes": lambda: identity.create_namespace(settings, clients),
    "storage": lambda: weights.inspect(settings, clients),
    "caches": lambda: cache.describe(settings, clients),
}
for call in calls.values():
    call()
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(0.2)
took = {}
for name, call in calls.items():
    begun = time.monotonic()
    try:
        with explained():
            call()
    except UnreachableError:
        took[name] = time.monotonic() - begun
print(json.dumps(took))
"""


def test_each_client_reports_at_once_that_the_rehearsal_has_stopped(door):
    out, told = door(sys.executable, "-c", CALLS).communicate(timeout=200)
    took = json.loads(out)
    assert set(took) == {"google", "compute", "kubernetes", "storage", "caches"}, told
    assert {name: s for name, s in took.items() if s > slowness()} == {}
