"""The shaped network: by a clock of its own, over HTTP, and from the command line."""

import heapq
import json
import time
import types
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from warmbook_rehearsal.__main__ import main
from warmbook_rehearsal.network import BEHIND_S, PIECE_BYTES, UNSHAPED, Network, Shaper
from warmbook_rehearsal.request_faults import Incoming

from ..machine import slowness

MIB = 2**20
GET = Incoming("storage", "GET", "/storage/v1/b")


class World:
    """A clock that moves when all wait, and a network by it; each sleep is `late_s` too long."""

    def __init__(self, network, late_s=0.0, seed=0):
        self.now, self.late_s = 0.0, late_s
        self.shaper = Shaper(network, now=lambda: self.now, sleep=self.sleep, seed=seed)

    @types.coroutine
    def sleep(self, seconds):
        yield seconds + self.late_s

    def together(self, *streams):
        """Carry out coroutines side by side; return when each ended, in seconds."""
        waiting = [(self.now, place) for place in range(len(streams))]
        ended = {}
        while waiting:
            at, place = heapq.heappop(waiting)
            self.now = max(self.now, at)
            try:
                heapq.heappush(waiting, (self.now + streams[place].send(None), place))
            except StopIteration:
                ended[place] = self.now
        return [ended[place] for place in range(len(streams))]

    async def read(
        self, size_bytes, address="127.0.0.1", start=0, pieces=None, stall_s=0.0, from_cache=False
    ):
        """Read an answer; stop for `stall_s` once, in the middle."""
        so_far = 0
        asked = range(start, start + size_bytes)
        async for piece in self.shaper.paced(address, asked, from_cache=from_cache):
            so_far += len(piece)
            if pieces is not None:
                pieces.append((piece, self.now))
            if stall_s and so_far >= size_bytes / 2:
                await self.sleep(stall_s)
                stall_s = 0.0

    def read_s(self, size_bytes, **how):
        before = self.now
        (ended,) = self.together(self.read(size_bytes, **how))
        return ended - before

    def latency_s(self, incoming=GET):
        before = self.now
        (ended,) = self.together(self.shaper.meet(incoming))
        return ended - before


def approx(seconds):
    return pytest.approx(seconds, rel=1e-6)


def test_a_stream_has_its_rate_and_another_beside_it_its_own():
    world = World(Network(stream_mib_s=100))
    assert world.read_s(50 * MIB) == approx(0.5)
    both = world.together(world.read(100 * MIB), world.read(100 * MIB))
    assert both == [approx(1.5), approx(1.5)]


def test_machines_share_the_region_and_a_cache_takes_nothing_of_it():
    world = World(Network(region_gbps=8))
    machines = ("127.0.0.2", "127.0.0.3")
    ended = world.together(*(world.read(10**9, address=one) for one in machines))
    assert ended == [pytest.approx(2, abs=0.01)] * 2
    cached = (world.read(10**9, address=at, from_cache=at == machines[0]) for at in machines)
    first, second = (end - max(ended) for end in world.together(*cached))
    assert (first, second) == (approx(0), approx(1))


def test_streams_share_the_nic_of_their_machine_evenly_and_of_no_other():
    world = World(Network(nic_gbps=8))
    world.shaper.place("127.0.0.2", machine="node-1")
    world.shaper.place("127.0.0.3", machine="node-1")
    world.shaper.place("127.0.0.4", machine="node-2")
    sizes = {"127.0.0.2": 10**9, "127.0.0.3": 10**9, "127.0.0.4": 10**9}
    first, second, elsewhere = world.together(*(world.read(sizes[a], a) for a in sizes))
    piece_s = PIECE_BYTES.stop / 1e9
    assert elsewhere == approx(1)
    assert first == pytest.approx(2, abs=2 * piece_s)
    assert second == approx(2)


def test_an_address_that_was_not_placed_is_a_machine_of_its_own():
    world = World(Network(nic_gbps=8))
    both = world.together(world.read(10**9, "127.0.0.8"), world.read(10**9, "127.0.0.9"))
    assert both == [approx(1), approx(1)]


def test_the_slower_of_stream_and_nic_counts():
    narrow = World(Network(stream_mib_s=100, nic_gbps=8))
    assert narrow.read_s(50 * MIB) == approx(0.5)
    ended = narrow.together(*(narrow.read(50 * MIB) for _ in range(20)))
    assert max(ended) - 0.5 == pytest.approx(20 * 50 * MIB / 1e9, rel=0.02)


def test_only_what_reads_from_storage_waits_for_its_first_byte():
    world = World(Network(latency_ms=30))
    assert world.latency_s() == approx(0.03)
    assert world.latency_s(Incoming("storage", "HEAD", "/b/o")) == approx(0.03)
    for service, method in (("storage", "POST"), ("storage", "PUT"), ("google", "GET")):
        assert world.latency_s(Incoming(service, method, "/")) == 0
    assert world.read_s(50 * MIB) == 0


def test_jitter_spreads_evenly_within_its_bounds_and_is_the_same_each_time():
    def seconds(seed=0):
        world = World(Network(latency_ms=100, stream_mib_s=10, jitter=0.2), seed=seed)
        return [(world.latency_s(), world.read_s(MIB)) for _ in range(300)]

    found = seconds()
    for of_one_kind in zip(*found, strict=True):
        assert 0.08 <= min(of_one_kind) < 0.082
        assert 0.118 < max(of_one_kind) <= 0.12
        assert sum(of_one_kind) / 300 == pytest.approx(0.1, rel=0.02)
    assert found == seconds()
    assert found != seconds(seed=1)


def test_lateness_of_the_loop_is_made_up():
    world = World(Network(stream_mib_s=100), late_s=0.02)
    assert world.read_s(100 * MIB) == pytest.approx(1, abs=0.021)


def test_a_reader_that_stops_makes_up_only_a_little():
    world = World(Network(stream_mib_s=100))
    assert world.read_s(100 * MIB, stall_s=0.05) == approx(1)
    assert world.read_s(100 * MIB, stall_s=2) == approx(3 - BEHIND_S)


def test_an_idle_machine_accumulates_no_bandwidth():
    world = World(Network(nic_gbps=8))
    world.read_s(10**8)
    world.now += 60
    assert world.read_s(10**8) == approx(0.1)


def test_one_byte_takes_its_time_and_none_takes_none():
    world = World(Network(stream_mib_s=1 / MIB))
    assert world.read_s(1) == approx(1)
    assert world.read_s(0) == 0


def test_an_unshaped_answer_leaves_in_one_piece():
    pieces = []
    World(UNSHAPED).read_s(10**9, pieces=pieces)
    assert pieces == [(range(10**9), 0.0)]


figures = st.floats(0, 10**4).map(lambda figure: round(figure, 3))
shapes = st.builds(Network, figures, figures, figures, st.floats(0, 1))


@given(shapes, st.integers(0, 2**40), st.integers(0, 40 * MIB))
def test_whatever_the_shape_every_byte_leaves_once_in_order_and_none_too_soon(shape, start, size):
    pieces = []
    World(shape).read_s(size, start=start, pieces=pieces)
    end = start
    for piece, at in pieces:
        assert piece.start == end
        end = piece.stop
        least = (end - start) / (shape.stream_mib_s * MIB) if shape.stream_mib_s else 0
        assert at >= least * (1 - shape.jitter) * (1 - 1e-6) - 1e-9
        if shape.stream_mib_s or shape.nic_gbps:
            assert 0 < len(piece) <= PIECE_BYTES.stop
    assert end == start + size


class Reader(requests.Session):
    """The rehearsal's bucket, for its reader; `size_mib` of bytes lie there as `weights`."""

    def __init__(self, rehearsal):
        super().__init__()
        environ = rehearsal.environ
        self.headers["Authorization"] = f"Bearer {environ['WARMBOOK_REHEARSAL_TOKEN']}"
        bucket = environ["WARMBOOK_MODEL_URI"].removeprefix("gs://").partition("/")[0]
        self.objects = f"{environ['STORAGE_EMULATOR_HOST']}/storage/v1/b/{bucket}/o"

    def upload(self, size_mib):
        url = self.objects.replace("/storage/", "/upload/storage/")
        query = {"uploadType": "media", "name": "weights"}
        self.post(url, params=query, data=bytes(size_mib * MIB)).raise_for_status()

    def download(self):
        return self.get(f"{self.objects}/weights?alt=media", stream=True)

    def timed(self, method, name=""):
        start = time.monotonic()
        self.request(method, self.objects + name).raise_for_status()
        return time.monotonic() - start

    def download_s(self):
        """Return how long the whole object takes to read, in seconds."""
        start = time.monotonic()
        with self.download() as answer:
            for _ in answer.iter_content(MIB):
                pass
        return time.monotonic() - start


def quickest(measure, enough_s, most=20):
    """Measure until it takes no more than `enough_s`; return the least, in seconds.

    A busy machine makes what a test measures longer, never shorter.
    """
    least = measure()
    for _ in range(most - 1):
        if least <= enough_s:
            break
        least = min(least, measure())
    return least


@pytest.fixture
def reader(rehearsal):
    with Reader(rehearsal) as session:
        yield session


def shaped(**figures):
    return pytest.mark.parametrize("network", [Network(**figures)], ids=["shaped"])


@shaped(latency_ms=50)
def test_over_http_each_request_that_reads_waits_and_no_other(reader):
    reader.upload(1)
    for _ in range(3):
        assert 0.05 <= quickest(lambda: reader.timed("GET"), 0.1) < 0.1
        assert 0.05 <= quickest(lambda: reader.timed("HEAD", "/weights"), 0.1) < 0.1
        assert 0.05 <= quickest(reader.download_s, 0.1) < 0.1
    assert quickest(lambda: reader.timed("PATCH", "/weights"), 0.05) < 0.05


@shaped(stream_mib_s=135)
def test_over_http_a_stream_takes_what_it_should(reader):
    reader.upload(54)
    longest_s = 1.1 * 54 / 135
    assert 54 / 135 <= quickest(reader.download_s, longest_s) <= longest_s


@shaped(latency_ms=5000, stream_mib_s=1, nic_gbps=0.001)
def test_an_upload_is_not_slowed(reader):
    start = time.monotonic()
    reader.upload(16)
    assert time.monotonic() - start < 8  # 16 s by the stream, 134 s by the NIC


@shaped(nic_gbps=0.1)
def test_a_download_that_is_broken_off_leaves_nothing(rehearsal, reader):
    reader.upload(10)
    answer = reader.download()
    assert len(next(answer.iter_content(MIB))) == MIB
    assert files_open_below(rehearsal.inner.folder)
    answer.raw._connection.sock.close()
    answer.close()
    end = time.monotonic() + 5
    while files_open_below(rehearsal.inner.folder) and time.monotonic() < end:
        time.sleep(0.02)
    assert not files_open_below(rehearsal.inner.folder)
    # nor does the NIC still carry what nobody reads
    assert reader.download_s() < 1.5 * slowness() * 10 * MIB * 8 / 0.1e9


def files_open_below(folder):
    open_files = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            open_files.append(entry.readlink())
        except OSError:
            continue
    return [file for file in open_files if file.is_relative_to(folder / "storage")]


@shaped(latency_ms=30, stream_mib_s=135, nic_gbps=10, jitter=0.1)
def test_a_shaped_rehearsal_publishes_its_figures(rehearsal):
    assert json.loads(rehearsal.environ["WARMBOOK_SHAPED"]) == {
        "latency_ms": 30,
        "stream_mib_s": 135,
        "nic_gbps": 10,
        "region_gbps": 0,
        "jitter": 0.1,
    }
    told = str(rehearsal.inner.shaper.network)
    assert told == "30 ms, 135 MiB/s per stream, 10 Gbps per machine, jitter 0.1"


def test_an_unshaped_rehearsal_publishes_no_figures(rehearsal):
    assert "WARMBOOK_SHAPED" not in rehearsal.environ


@pytest.mark.parametrize("option", ["--latency-ms", "--stream-mib-s", "--nic-gbps", "--jitter"])
@pytest.mark.parametrize("value", ["-1", "nan", "inf", "-inf", "1e999", "fast", "", "1,5"])
def test_a_wrong_figure_is_refused_by_its_name(option, value, capsys):
    with pytest.raises(SystemExit) as refused:
        main([f"{option}={value}", "--latency-ms=1", "--", "true"])
    assert refused.value.code == 2
    assert f"argument {option}: " in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["nan", "-1", "0", "-0.0", "inf", "1e-400", "61", "soon", ""])
def test_a_minute_too_short_to_simulate_is_refused(seconds, capsys, tmp_path):
    with pytest.raises(SystemExit) as refused:
        main(["--minute", seconds, f"--cache={tmp_path / 'cache'}", "--", "true"])
    assert refused.value.code == 2
    assert "argument --minute:" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_jitter_above_one_is_refused(capsys):
    with pytest.raises(SystemExit) as refused:
        main(["--latency-ms=1", "--jitter=1.01"])
    assert refused.value.code == 2
    assert "1.01 must be from 0 to 1" in capsys.readouterr().err


def test_jitter_alone_has_nothing_to_spread_and_is_refused(capsys, tmp_path):
    with pytest.raises(SystemExit) as refused:
        main(["--jitter=0.2", f"--cache={tmp_path / 'cache'}", "--", "true"])
    assert refused.value.code == 2
    assert "set one of them too" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
