"""`python tiny.py LOCKS [arguments]`: the rehearsal's command line with a tiny engine.

LOCKS is a folder with `torch.txt` and `engine.txt` of an engine that takes a moment to
install; the model is a file of a few bytes. All else is the real thing.
TINY_NEEDED_BYTES, if set, is what is said to be needed on the disk.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from warmbook_rehearsal import __main__, node
from warmbook_rehearsal.node import image
from warmbook_rehearsal.node.model import describe, model_of
from warmbook_rehearsal.node.smoke_test import smoke_test


def tiny_model(cache, *_):
    folder = cache / "models" / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    return model_of(folder, [describe(folder / "config.json")])


folder = Path(sys.argv.pop(1))
locks = image.Locks(folder / "torch.txt", folder / "engine.txt")
image.NEEDED_BYTES = int(os.environ.get("TINY_NEEDED_BYTES") or 0)
node.build_image = partial(image.build_image, locks=locks)
node.make_model = tiny_model
# there is no vLLM in it that could answer
node.smoke_test = lambda *given, **_: smoke_test(*given, wanted=False)
if __name__ == "__main__":
    sys.exit(__main__.main())
