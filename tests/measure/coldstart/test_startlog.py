import json
import re
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from warmbook.measure.coldstart.startlog import LogReader, is_whole, read
from warmbook.serving.vllm_releases import covered

LOGS = sorted((Path(__file__).parents[2] / "golden" / "startlogs").glob("*.log"))
GUIDE = "[RunAI Streamer] Overall time to stream 15.0 GiB of all files: 13.4s, 1.1 GiB/s"
NEAR = datetime(2026, 11, 23, tzinfo=timezone.utc)
SCALE = {"gib": 2**30, "mib": 2**20, "bytes": 1}


def lines_of(path):
    return path.read_bytes().decode().split("\n")


def expected(path):
    """Yield what each line must be read as: the remarks `#= kind figure=value…` above it."""
    told = []
    for line in lines_of(path):
        if line.startswith("#= "):
            told.append(line[3:].split())
        elif not line.startswith("#"):
            line = re.sub(r"\x1b\[[0-9;]*m", "", line)
            yield from (
                (kind, dict(f.split("=") for f in figures), line) for kind, *figures in told
            )
            told = []


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_every_line_of_a_real_log_is_read_as_what_it_is(path):
    text = "\n".join(line for line in lines_of(path) if not line.startswith("#"))
    assert lines_of(path)[0].startswith("# ")
    marks = read(text, NEAR).marks
    told = list(expected(path))
    assert [mark.kind for mark in marks] == [kind for kind, _, _ in told]
    for mark, (kind, figures, line) in zip(marks, told, strict=True):
        for unit in SCALE.keys() & figures.keys():
            assert mark.size_bytes == round(float(figures.pop(unit)) * SCALE[unit]), line
        for name, value in figures.items():
            found = getattr(mark, name)
            assert found == (value if isinstance(found, str) else json.loads(value.lower())), line
        # a bar that moved on keeps the last line
        assert kind == "reading" or line.strip()[:300] == mark.line


WARM = "init engine (profile, create kv cache, warmup model) took"
FORMS = """
version    0.11.1 0.24.0 vLLM API server version %s
version    0.16.0 0.33.0 vLLM server version %s, serving model x
arguments  0.11.1 0.33.0 non-default args: %s
files      0.11.1 0.33.0 Resolved architecture: %s
files      0.11.1 0.33.0 Using max model len %s
engine     0.11.1 0.33.0 Initializing a V1 LLM engine (v%s) with config: x
load       0.11.1 0.33.0 Starting to load model %s...
loaded     0.11.1 0.13.0 Model loading took %.4f GiB memory and %.6f seconds
loaded     0.12.0 0.13.0 Model loading took %.4f GiB and %.6f seconds
loaded     0.14.0 0.33.0 Model loading took %s GiB memory and %.6f seconds
loaded     0.14.0 0.27.1 Model loading took %s GiB and %.6f seconds
compiled   0.11.1 0.17.1 torch.compile takes %.2f s in total
compiled   0.18.0 0.31.0 torch.compile took %.2f s in total
compiled   0.32.0 0.33.0 %storch.compile took %.2f s in total
memory     0.11.1 0.13.0 Available KV cache memory: %.2f GiB
memory     0.14.0 0.33.0 Available KV cache memory: %s GiB
memory     0.11.1 0.27.1 GPU KV cache size: %s tokens
memory     0.28.0 0.29.0 GPU KV cache size: %s tokens, Maximum concurrency for %s tokens
memory     0.30.0 0.33.0 %s KV cache size: %s tokens, Maximum concurrency for %s tokens
captured   0.11.1 0.33.0 Graph capturing finished in %.0f secs, took %.2f GiB
warm       0.11.1 0.19.1 WARM %.2f seconds
warm       0.20.0 0.33.0 WARM %.2f s
warm       0.20.0 0.33.0 WARM %.2f s (compilation: %.2f s)
warm       0.20.0 0.33.0 WARM %.2f s (compilation: %.2f s — language_model: %.2f s, encoder: %.2f s)
listening  0.11.1 0.17.1 Starting vLLM API server %d on %s
listening  0.18.0 0.33.0 Starting vLLM server on %s
""".replace("WARM", WARM)
"""What each release writes, from its source: kind of mark, first and last release, format."""

ROWS = [row.split(maxsplit=3) for row in FORMS.strip().split("\n")]


def written(form):
    """Return a form as a line, with 12.5 wherever it has a figure or a name."""
    whole = {"%d": "12", "%.0f": "12", "%s": "12.5"}
    told = re.sub(r"%(\.\d)?[dfs]", lambda one: whole.get(one[0]) or one[0] % 12.5, form)
    return f"(EngineCore pid=1) INFO 11-23 10:00:00 [x.py:1] {told}\n"


@pytest.mark.parametrize(("kind", "first", "last", "form"), ROWS, ids=[row[3] for row in ROWS])
def test_every_form_of_every_release_is_read_with_its_figures(kind, first, last, form):
    (mark,) = read(written(form), NEAR).marks
    assert mark.kind == kind
    assert mark.at == datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
    timed = {"loaded": 12.5, "compiled": 12.5, "warm": 12.5, "captured": 12.0}
    assert mark.seconds == timed.get(kind)
    assert mark.size_bytes == (12.5 * 2**30 if kind == "loaded" else None)
    assert mark.detail == ("12.5" if kind in ("version", "engine") else "")


def test_each_release_has_a_form_of_each_kind():
    def order(version):
        return tuple(map(int, version.split(".")))

    for version in covered():
        told = {kind for kind, a, b, _ in ROWS if order(a) <= order(version) <= order(b)}
        assert told == {row[0] for row in ROWS}, version


def test_the_moments_of_a_log_with_the_clusters_stamps_are_exact():
    log = read(next(p for p in LOGS if "0.32.0" in p.name).read_bytes(), NEAR)
    assert log.at("up") == datetime(2026, 11, 23, 20, 6, 39, 104300, tzinfo=timezone.utc)
    assert abs(log.clock_offset_s) < 1
    assert (log.all("up")[0].at - log.first).total_seconds() < 60


def test_a_clock_that_is_ahead_is_reported():
    line = "2026-11-23T10:00:01.5Z (APIServer pid=1) INFO 11-23 18:00:02 [x.py:1] non-default args:"
    assert read(line, NEAR).clock_offset_s == pytest.approx(8 * 3600 + 0.5)
    assert read(line, NEAR).at("arguments").hour == 10


@pytest.mark.parametrize(
    ("written", "near", "year"),
    [("12-31", "2027-01-01", 2026), ("01-01", "2026-12-31", 2027), ("02-29", "2027-03-01", 2028)],
)
def test_the_year_that_vllm_does_not_write_is_the_nearest(written, near, year):
    line = f"INFO {written} 23:59:59 [x.py:1] Starting to load model x..."
    near = datetime.fromisoformat(near).replace(tzinfo=timezone.utc)
    assert read(line, near).at("load").year == year


@pytest.mark.parametrize(
    ("told", "size_bytes"),
    [
        ("8 Bytes", 8),
        ("1 Byte", 1),
        ("1.5 KiB", 1536),
        ("2.5 MiB", 5 * 2**19),
        ("15.0 GiB", 15 * 2**30),
        ("1.5 TiB", 3 * 2**39),
        ("1.5 pages", None),
    ],
)
def test_each_unit_of_a_size_is_known(told, size_bytes):
    (mark,) = read(GUIDE.replace("15.0 GiB", told)).marks
    assert mark.size_bytes == size_bytes


BAR = "Loading safetensors using Runai Model Streamer: {}% Completed | {}/4 [{}<00:00, 1it/s]"


@pytest.mark.parametrize(
    ("told", "seconds"), [("00:07", 7), ("02:03", 123), ("1:02:03", 3723), ("10:00:00", 36000)]
)
def test_the_time_of_a_progress_bar_is_read_in_hours_minutes_and_seconds(told, seconds):
    (mark,) = read(BAR.format(25, 1, told)).marks
    assert (mark.seconds, mark.detail) == (seconds, "25")


def test_of_a_bar_that_moves_on_the_first_and_the_last_are_kept():
    bars = "\n".join(BAR.format(25 * turn, turn, f"00:0{turn}") for turn in range(1, 5))
    log = read(f"Starting to load model x...\n{bars}\nModel loading took 1.0 GiB and 4.0 seconds")
    assert [mark.detail or mark.kind for mark in log.marks] == ["load", "25", "100", "loaded"]


def test_a_load_counts_as_repeated_only_if_all_figures_agree():
    own = GUIDE.replace("[RunAI", "[INFO] [RunAI")
    assert len(read(f"{own}\n{GUIDE}").streams) == 1
    for other in (GUIDE.replace("15.0", "14.0"), GUIDE.replace("13.4", "13.5")):
        assert len(read(f"{own}\n{other}").streams) == 2


def test_an_answer_is_found_after_a_health_check_in_an_earlier_piece():
    reader = LogReader(NEAR)
    reader.feed('INFO:     10.0.0.1:1 - "GET /health HTTP/1.1" 200 OK\n')
    reader.feed('INFO:     10.0.0.1:1 - "POST /v1/completions HTTP/1.1" 200 OK\n')
    assert [mark.kind for mark in reader.end().marks] == ["healthy", "answered"]


def test_each_rank_has_a_line_of_its_own():
    log = read(f"(Worker_TP0 pid=1) {GUIDE}\n(Worker_TP11 pid=2) {GUIDE}")
    assert [mark.rank for mark in log.streams] == [0, 11]


def test_the_line_of_a_failed_load_is_not_counted():
    failed = "[RunAI Streamer] Overall time to stream 8 Bytes of all files to cpu: 0.0s, 2.3 KiB/s"
    error = "ValueError: Could not receive response from libstreamer due to: b'File access error'"
    assert read(f"{failed}\n{error}\n").streams == []
    assert len(read(f"{GUIDE}\nModel loading took 1.0 GiB and 2.0 seconds\n{error}").streams) == 1


def test_a_restart_in_one_log_leaves_the_last_server():
    start = "INFO 11-23 10:00:00 [u.py:1] non-default args: {}\n"
    log = read(f"{start}{GUIDE}\nINFO:     Application startup complete.\n{start}", NEAR)
    assert (log.lives, log.streams, log.at("up")) == (2, [], None)
    assert read(f"{start}{start}", NEAR).lives == 1


def test_colours_broken_lines_and_invalid_bytes_are_tolerated():
    coloured = b"\x1b[0;36m(EngineCore pid=1)\x1b[0m " + GUIDE.encode()
    cut = b"\n\xff\xfe Model loading took 1.0 GiB and \n(Worker_TP1 pid=2) Model loading t"
    log = read(coloured + cut)
    assert [mark.kind for mark in log.marks] == ["streamed"]
    assert log.marks[0].line.startswith("(EngineCore pid=1) [RunAI")


@given(st.lists(st.integers(1, 200), max_size=40), st.sampled_from(LOGS))
def test_a_log_in_pieces_is_the_log(cuts, path):
    whole, reader, start = path.read_bytes(), LogReader(NEAR), 0
    for length in cuts:
        reader.feed(whole[start : start + length])
        start += length
    reader.feed(whole[start:])
    assert reader.end() == read(whole, NEAR)


@given(st.binary())
@example(b"INFO 99-99 99:99:99 [x] non-default args\n9999-99-99T99:99:99Z LLM engine (v1)")
@example(b"0001-01-01T00:00:00+23:59 Starting to load model")
def test_no_log_breaks_the_reader(noise):
    log = read(noise + b"\n" + GUIDE.encode() + b"\n" + noise, NEAR)
    assert any(mark.seconds == 13.4 for mark in log.marks)


FORMS = st.sampled_from([line for path in LOGS for line in lines_of(path) if line])


@given(st.lists(st.tuples(FORMS, st.integers(0, 400), st.text(max_size=5)), max_size=20))
def test_cut_and_mingled_lines_never_raise(pieces):
    log = read("".join(line[at:] + noise for line, at, noise in pieces), NEAR)
    assert all(mark.life < log.lives for mark in log.marks)


@given(st.integers(min_value=10**6, max_value=10**13))
def test_the_logs_rounding_is_tolerated_and_a_missing_shard_is_not(expected_bytes):
    assert is_whole(round(expected_bytes, -4), expected_bytes)
    assert not is_whole(round(expected_bytes * 0.9), expected_bytes)


@pytest.mark.parametrize(("untimed", "found"), [(999, True), (1000, False)])
def test_a_log_whose_first_thousand_lines_have_no_time_has_none(untimed, found):
    log = read("no time\n" * untimed + "INFO 11-23 20:06:38 [x.py:1] first\n", NEAR)
    assert (log.first is not None) is found


def test_of_a_line_that_is_too_long_only_what_stands_near_the_figures_is_read():
    stamp = "2026-11-23T20:06:38.5Z "
    near, far = (read(f"{stamp}{'x' * letters}{GUIDE}", NEAR).streams for letters in (100, 5000))
    assert near[0].at is not None
    assert (far[0].at, far[0].seconds) == (None, 13.4)


def test_a_long_log_is_read_in_no_time_and_only_once():
    told = b"2026-11-23T20:06:38.510352Z (APIServer pid=1) INFO 11-23 20:06:38 [loggers.py:195] "
    line = told + b"Engine 000: Avg prompt throughput: 1.0 tokens/s, GPU KV cache usage: 0.1%\n"
    block = line * (2**20 // len(line))
    reader, start = LogReader(NEAR), time.process_time()
    for _ in range(100):
        reader.feed(block)
    reader.feed(GUIDE)
    assert len(reader.end().streams) == 1
    # 1 s on two slow cores; a reader that begins anew with each piece would take a minute
    assert timedelta(seconds=time.process_time() - start) < timedelta(seconds=4)
