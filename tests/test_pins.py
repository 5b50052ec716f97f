"""What comes from another repository is named by a commit or a release, never by a branch."""

import ast
import re
import subprocess

import pytest

from .documents import ROOT

FILE = re.compile(
    r"https://(?:raw\.githubusercontent\.com/[\w.-]+/[\w.-]+"
    r"|github\.com/[\w.-]+/[\w.-]+/(?:raw|archive|releases/download))"
    r"/(?:refs/(?:heads|tags)/)?([^/\s\"'`)>]+)"
)
LATEST = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/releases/latest\S*")
PACKAGE = re.compile(r"git\+https://[^\s\"'`)>@]+@?([^\s\"'`)>#]*)")
ACTION = re.compile(r"^\s*-?\s*uses:\s*[\w.-]+/[\w./-]+@(\S+)", re.M)
FIXED = re.compile(r"[0-9a-f]{40}|(?:[a-z-]+-)?v?\d+(?:\.\d+)+\S*")
"""A commit, or a release: v1.2.3, cm-sd-adapter-v0.16.3."""


def branches(text):
    """Return what a text takes from elsewhere by a name whose content may change."""
    named = [found[1] for rule in (FILE, PACKAGE, ACTION) for found in rule.finditer(text)]
    return [name for name in named if not FIXED.fullmatch(name)] + LATEST.findall(text)


def texts(path):
    """Yield what a file says; of Python each string as it is when its parts are put together."""
    content = (ROOT / path).read_text(encoding="utf-8")
    yield content
    if path.endswith(".py"):
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a clone")
    endings = (".py", ".md", ".json", ".yaml", ".yml", ".toml", ".sh", ".txt", ".in", "Makefile")
    outside = ("tests/", "requirements")  # of tests: what others wrote, and this file
    return [p for p in listed.stdout.split() if p.endswith(endings) and not p.startswith(outside)]


def test_nothing_is_taken_from_a_branch():
    found = {path: {name for text in texts(path) for name in branches(text)} for path in files()}
    assert {path: names for path, names in found.items() if names} == {}


def test_both_manifests_of_others_are_seen():
    seen = {FILE.search(text)[1] for path in files() for text in texts(path) if FILE.search(text)}
    assert len(seen) == 2
    assert all(re.fullmatch("[0-9a-f]{40}", commit) for commit in seen)


COMMIT = "af49d863755c0535f598cfde9288ae9a75251d38"


@pytest.mark.parametrize(
    ("text", "moving"),
    [
        ("https://raw.githubusercontent.com/a/b/master/c.yaml", ["master"]),
        ("https://raw.githubusercontent.com/a/b/refs/heads/main/c.yaml", ["main"]),
        (f"https://raw.githubusercontent.com/a/b/{COMMIT}/c.yaml", []),
        ("https://github.com/a/b/raw/HEAD/c.yaml", ["HEAD"]),
        ("https://github.com/a/b/releases/download/v1.2.3/c.yaml", []),
        ("https://github.com/a/b/releases/latest", ["https://github.com/a/b/releases/latest"]),
        ("pip install git+https://github.com/a/b", [""]),
        ("pip install git+https://github.com/a/b@v1.2.3", []),
        ("  - uses: actions/checkout@v4", ["v4"]),
        (f"  - uses: actions/checkout@{COMMIT}", []),
        ("https://github.com/a/b/issues/12", []),
    ],
)
def test_a_branch_is_distinguished_from_a_commit(text, moving):
    assert branches(text) == moving
