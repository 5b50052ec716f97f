"""What import contracts can't hold: who makes clients, and who knows which target it is."""

from __future__ import annotations

import ast
from pathlib import Path

LIBRARY = Path(__file__).parents[1] / "lib" / "warmbook"
MODULES = {
    path.relative_to(LIBRARY).as_posix(): ast.parse(path.read_text())
    for path in LIBRARY.rglob("*.py")
    if "data" not in path.relative_to(LIBRARY).parts  # scripts that run in Pods
}
CLIENTS = ("Client", "AuthorizedSession", "HfApi")
MAKERS = {
    "cloud/clients.py",
    "cloud/kubernetes.py",  # the cluster's, with the credentials that clients.py gives it
    "model/upload/huggingface.py",  # another company's service, the same in both targets
}


def called(tree):
    """Return the last part of each name that is called with an initial capital."""
    functions = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = (f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in functions)
    return {name for name in names if name[:1].isupper()}


def test_only_these_modules_make_clients():
    made = {name for name, tree in MODULES.items() if any(map(is_client, called(tree)))}
    assert made == MAKERS


def is_client(name):
    return name.endswith(CLIENTS)


def test_only_one_module_reads_the_target_from_the_environment():
    asking = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == "WARMBOOK_REHEARSAL_URL"
    }
    assert asking == {"cloud/rehearsal.py"}
