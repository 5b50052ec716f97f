"""Inside a rehearsal: the peak memory of the real streamer by its memory limit; prints JSON.

Each limit has a process of its own, which reads one file first: what the libraries take once is
no part of the figure. The limit is for the streamer's own buffers; the tensors that it hands over
(`owned`, as vLLM asks for them) are its reader's, and come on top. Both are measured.
"""

from __future__ import annotations

import json
import sys

from .streamer import FILE_BYTES, FILES, in_engine

LIMITS = {"0": FILE_BYTES, str(2 * FILE_BYTES): 2 * FILE_BYTES, "-1": FILES * FILE_BYTES}
"""RUNAI_STREAMER_MEMORY_LIMIT -> the bytes that it stands for; 0 is the largest tensor."""

SCRIPT = """
import ctypes, gc, json, os, sys
from runai_model_streamer import SafetensorsStreamer, list_safetensors
uri, limits = sys.argv[1], sys.argv[3:]

def read(files, limit, owned):
    os.environ["RUNAI_STREAMER_MEMORY_LIMIT"] = limit
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(files, owned=owned)
        for _, tensor in streamer.get_tensors():
            del tensor

def status(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

def peak(limit, owned):
    files = list_safetensors(uri)
    read(files[:1], "0", owned)
    gc.collect(), ctypes.CDLL("libc.so.6").malloc_trim(0)
    before = status("VmRSS:")
    open("/proc/self/clear_refs", "w").write("5")  # the peak begins anew
    read(files, limit, owned)
    return status("VmHWM:") - before

found = {"buffers": {}, "handed over": {}}
for limit in limits:
    for name, peaks in found.items():
        ours, theirs = os.pipe()
        if os.fork() == 0:
            os.write(theirs, str(peak(limit, name == "handed over")).encode())
            os._exit(0)
        os.wait()
        peaks[limit] = int(os.read(ours, 99))
print(json.dumps(found))
"""


def main() -> None:
    """Measure each limit once: it is a bound, not a rate."""
    found = in_engine(SCRIPT, *LIMITS)
    shares = {
        name: {limit: peaks[limit] / wanted for limit, wanted in LIMITS.items()}
        for name, peaks in found.items()
    }
    print(json.dumps(shares))


if __name__ == "__main__":
    sys.exit(main())
