"""A rehearsal in a process of its own, with the double for its engine: python … IMAGE MODEL S.

It tells its environment as a line of JSON, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from warmbook_sandbox.node import Image
from warmbook_sandbox.node.model import describe, model_of
from warmbook_sandbox.pace import Pace
from warmbook_sandbox.sandbox import Sandbox


async def main(image: str, model: str, minute_s: str) -> None:
    folder = Path(model)
    files = map(describe, sorted(folder.iterdir()))
    sandbox = Sandbox(
        Image(Path(image)), model_of(folder, files), engine="quick", pace=Pace(float(minute_s))
    )
    async with sandbox:
        print(json.dumps(sandbox.environment()), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
