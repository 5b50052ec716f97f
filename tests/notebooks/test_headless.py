"""The whole book without a reader: with a double, with the real streamer, with the real vLLM."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from warmbook.book import runner

ROOT = Path(__file__).parents[2]
MODEL_BYTES = 269_060_184
"""Size of the five safetensors files of SmolLM2-135M-Instruct in bfloat16."""

FEW = ("-p", "compare_runs", "2")
"""Notebook 09 compares more often than these tests need."""

REVOKE = """
import sys
from warmbook.cloud import iam as policies
from warmbook.__main__ import main
from warmbook.display.banner import connect
from warmbook.settings import Settings, merge
out, role = sys.argv[1:]
main(["run", "--only", "02,04,05", "--out", out])
settings = Settings.parse(merge())
bucket = connect(settings).storage.bucket(settings.bucket_name)
policies.revoke_on_bucket(bucket, [role], lambda member: "/sa/vllm-streamer" in member)
sys.exit(main(["run", "--only", "06,07", "--out", out]))
"""


def rehearse(engine, *command, limit_s=900):
    words = [sys.executable, "-m", "warmbook_rehearsal", "--engine", engine, "--", *command]
    return subprocess.run(
        words, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=limit_s
    )


def run_book(engine, out, *more):
    done = rehearse(engine, sys.executable, "-m", "warmbook", "run", "--out", str(out), *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / "run.json").read_text()), done.stdout


@pytest.mark.timeout(600)
def test_every_notebook_runs_twice_in_a_row_to_the_same_end(rehearsal, clients, chosen, tmp_path):
    book = runner.books("en")
    for _ in range(2):
        result = runner.run(book[:-1], {}, tmp_path)
        assert result.passed, result.notebooks
    assert len(clients.kubernetes.list_objects("Deployment", chosen.namespace)) == 1
    first = runner.run(book[-1:], {}, tmp_path)
    assert first.passed
    assert first.record().left == ()
    assert len(first.record().created) == 4
    again = runner.run(book[-1:], {}, tmp_path)
    assert again.passed
    assert again.record().created == again.record().left == ()


@pytest.mark.streamer
@pytest.mark.timeout(400)
def test_the_spanish_book_streams_with_the_real_streamer_into_two_pods(tmp_path):
    record, told = run_book("quick", tmp_path, "--language", "es", *FEW, "-p", "replicas", "2")
    assert [n["status"] for n in record["notebooks"]] == ["passed"] * 10
    assert [load["bytes"] for load in record["streams"]] == [MODEL_BYTES] * 2
    assert {load["source"] for load in record["streams"]} == {"streamer"}
    assert record["answer"] == ""
    assert "motor rápido" in record["declined"]
    assert record["engine"] == "quick engine"
    assert record["answered"] is None
    assert "first answer" not in {phase["name"] for phase in record["phases"]}
    assert record["parity"] is record["served"] is None
    assert len(record["comparison"]["runs"]) == 2
    assert [reads["pods"] for reads in record["replicas"]["reads"]] == [1, 2, 1, 2]
    (zone,) = record["cache_hits"]
    assert zone["hit_bytes"] > zone["missed_bytes"] > 0.9 * MODEL_BYTES
    assert record["left"] == []
    assert "Transmisión" in told


@pytest.mark.streamer
@pytest.mark.timeout(400)
def test_a_standard_cluster_with_its_pool_carries_the_book_too(tmp_path):
    zonal = ("-p", "mode", "standard", "-p", "location", "us-central1-a")
    record, _ = run_book("quick", tmp_path, "--only", "01,02,03,04,05,06,07,08,10", *zonal)
    assert record["settings"]["mode"] == "standard"
    assert [load["bytes"] for load in record["streams"]] == [MODEL_BYTES]
    assert record["left"] == []


@pytest.mark.streamer
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("role", "permission"),
    [
        ("roles/storage.bucketViewer", "storage.buckets.get"),
        ("roles/storage.objectUser", "storage.objects.list"),
    ],
)
def test_a_role_taken_away_between_05_and_06_is_named(tmp_path, role, permission):
    done = rehearse("quick", sys.executable, "-c", REVOKE, str(tmp_path), role)
    assert done.returncode == 1
    assert f"lacks {permission}" in done.stdout
    assert "Run notebook 05" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.streamer
@pytest.mark.timeout(300)
def test_each_cell_is_a_test_for_nbval():
    books = [str(book) for book in runner.books("en", ["01", "02", "03", "04", "05", "10"])]
    done = rehearse("quick", sys.executable, "-m", "pytest", "-q", "--nbval-lax", *books)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


@pytest.mark.slow
def test_nbval_without_a_rehearsal_reports_what_is_missing():
    book = runner.books("en", ["01"])[0]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval-lax", str(book)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "project_id: still empty" in done.stdout
    assert "Traceback (most recent" not in done.stdout


def unexplained(phases):
    gaps = sum(phase["seconds"] for phase in phases if phase["name"] == "unexplained")
    return gaps / (phases[-1]["start"] + phases[-1]["seconds"])


@pytest.mark.engine
@pytest.mark.timeout(1200)
def test_the_english_book_gets_its_answer_from_the_real_vllm(tmp_path):
    record, told = run_book("vllm", tmp_path, *FEW)
    assert [n["status"] for n in record["notebooks"]] == ["passed"] * 10
    (load,) = record["streams"]
    assert load["bytes"] == MODEL_BYTES
    assert load["seconds"] > 0
    assert load["source"] == "streamer"
    assert "Tokyo" in record["answer"]
    assert record["versions"]["vllm"] == "0.32.0"
    assert record["versions"]["runai-model-streamer"] == "0.17.0"
    names = [phase["name"] for phase in record["phases"]]
    assert len(names) >= 8 and {"node ready", "image pull", "weights streamed", "ready"} < {*names}
    assert record["engine"] == "vLLM"
    assert record["answered"]["first"] is True
    assert (names[-1], record["phases"][-1]["seconds"]) == (
        "first answer",
        record["answered"]["seconds"],
    )
    assert unexplained(record["phases"]) < 0.1
    assert record["parity"]["prompts"] == record["parity"]["equal"] >= 20
    assert record["parity"]["first_difference"] is None
    assert record["served"]["verdict"] == "equal"
    runs = {one["loader"]: one["seconds"] for one in record["comparison"]["runs"]}
    assert {name: len(seconds) for name, seconds in runs.items()} == {"download": 2, "streamer": 2}
    assert record["comparison"]["sentence"]
    assert record["left"] == []
    assert len(record["created"]) == 4
    assert "Left behind: nothing" in told
