"""The buttons that open a notebook or the repository elsewhere, from the repository's address.

python tools/doors.py           write them at the head of README.md
python tools/doors.py --check   write nothing; fail if README.md does not have them

Without `Repository` under [project.urls] in pyproject.toml there are none. Source of the
addresses: the heads of GoogleCloudPlatform/vertex-ai-samples' and generative-ai's notebooks, and
Cloud Shell's page "Open in Cloud Shell".
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import tomllib

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "main"
TUTORIAL = "docs/cloudshell.md"
SHELL = "https://shell.cloud.google.com/cloudshell/editor"
CONSOLE = "https://console.cloud.google.com/vertex-ai"
NAMES = {
    "en": {
        "shell": "Open in Cloud Shell",
        "workbench": "Open in Workbench",
        "colab": "Open in Colab Enterprise",
        "github": "View on GitHub",
    },
    "es": {
        "shell": "Abrir en Cloud Shell",
        "workbench": "Abrir en Workbench",
        "colab": "Abrir en Colab Enterprise",
        "github": "Ver en GitHub",
    },
}


def repository() -> str:
    """Return the address of the repository, "" where pyproject.toml names none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project.get("urls", {}).get("Repository", "")).rstrip("/").removesuffix(".git")


def addresses(address: str, path: str) -> dict[str, str]:
    """Return where a notebook of the repository opens; without a path, the repository alone."""
    shell = f"{SHELL}?cloudshell_git_repo={quote(address, safe='')}.git"
    shell += f"&cloudshell_tutorial={TUTORIAL}&cloudshell_workspace=."
    if not path:
        return {"shell": shell, "github": address}
    raw = address.replace("https://github.com", "https://raw.githubusercontent.com", 1)
    raw = quote(f"{raw}/{BRANCH}/{path}", safe="")
    return {
        "shell": shell,
        "workbench": f"{CONSOLE}/workbench/deploy-notebook?download_url={raw}",
        "colab": f"{CONSOLE}/colab/import/{raw}",
        "github": f"{address}/blob/{BRANCH}/{path}",
    }


def line(address: str, path: str, language: str = "en") -> str:
    """Return the buttons as one line of Markdown; "" without an address."""
    if not address:
        return ""
    names = NAMES[language]
    return " · ".join(f"[{names[key]}]({url})" for key, url in addresses(address, path).items())


def installation(address: str) -> str:
    """Return the line that installs warmbook into the kernel that runs; "" without an address."""
    return f'%pip install --quiet "warmbook @ git+{address}"' if address else ""


def readme(text: str, address: str) -> str:
    """Return README.md with the buttons between its two marks."""
    between = f"\\1\n{line(address, '')}\n\\2" if address else "\\1\n\\2"
    return re.sub(r"(<!-- doors -->).*?(<!-- /doors -->)", between, text, flags=re.DOTALL)


def main(arguments: Sequence[str]) -> int:
    """Write or check README.md; return the exit status."""
    file = ROOT / "README.md"
    before = file.read_text(encoding="utf-8")
    after = readme(before, repository())
    if "--check" in arguments:
        if before != after:
            print("README.md has other buttons: run `python tools/doors.py`.", file=sys.stderr)
        return int(before != after)
    file.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
