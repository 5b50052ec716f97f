"""The rehearsal listens on loopback only, and asks who is there."""

import socket
import warnings
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
import requests
from google.cloud import storage_control_v2

from warmbook.cloud import gke


def listening():
    """Return the addresses at which this process listens."""
    inodes = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = []
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in inodes:
                raw = bytes.fromhex(words[1].partition(":")[0])
                packed = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
                found.append(socket.inet_ntop(family, packed).removeprefix("::ffff:"))
    return found


def test_every_socket_of_a_rehearsal_is_on_loopback(rehearsal, up_to):
    up_to("streaming")
    addresses = listening()
    assert len(addresses) >= 6  # storage, Google, caches, Hub, faults, the cluster, the Pod
    assert not [one for one in addresses if not one.startswith("127.")]


@pytest.mark.parametrize("token", ["", "wrong"])
def test_each_server_refuses_callers_without_the_token(
    rehearsal, chosen, clients, quiet, up_to, token
):
    up_to("cluster")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    environ = rehearsal.environ
    endpoint = gke.find(chosen, clients).endpoint
    for url in (
        f"{environ['WARMBOOK_REHEARSAL_URL']}/v3/projects/{chosen.project_id}",
        f"{environ['STORAGE_EMULATOR_HOST']}/storage/v1/b/{chosen.bucket_name}",
        f"{environ['WARMBOOK_REHEARSAL_FAULTS']}/staged",
        f"https://{endpoint}/api/v1/namespaces",
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the cluster's own certificate is not in question here
            answer = requests.get(url, headers=headers, timeout=10, verify=False)
        assert answer.status_code in (401, 403), url


def test_the_caches_refuse_callers_without_the_token(rehearsal, chosen):
    channel = grpc.insecure_channel(rehearsal.environ["WARMBOOK_REHEARSAL_GRPC"])
    kind = storage_control_v2.StorageControlClient
    client = kind(transport=kind.get_transport_class("grpc")(channel=channel))
    with pytest.raises(Exception, match=r"(?i)credential|unauthenticated|permission"):
        list(client.list_anywhere_caches(parent=f"projects/_/buckets/{chosen.bucket_name}"))
