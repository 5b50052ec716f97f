"""Model folders as people have them: tests/corpus/weights/cases.yaml."""

import pytest

from warmbook.model.faults import findings
from warmbook.model.inspect import inspect_local

from .folders import CASES, write


@pytest.mark.parametrize("name", CASES)
def test_a_folder_is_accepted_or_refused_as_by_the_engine(name, tmp_path):
    case = CASES[name]
    seen = inspect_local(write(case, tmp_path / name))
    found = findings(seen)
    assert sorted(one.name for one in found) == sorted(case["says"])
    assert verdict(found) == case["verdict"]
    assert seen.parameters == case.get("parameters", seen.parameters)


def verdict(found):
    severities = {one.severity for one in found}
    return {"error": "bad", "warning": "warning"}.get(
        next((one for one in ("error", "warning") if one in severities), ""), "fine"
    )


@pytest.mark.parametrize("name", CASES)
def test_no_remedy_removes_the_only_weights(name, tmp_path):
    seen = inspect_local(write(CASES[name], tmp_path / name))
    told = [one for one in findings(seen) if one.remedy.startswith(("Remove", "Move"))]
    told = [one for one in told if one.name != "tensor twice"]  # which of the two is the reader's
    holding = [shard.name for shard in seen.shards if shard.tensors]
    named = {word.strip(",:") for one in told for word in one.what.split()}
    left = [name for name in holding if name not in named]
    assert left or not holding or not told


def test_several_models_are_both_named(tmp_path):
    seen = inspect_local(write(CASES["35-parent-of-two-models"], tmp_path))
    (found,) = findings(seen)
    assert f"{tmp_path}/a, {tmp_path}/b" in found.remedy


def test_a_hub_cache_leads_to_its_snapshot(tmp_path):
    seen = inspect_local(write(CASES["16-hf-cache-layout"], tmp_path))
    assert "models--org--m/snapshots/0123abcd" in findings(seen)[0].remedy
