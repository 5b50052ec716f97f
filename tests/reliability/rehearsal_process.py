"""A rehearsal in a process of its own, with the double for its engine: python … IMAGE MODEL S.

It tells its environment as a line of JSON, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from warmbook_rehearsal import environment
from warmbook_rehearsal.node import Image
from warmbook_rehearsal.node.model import describe, model_of
from warmbook_rehearsal.rehearsal import Rehearsal
from warmbook_rehearsal.time_scale import TimeScale


async def main(image: str, model: str, minute_s: str) -> None:
    folder = Path(model)
    files = map(describe, sorted(folder.iterdir()))
    rehearsal = Rehearsal(
        Image(Path(image)),
        model_of(folder, files),
        engine="quick",
        time_scale=TimeScale(float(minute_s)),
    )
    async with rehearsal:
        print(json.dumps(environment.of(rehearsal)), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
