"""What zones' caches serve: every byte once, and from the cache only what it has taken in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook_rehearsal.storage.caches import POLICIES, Caches
from warmbook_rehearsal.storage.locations import locate
from warmbook_rehearsal.storage.traffic import BLOCK_BYTES, Traffic
from warmbook_rehearsal.time_scale import TimeScale

POD, ZONE = "127.0.0.9", "us-central1-a"
EVER = datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)


def meta(generation: int = 1, name: str = "w.safetensors") -> Any:
    return SimpleNamespace(bucket="models", name=name, generation=generation)


def no_caches(minute_s: float) -> Caches:
    place = locate("us-central1", zones_of)
    return Caches(TimeScale(minute_s), zones_of, lambda bucket: place)


def zones_of(region: str) -> list[str]:
    return [f"{region}-a", f"{region}-b"]


def caches_of(*zones: str, policy: str = POLICIES[0]) -> Caches:
    caches = no_caches(0.0)
    for zone in zones:
        caches.create("models", zone, 86_400, policy, False)
    return caches


def traffic(*zones: str, policy: str = POLICIES[0]) -> Traffic:
    found = Traffic(caches_of(*zones, policy=policy))
    found.place(POD, ZONE)
    return found


def hit_bytes(found: Traffic, asked: range, address: str = POD, **which: Any) -> int:
    pieces = list(found.read(address, meta(**which), asked))
    assert [byte for piece, _ in pieces for byte in (piece.start, piece.stop)] == [
        asked.start,
        *(edge for piece, _ in pieces[1:] for edge in (piece.start, piece.start)),
        asked.stop,
    ]
    return sum(len(piece) for piece, from_cache in pieces if from_cache)


def test_what_was_read_once_comes_from_the_cache() -> None:
    found, asked = traffic(ZONE), range(10, 5 * BLOCK_BYTES)
    assert [hit_bytes(found, asked) for _ in range(3)] == [0, len(asked), len(asked)]
    assert sum(one.size_bytes for one in found.sent(*EVER) if one.from_cache) == 2 * len(asked)


def test_a_read_half_of_which_is_new_comes_from_both() -> None:
    found = traffic(ZONE)
    hit_bytes(found, range(2 * BLOCK_BYTES))
    assert hit_bytes(found, range(BLOCK_BYTES, 4 * BLOCK_BYTES)) == BLOCK_BYTES


def test_a_cache_may_wait_for_the_second_read() -> None:
    found, asked = traffic(ZONE, policy=POLICIES[1]), range(100)
    assert [hit_bytes(found, asked) for _ in range(3)] == [0, 0, 100]


@pytest.mark.parametrize("zones", [(), ("us-central1-b",)], ids=["none", "elsewhere"])
def test_without_a_cache_in_the_zone_all_comes_from_the_bucket(zones: tuple[str, ...]) -> None:
    found = traffic(*zones)
    assert [hit_bytes(found, range(100)) for _ in range(2)] == [0, 0]
    assert {(one.zone, one.from_cache) for one in found.sent(*EVER)} == {(ZONE, False)}


def test_a_cache_that_is_being_made_paused_or_disabled_serves_nothing() -> None:
    caches = no_caches(10.0)
    caches.create("models", ZONE, 86_400, POLICIES[0], False)
    creating = Traffic(caches)
    creating.place(POD, ZONE)
    assert [hit_bytes(creating, range(100)) for _ in range(2)] == [0, 0]
    caches = caches_of(ZONE)
    paused = Traffic(caches)
    paused.place(POD, ZONE)
    hit_bytes(paused, range(100))
    caches.pause("models", ZONE)
    assert hit_bytes(paused, range(100)) == 0


def test_a_cache_that_is_made_again_is_empty() -> None:
    caches = caches_of(ZONE)
    found = Traffic(caches)
    found.place(POD, ZONE)
    hit_bytes(found, range(100))
    caches.forget("models")
    caches.create("models", ZONE, 86_400, POLICIES[0], False)
    assert hit_bytes(found, range(100)) == 0


def test_an_object_that_was_replaced_is_another() -> None:
    found = traffic(ZONE)
    hit_bytes(found, range(100))
    assert hit_bytes(found, range(100), generation=2) == 0


def test_reads_from_outside_the_zones_use_no_cache_and_are_not_counted() -> None:
    found = traffic(ZONE)
    assert [hit_bytes(found, range(100), address="127.0.0.1") for _ in range(2)] == [0, 0]
    assert not found.sent(*EVER)


def test_only_bytes_sent_in_the_interval_are_reported() -> None:
    found = traffic(ZONE)
    hit_bytes(found, range(100))
    now = datetime.now(timezone.utc)
    assert len(found.sent(now - timedelta(seconds=60), now)) == 1
    assert not found.sent(now, now + timedelta(seconds=60))


@given(
    st.lists(
        st.tuples(st.integers(0, 6 * BLOCK_BYTES), st.integers(1, 6 * BLOCK_BYTES)), max_size=8
    )
)
def test_the_pieces_of_a_read_are_the_read(reads: list[tuple[int, int]]) -> None:
    found = traffic(ZONE)
    for start, length in reads:
        hit_bytes(found, range(start, start + length))
        assert hit_bytes(found, range(start, start + length)) == length
