"""What a trial's lines say, also those of several GPUs and of loaders that failed."""

from warmbook.measure.loaders import results
from warmbook.measure.loaders.catalog import DOWNLOAD, STREAMER

LINES = (
    {"loader": "fastsafetensors", "absent": "fastsafetensors"},
    {"loader": STREAMER, "run": 1, "seconds": 2.0},
    {"loader": STREAMER, "run": 1, "seconds": 3.0},  # the other GPU's process
    {"loader": DOWNLOAD, "run": 1, "seconds": 5.0},
    {"loader": STREAMER, "run": 2, "seconds": 1.0},
    {"loader": DOWNLOAD, "error": "OSError: no room"},
    {"stopped": "budget"},
)


def test_a_run_takes_as_long_as_its_slowest_process():
    found = {runs.name: runs.seconds for runs in results.runs(LINES, [DOWNLOAD, STREAMER, "x"])}
    assert found == {STREAMER: (3.0, 1.0), DOWNLOAD: (5.0,)}


def test_a_skipped_loader_is_reported_with_the_reason():
    told = {row.name: row.detail for row in results.left_out(LINES)}
    assert "not contain fastsafetensors" in told["fastsafetensors"]
    assert told[DOWNLOAD] == "OSError: no room"


def test_the_end_of_the_budget_is_reported():
    assert results.cut_short(LINES)
    assert not results.cut_short(LINES[:-1])
    assert not results.cut_short([{"stopped": ""}])
