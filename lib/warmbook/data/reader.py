"""Runs beside the server in its Pod: reads the weights with the streamer alone, when told to.

Argument: the model's address. Each line of standard input asks for one read, into the host's
memory and out of it again; a line of JSON answers. Ends with its input, or if nobody asks.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import Any

PATIENCE_S = 600
"""How long it waits for a line before it ends: whoever asked may be gone without a word."""


def main(model: str) -> None:
    """Tell when the streamer has been imported; read the weights once for each line."""
    import runai_model_streamer as streamer

    tell(ready=True)
    while True:
        signal.alarm(PATIENCE_S)
        if not sys.stdin.readline():
            return
        signal.alarm(0)
        tell(**read(streamer, model))


def read(streamer: Any, model: str) -> dict[str, float]:
    """Return the seconds from the listing to the last tensor, and the tensors' bytes."""
    start, size_bytes = time.monotonic(), 0
    with streamer.SafetensorsStreamer() as found:
        found.stream_files(streamer.list_safetensors(model))
        for _, tensor in found.get_tensors():
            size_bytes += tensor.numel() * tensor.element_size()
        return {"seconds": time.monotonic() - start, "bytes": size_bytes}


def tell(**told: Any) -> None:
    """Write one line of JSON."""
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
