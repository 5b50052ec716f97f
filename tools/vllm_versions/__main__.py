"""Make lib/warmbook/data/vllm_versions.json: what each released vLLM accepts, from its source.

Origin: the source distributions of `vllm` (Apache-2.0), read as text and never run. Kept for
each release: the flags of the API server, the keys of the `runai_streamer` loader, which
runai-model-streamer it asks for, whether the loader hands out its own copy of each tensor,
which lines it logs, and of the official image its CUDA and which loaders' packages it has. Left
out: flags that a hardware plugin adds by itself. The same input gives the same bytes.

    python tools/vllm_versions                                read all releases, write the file
    python tools/vllm_versions --only 0.32.0,0.17.0 --check   read two, fail on a difference
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from facts import facts_of
from releases import released
from spans import Facts, packed, unpacked, written

TARGET = Path(__file__).parents[2] / "lib/warmbook/data/vllm_versions.json"


def main(arguments: list[str] | None = None) -> int:
    """Read releases and write the file, or with --check compare; return 1 if they differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="versions, with commas between")
    parser.add_argument("--check", action="store_true", help="compare with the file, write nothing")
    options = parser.parse_args(arguments)
    if options.only and not options.check:
        parser.error("--only goes with --check: the file is written from all releases at once")
    versions = options.only.split(",") if options.only else released()

    read: dict[str, Facts] = {}
    for version in versions:
        if (facts := facts_of(version)) is None:
            print(f"{version}: no source distribution, left out")
            continue
        read[version] = facts
        print(f"{version}: {len(facts['flags'])} flags, {facts['streamer']}", flush=True)

    if options.check:
        data = json.loads(TARGET.read_text("utf-8"))
        wrong = {version for version, facts in read.items() if facts != unpacked(data, version)}
        wrong |= set(versions) - set(read)
        if not options.only:
            wrong |= set(data["covered"]) ^ set(read)
        print(f"{TARGET.name}: {'differs for ' + ', '.join(sorted(wrong)) if wrong else 'agrees'}")
        return 1 if wrong else 0
    text = written(packed(read))
    TARGET.write_text(text, "utf-8")
    print(f"{TARGET.name}: {len(text.encode())} bytes, {len(read)} versions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
