"""`make soak SUITES=DIR`: other people's tests of Cloud Storage and Kubernetes, on a rehearsal's.

DIR holds checkouts or unpacked sdists of the projects in `SUITES`; nothing of theirs is in this
repository. Each gets an environment of its own in `runs/suites`, made with uv, a server of its own
on loopback, and an empty home, so that it finds nobody's credentials.

Kubernetes' end-to-end tests are a folder with `e2e.test` and `agnhost`, which are built from its
sources; CONTRIBUTING.md has the commands.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import end_to_end
import reliability

import warmbook_rehearsal
from warmbook_rehearsal.access import Caller, Callers
from warmbook_rehearsal.google.capacity import zones_of
from warmbook_rehearsal.listener import HOST, Listener
from warmbook_rehearsal.storage import Storage, application
from warmbook_rehearsal.time_scale import TimeScale

ROOT = Path(__file__).parents[1]
WORK = ROOT / "runs" / "suites"
PROJECT = "suites"
CALLER_ROLES = ("roles/owner", "roles/storage.admin")
"""The second is what soft-deleted buckets take. Source: "Use soft-deleted buckets"."""
PYTEST = ("pytest", "pytest-asyncio", "pytest-timeout")


@dataclass(frozen=True)
class Suite:
    """The tests of one project: how its checkout is known, what is run, what that needs.

    `reasons` say why a test may fail, by a regular expression on its name. With a `focus` the
    tests are Kubernetes' own: those whose names fit it.
    """

    name: str
    known_by: str
    tests: Sequence[str] = ()
    needs: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    focus: str = ""


SUITES = (
    Suite(
        "gcsfs",
        "gcsfs/tests/test_core.py",
        tuple(
            f"gcsfs/tests/{name}"
            for name in (
                "test_core.py",
                "test_core_versioned.py",
                "test_mapping.py",
                "test_manyopens.py",
                "test_inventory_report_listing.py",
                "derived",
            )
        ),
        ("gcsfs", "pytest-subtests"),
        {"GCSFS_DEFAULT_PROJECT": PROJECT, "GCSFS_TEST_PROJECT": PROJECT},
        {
            "test_.*versioned|test_write_captures_generation": "The suite deletes its bucket "
            "although noncurrent objects are in it. The service refuses that with 409, and so "
            "does the rehearsal. Each of these tests passes in a bucket of its own.",
            "test_user_project_fallback_google_default": "It wants no project to be set, while "
            "buckets can be created in one only.",
        },
    ),
    Suite(
        "google-cloud-storage",
        "tests/system/test_blob.py",
        tuple(
            f"tests/system/test_{name}.py"
            for name in ("blob", "bucket", "client", "fileio", "transfer_manager")
        ),
        (
            "google-cloud-storage",
            "google-cloud-storage-control",
            "google-cloud-testutils",
            "google-cloud-kms",
            "mock",
            "opentelemetry-sdk",
        ),
        # without it the tests of requester pays are skipped
        {"GOOGLE_CLOUD_TESTS_USER_PROJECT": PROJECT},
        {
            "encryption_key|with_kms|rewrite_(new_blob_add|add|rotate)_key": "Out of scope: "
            "encryption keys are refused. A rehearsal that took a key and kept the bytes as they "
            "are would look as if it protected them.",
            "public_bucket": "Out of scope: it reads a public bucket of Google's.",
        },
    ),
    Suite(
        "Kubernetes end-to-end",
        "e2e.test",
        # all conformance tests of these subjects: what the Pods of the guide are made of
        focus=r"\] (ConfigMap|Secrets|Downward API should|Projected combined|EmptyDir volumes pod|"
        r"Variable Expansion should allow|Docker Containers|InitContainer|Pods|Job) .*"
        r"\[Conformance\]",
        reasons={
            "environment variables for services": "A rehearsal's Services have no cluster IP, as "
            "nothing there would route it; for such Services a kubelet sets no variables.",
            "shared volumes between containers": "Not served: the test runs a command over SPDY, "
            "as kubectl did before 1.30 (KEP-4006); a rehearsal takes commands over WebSockets "
            "only.",
        },
    ),
)


def run(folder: Path) -> int:
    """Run the suites whose checkouts are in `folder`; return 0 if each failure has a reason."""
    found = [(suite, path) for suite in SUITES if (path := _checkout(folder, suite))]
    if not found:
        print(f"{folder} has nothing of {' or '.join(suite.name for suite in SUITES)}")
        return 2
    results = [_run(suite, path) for suite, path in found]
    reliability.write_suites(results)
    return 1 if any(failure["why"] is None for told in results for failure in told["failed"]) else 0


def _checkout(folder: Path, suite: Suite) -> Path | None:
    places = (folder, *sorted(path for path in folder.iterdir() if path.is_dir()))
    return next((path.resolve() for path in places if (path / suite.known_by).is_file()), None)


def _run(suite: Suite, checkout: Path) -> dict[str, Any]:
    print(f"\n{suite.name}", flush=True)
    WORK.mkdir(parents=True, exist_ok=True)
    report, begun = WORK / f"{suite.name}.xml", time.monotonic()
    if suite.focus:
        end_to_end.run(checkout, suite.focus, report)
    else:
        _run_pytest(suite, checkout, report)
    return {
        "suite": suite.name,
        "version": end_to_end.version(checkout) if suite.focus else _version(checkout),
        "rehearsal": reliability.commit(Path(warmbook_rehearsal.__file__).parent),
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "seconds": round(time.monotonic() - begun),
        **_counts(report, suite),
        "failed": _failures(report, suite),
    }


def _run_pytest(suite: Suite, checkout: Path, report: Path) -> None:
    words = [str(_environment(suite)), "-m", "pytest", "-q", "--tb=line", "--timeout=90"]
    with _server() as url, tempfile.TemporaryDirectory() as home:
        environ = _environ(suite, url, home)
        options = [f"--junitxml={report}", "-p", "no:cacheprovider"]
        done = subprocess.run([*words, *suite.tests, *options], cwd=checkout, env=environ)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{suite.name}: pytest did not come to its end ({done.returncode})")


def _environment(suite: Suite) -> Path:
    """Make the environment of a suite anew, with the newest releases of what it needs."""
    uv, folder = Path(sys.executable).with_name("uv"), WORK / suite.name
    subprocess.run(
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True
    )
    python = folder / "bin" / "python"
    needs = (*suite.needs, *PYTEST)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *needs], check=True)
    return python


def _environ(suite: Suite, url: str, home: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": home,
        "NO_GCE_CHECK": "true",
        "STORAGE_EMULATOR_HOST": url,
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        **suite.environ,
    }


@contextmanager
def _server() -> Iterator[str]:
    """Serve a rehearsal's Cloud Storage, and nothing else, to an owner without credentials."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory() as folder:
        listener = _listener(Path(folder))
        asyncio.run_coroutine_threadsafe(listener.start(), loop).result()
        try:
            yield listener.url
        finally:
            asyncio.run_coroutine_threadsafe(listener.stop(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


def _listener(folder: Path) -> Listener:
    owner = Caller("user:you@example.com", "you@example.com")
    callers = Callers("no-token", owner)
    callers.register(HOST, owner)
    storage = Storage(
        folder,
        project_id=PROJECT,
        project_number="123456789012",
        time_scale=TimeScale(minute_s=1),
        project_bindings=lambda: [
            {"role": role, "members": [owner.member]} for role in CALLER_ROLES
        ],
        zones=zones_of,
    )
    listener = Listener(application(storage, callers, base_url=lambda: listener.url))
    return listener


def _version(checkout: Path) -> str:
    """Return which version a checkout is: its tag and commit, or what an sdist says of itself."""
    if (checkout / ".git").exists():
        return reliability.commit(checkout, "--tags")
    told = re.search(r"^Version: (.+)$", (checkout / "PKG-INFO").read_text(), re.MULTILINE)
    return told[1] if told else ""


def _counts(report: Path, suite: Suite) -> dict[str, int]:
    ends = Counter(map(_end, _cases(report, suite)))
    return {end: ends[end] for end in ("passed", "skipped")}


def _cases(report: Path, suite: Suite) -> Iterator[ElementTree.Element]:
    """Yield the cases of a report; one of Kubernetes names thousands that were not selected."""
    for case in ElementTree.parse(report).iter("testcase"):
        if re.search(suite.focus, case.get("name", "")):
            yield case


def _failures(report: Path, suite: Suite) -> list[dict[str, str | None]]:
    names = [case.get("name", "") for case in _cases(report, suite) if _end(case) == "failed"]
    return [{"test": name, "why": _reason(name, suite)} for name in names]


def _reason(test: str, suite: Suite) -> str | None:
    return next((why for names, why in suite.reasons.items() if re.search(names, test)), None)


def _end(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"
