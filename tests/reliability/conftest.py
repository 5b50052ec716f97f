"""A rehearsal in a process of its own, whose memory is nobody else's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def rehearsal_process(image_and_model):
    image, model = image_and_model
    words = [sys.executable, str(Path(__file__).with_name("rehearsal_process.py"))]
    words += [str(image.folder), str(model.folder), "0.02"]
    running = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield running, json.loads(running.stdout.readline())
    finally:
        if running.poll() is None:
            running.communicate(timeout=30)
