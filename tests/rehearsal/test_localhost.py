"""A machine that does not know the name localhost, or knows it as an IPv6 address only."""

import sys

import pytest

from ..processes import processes_with

UNKNOWN = """
import socket
def without(name, lookup):
    def looked_up(host, *args, **kwargs):
        if host in ("localhost", b"localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return lookup(host, *args, **kwargs)
    setattr(socket, name, looked_up)
for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
    without(name, getattr(socket, name))
"""

IPV6_ONLY = """
import socket
lookup = socket.getaddrinfo
def looked_up(host, *args, **kwargs):
    return lookup("::1" if host in ("localhost", b"localhost") else host, *args, **kwargs)
socket.getaddrinfo = looked_up
"""

ASK_ALL = """
import socket, os
try:
    assert {found[4][0] for found in socket.getaddrinfo("localhost", 80)} == {"::1"}
except socket.gaierror:
    pass
from huggingface_hub import hf_hub_download
from warmbook.display.banner import connect
from warmbook.settings import Settings, merge
from warmbook.steps import cache, cluster, identity, project
from warmbook_rehearsal.hub import OPEN
settings = Settings.parse(merge())
clients = connect(settings)
quiet = {"report": lambda progress: None}
project.enable_own_services(settings, clients, **quiet)
project.enable_services(settings, clients, **quiet)
cluster.create(settings, clients, **quiet)
identity.create_namespace(settings, clients)
cache.describe(settings, clients)
for name in ("config.json", "model-00001-of-00002.safetensors"):
    print(os.path.getsize(hf_hub_download(OPEN, name)))
"""


@pytest.mark.parametrize("resolver", [UNKNOWN, IPV6_ONLY], ids=["unknown", "ipv6 only"])
def test_every_server_is_reached_without_the_name(door, tmp_path, monkeypatch, resolver):
    beside = tmp_path / "site"
    beside.mkdir()
    (beside / "sitecustomize.py").write_text(resolver)
    monkeypatch.setenv("PYTHONPATH", ":".join([str(beside), *filter(None, sys.path)]))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    process = door(sys.executable, "-c", ASK_ALL)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    small, large = map(int, out.split()[-2:])
    assert large == 5000 and small > 0
    assert not processes_with(str(tmp_path))
