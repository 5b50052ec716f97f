import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.streamlog import is_whole, loading_s, streams

GUIDE = "[RunAI Streamer] Overall time to stream 15.0 GiB of all files: 13.4s, 1.1 GiB/s"


@pytest.mark.parametrize(
    ("line", "size_bytes", "elapsed_s", "device"),
    [
        (GUIDE, round(15.0 * 2**30), 13.4, ""),
        (GUIDE.replace("files:", "files to cuda:0:"), round(15.0 * 2**30), 13.4, "cuda:0"),
        (
            "2026-11-22 23:41:46,294 [INFO] [RunAI Streamer] Overall time to stream 16.0 MiB of "
            "all files to cpu: 1.03s, 15.5 MiB/s",
            16 * 2**20,
            1.03,
            "cpu",
        ),
        (
            "\x1b[36m(EngineCore)\x1b[0m [RunAI Streamer] Overall time to stream 8 Bytes of all "
            "files to cpu: 0.0s, 2.3 KiB/s",
            8,
            0.0,
            "cpu",
        ),
    ],
    ids=["the guide's", "on a GPU", "0.17.0", "coloured, of a failed load"],
)
def test_each_form_of_the_line_is_read(line, size_bytes, elapsed_s, device):
    (found,) = streams(f"noise\n{line}\nnoise")
    assert (found.size_bytes, found.elapsed_s, found.device) == (size_bytes, elapsed_s, device)


def test_each_rank_has_a_line_of_its_own():
    assert len(list(streams(f"{GUIDE}\n{GUIDE}"))) == 2


def test_vllms_own_seconds_are_found_in_both_forms():
    old = "Model loading took 0.2500 GiB memory and 3.014159 seconds"
    assert loading_s(f"x\n{old}\n") == pytest.approx(3.014159)
    assert loading_s("Model loading took 58.99 GiB and 27.027104 seconds") == pytest.approx(27.0271)
    assert loading_s("nothing here") is None


@given(st.integers(min_value=10**6, max_value=10**13))
def test_the_logs_rounding_is_tolerated_and_a_missing_shard_is_not(expected_bytes):
    assert is_whole(round(expected_bytes, -4), expected_bytes)
    assert not is_whole(round(expected_bytes * 0.9), expected_bytes)


@given(st.text())
def test_no_log_breaks_the_reader(text):
    assert all(stream.size_bytes >= 0 for stream in streams(f"{text}\n{GUIDE}{text}"))
