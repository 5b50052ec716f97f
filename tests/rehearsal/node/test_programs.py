"""Images that programs of this machine stand for; test/e2e/common/docker_containers.go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warmbook_rehearsal.node import Program, view
from warmbook_rehearsal.node.programs import program_of

mounted = pytest.mark.skipif(not view.can_mount(), reason="this machine allows no mounts")


@pytest.fixture
def teller(tmp_path, image):
    """An image with a program `teller` that says how it was called."""
    script = tmp_path / "teller"
    script.write_text('#!/bin/sh\necho "[$0 $*]"\n')
    script.chmod(0o755)
    files = {"/teller": script, "/teller-2": script}
    return replace(image, programs={"teller": Program(("/teller",), ("pause",), files)})


@mounted
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "[/teller pause]"),
        ({"args": ["override", "arguments"]}, "[/teller override arguments]"),
        ({"command": ["/teller-2"]}, "[/teller-2 ]"),
        ({"command": ["/teller-2"], "args": ["other"]}, "[/teller-2 other]"),
    ],
    ids=str,
)
def test_command_and_arguments_override_those_of_the_image(play, teller, given, said):
    """Docker Containers should be able to override the image's default …."""

    async def scenario(cluster):
        container = {"name": "c", "image": "registry.example:5000/e2e/teller:2.21", **given}
        cluster.create(restartPolicy="Never", containers=[container])
        assert await cluster.ended() == "Succeeded"
        assert cluster.said() == [said]

    play(scenario, image=teller)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("teller", True),
        ("a.example/b/teller:1", True),
        ("a.example:80/teller@sha256:ab", True),
        ("teller/other", False),
        ("teller-2", False),
    ],
)
def test_an_image_is_known_by_the_last_part_of_its_name(name, known):
    program = Program(("/teller",))
    assert (program_of({"teller": program}, name) is program) == known
