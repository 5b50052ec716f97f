"""pip's configuration: where packages come from, and the same in uv's variables.

uv reads neither pip's files nor its variables, so a company's index, certificate or proxy
would be lost. Sources: pip's documentation, "Configuration"; uv's, "Environment variables".
"""

from __future__ import annotations

import ast
import os
import ssl
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PLACES = ("index-url", "extra-index-url", "find-links", "no-index")
"""Options that say where packages come from."""

SAME = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES",
}
"""pip's options that uv has too, as variables; of several values both split at spaces."""

UV_PLACES = (
    *("UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
    "UV_TORCH_BACKEND",
)
"""uv's variables that name a place, beside UV_DEFAULT_INDEX."""

UV_LIMITS = ("UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_BUILD_CONSTRAINT")
"""uv's variables that restrict versions, with files that have no digests."""

WITHOUT_EFFECT = (
    *("break-system-packages", "cache-dir", "config-file", "disable-pip-version-check"),
    *("exists-action", "no-cache-dir", "no-color", "no-input", "no-python-version-warning"),
    *("no-warn-conflicts", "no-warn-script-location", "prefer-binary", "progress-bar", "quiet"),
    *("require-virtualenv", "root-user-action", "use-feature", "user", "verbose"),
)
"""Options that change nothing about which locked files are installed."""

AGAINST_LOCKS = ("constraint", "build-constraint")
"""Options left out: a lock names every version, and constraints have no digests."""

OFF = frozenset(("", "0", "false", "no", "off", "n", "f"))


@dataclass(frozen=True)
class PipConfig:
    """pip's options, as `pip install` would take them from its files and variables."""

    options: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    """Whether its index is the only place, whatever uv's own variables name."""

    @classmethod
    def read(cls, python: str = sys.executable) -> PipConfig:
        """Ask the pip of an interpreter; where there is none, nothing is configured."""
        asked = subprocess.run(
            [python, "-m", "pip", "--disable-pip-version-check", "config", "list"],
            capture_output=True,
            text=True,
        )
        return cls(_options(asked.stdout.splitlines()) if not asked.returncode else {})

    @property
    def names_places(self) -> bool:
        """Whether packages come from elsewhere than the ordinary index alone."""
        return any(name in self.options for name in PLACES)

    @property
    def offline(self) -> bool:
        """Whether no index may be asked."""
        return self.options.get("no-index", "").lower() not in OFF

    @property
    def unknown_to_uv(self) -> list[str]:
        """Options that uv has no word for: with one of them, pip installs."""
        known = {*SAME, *PLACES, "proxy", *WITHOUT_EFFECT}
        return sorted(name for name in self.options if name not in known)

    def only(self, index: str) -> PipConfig:
        """Return the same configuration with one index and no other place."""
        kept = {name: value for name, value in self.options.items() if name not in PLACES}
        return PipConfig({**kept, "index-url": index}, alone=True)

    def for_pip(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the variables with which pip has this configuration and no other."""
        others = {name: value for name, value in environ.items() if not name.startswith("PIP_")}
        own = {f"PIP_{name.upper().replace('-', '_')}": v for name, v in self.options.items()}
        return {**others, **own, "PIP_CONFIG_FILE": os.devnull}

    @property
    def uv_options(self) -> list[str]:
        """What uv has no variable for."""
        return ["--no-index"] if self.offline else []

    def for_uv(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the variables with which uv finds what pip would find.

        uv's own variables hold where pip is not configured.
        """
        same = {SAME[name]: " ".join(v.split()) for name, v in self.options.items() if name in SAME}
        env = {**environ, **_trusted(environ), **same}
        if "find-links" in self.options:
            env["UV_FIND_LINKS"] = ",".join(self.options["find-links"].split())
        if "extra-index-url" in self.options:  # pip takes the best of all indexes, not the first's
            env["UV_INDEX_STRATEGY"] = "unsafe-best-match"
        if proxy := self.options.get("proxy"):
            env |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
        dropped = (*UV_LIMITS, *(UV_PLACES if self.alone else ()))
        return {name: value for name, value in env.items() if name not in dropped}


def _options(lines: Iterable[str]) -> dict[str, str]:
    """Read `pip config list`; of one option in several sections the last one of these wins."""
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in lines:
        key, equals, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if equals and section in sections:
            sections[section][name] = str(ast.literal_eval(value)).strip()
    merged = {name: value for section in sections.values() for name, value in section.items()}
    return {name: v for name, v in merged.items() if v and name not in AGAINST_LOCKS}


def _trusted(environ: Mapping[str, str]) -> dict[str, str]:
    """Return which certificates uv trusts: pip's variables for them, else the system's store."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if environ.get(name):
            return {"SSL_CERT_FILE": environ[name]}
    return {"UV_SYSTEM_CERTS": "1"} if _system_store() else {}


def _system_store() -> bool:
    paths = ssl.get_default_verify_paths()
    return any(path and Path(path).exists() for path in (paths.cafile, paths.openssl_cafile)) or (
        bool(paths.capath) and any(Path(str(paths.capath)).iterdir())
    )
