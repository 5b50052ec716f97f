"""The KV cache of configs as people have them: tests/corpus/sizing/kv_cache.json.

A line for each: `config` as in config.json, `context` in tokens, the bytes of one sequence in
bfloat16 with what they were `worked` out from (layers, bytes of a token), and how many layers keep
a state beside (`state_layers`, where it is asked); or what of the config is `not_known`. Adding a
case is adding a line.
"""

import json
from pathlib import Path

import pytest

from warmbook.errors import MissingError
from warmbook.model.config import Shape

CASES = json.loads((Path(__file__).parent / "sizing/kv_cache.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_cache_of_one_sequence_is_exact_or_reported_as_unknown(case):
    shape = Shape.of(case["config"])
    if "not_known" in case:
        with pytest.raises(MissingError, match=case["not_known"]):
            shape.one_sequence(8192)
        return
    found = shape.one_sequence(case["context"])
    assert (found.low, found.high) == (case["kv_bytes_low"], case["kv_bytes_high"])
    assert shape.state_layers == case.get("state_layers", shape.state_layers)
