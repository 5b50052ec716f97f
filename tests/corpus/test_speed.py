"""How fast large inputs are read, in processor time: other work on the machine does not count."""

import time
from pathlib import Path

import pytest

from warmbook import __main__ as command_line

from ..machine import USUAL_S

LINE = "(EngineCore pid=99) INFO 11-18 10:00:29 [loader.py:447] Loading weights of layer %d\n"
CAUSE = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB. GPU 0 has 22 GiB\n"


def processor_s(words):
    """Return the exit status of a command and the processor time it takes, at the usual speed."""
    begun = time.process_time()
    status = command_line.main(words)
    taken = time.process_time() - begun
    begun = time.process_time()
    sum(range(10**7))
    return status, taken * USUAL_S / max(USUAL_S, time.process_time() - begun)


def test_a_thousand_documents_are_linted_in_five_seconds(tmp_path, capsys):
    one = (Path(__file__).parent / "lint" / "39-valid-many-flags.yaml").read_text()
    file = tmp_path / "thousand.yaml"
    file.write_text("\n---\n".join([one] * 1000))
    status, taken_s = processor_s(["lint", str(file)])
    assert status == 0
    assert taken_s < 5


@pytest.mark.parametrize("shape", ["lines", "one line"])
def test_a_hundred_megabytes_are_diagnosed_in_seconds(tmp_path, capsys, shape):
    file, lines = tmp_path / "server.log", "".join(LINE % n for n in range(10_000))
    text = lines * (100_000_000 // len(lines))
    file.write_text((text if shape == "lines" else text.replace("\n", " ")) + "\n" + CAUSE)
    assert file.stat().st_size > 99_000_000
    status, taken_s = processor_s(["diagnose", "--log", str(file)])
    assert status == 1
    assert "gpu-memory-too-small" in capsys.readouterr().out
    assert taken_s < 3  # 1.5 where this was written; the target is 2
