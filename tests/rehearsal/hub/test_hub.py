"""The rehearsal's Hub, asked by the genuine huggingface_hub."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi, HfFileSystem, hf_hub_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import get_hf_file_metadata, hf_hub_url
from huggingface_hub.utils import get_session

from warmbook_rehearsal.hub import GATED, OPEN

GRANTED, NOT_GRANTED = "hf_rehearsal_with_access", "hf_rehearsal_without_access"


@pytest.fixture
def api(hub):
    return HfApi(endpoint=hub.url, token=False)


def test_a_model_has_its_commit_and_its_files(api, weights):
    told = api.model_info(OPEN, files_metadata=True)
    files = {one.rfilename: one for one in told.siblings}
    assert len(told.sha) == 40 and told.gated is False
    assert {"model.safetensors", "config.json", "README.md", "original/params.json"} <= set(files)
    large = files["model.safetensors"]
    assert (large.size, large.lfs.sha256) == (len(weights), hashlib.sha256(weights).hexdigest())
    assert files["config.json"].lfs is None and len(files["config.json"].blob_id) == 40
    assert api.model_info(OPEN, revision=told.sha).sha == told.sha


def test_a_tree_has_folders_and_each_file_once(api):
    top = {one.path for one in api.list_repo_tree(OPEN)}
    assert "original" in top and "original/params.json" not in top
    whole = [one.path for one in api.list_repo_tree(OPEN, recursive=True)]
    assert "original/params.json" in whole and len(whole) == len(set(whole))
    below = [one.path for one in api.list_repo_tree(OPEN, "original")]
    assert sorted(below) == ["original/consolidated.safetensors", "original/params.json"]


def test_paths_that_are_named_are_described_and_others_left_out(api):
    told = api.get_paths_info(OPEN, ["config.json", "original", "no-such-file"])
    assert [one.path for one in told] == ["config.json", "original"]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "original/params.json"])
def test_a_download_is_the_file(hub, model_files, tmp_path, name, monkeypatch):
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    path = hf_hub_download(OPEN, name, cache_dir=tmp_path, endpoint=hub.url, token=False)
    held = hub.hub.repositories[OPEN].entries[name].path.read_bytes()
    assert Path(path).read_bytes() == held


def test_the_head_of_a_large_file_has_its_digest_and_commit(api, hub, weights):
    url = hf_hub_url(OPEN, "model.safetensors", endpoint=hub.url)
    told = get_hf_file_metadata(url, token=False, endpoint=hub.url)
    assert told.etag == hashlib.sha256(weights).hexdigest()
    assert told.size == len(weights)
    assert told.commit_hash == api.model_info(OPEN).sha


@pytest.mark.parametrize(
    ("start", "end"), [(0, 8), (1_000_000, 2_000_000), (3_000_000, None), (-9, None)]
)
def test_ranges_are_those_very_bytes(hub, weights, start, end):
    files = HfFileSystem(endpoint=hub.url, token=False, skip_instance_cache=True)
    path = f"{OPEN}/model.safetensors"
    assert files.cat_file(path, start=start, end=end) == weights[start:end]


def test_a_range_past_the_end_is_416_with_the_length(hub, weights):
    url = hf_hub_url(OPEN, "model.safetensors", endpoint=hub.url)
    answer = get_session().get(url, headers={"Range": f"bytes={len(weights)}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(weights)}"


def test_a_token_never_goes_where_the_bytes_are(hub):
    hub.headers.clear()
    url = hf_hub_url(GATED, "model.safetensors", endpoint=hub.url)
    answer = get_session().get(
        url, headers={"Authorization": f"Bearer {GRANTED}", "Range": "bytes=0-9"}
    )
    assert answer.status_code == 206 and len(answer.content) == 10
    sent = [headers for path, headers in hub.headers if path.startswith("/cdn/")]
    assert sent and all("Authorization" not in headers for headers in sent)
    refused = get_session().get(str(answer.url), headers={"Authorization": f"Bearer {GRANTED}"})
    assert refused.status_code == 400


def test_an_address_without_its_signature_gives_nothing(hub, weights):
    url = f"{hub.url}/cdn/{hashlib.sha256(weights).hexdigest()}"
    for query in ("", "?Signature=", "?Signature=" + "0" * 64, "?Signature=é"):
        assert get_session().get(url + query).status_code == 403


@pytest.mark.parametrize(("token", "status"), [(False, 401), (NOT_GRANTED, 403)])
def test_a_gated_model_shows_itself_and_keeps_its_files(hub, token, status):
    api = HfApi(endpoint=hub.url, token=token)
    assert api.model_info(GATED).gated == "manual"
    with pytest.raises(GatedRepoError) as caught:
        api.auth_check(GATED)
    assert caught.value.response.status_code == status
    with pytest.raises(GatedRepoError, match="restricted"):
        get_hf_file_metadata(hf_hub_url(GATED, "config.json", endpoint=hub.url), token=token)


def test_who_accepted_the_licence_gets_the_files(hub, tmp_path):
    HfApi(endpoint=hub.url, token=GRANTED).auth_check(GATED)
    path = hf_hub_download(
        GATED, "config.json", cache_dir=tmp_path, endpoint=hub.url, token=GRANTED
    )
    assert "LlamaForCausalLM" in Path(path).read_text()


def test_what_is_not_there_is_refused_by_name(hub, api):
    with pytest.raises(RepositoryNotFoundError) as caught:
        api.model_info("nobody/nothing")
    assert caught.value.response.status_code == 401
    with pytest.raises(RepositoryNotFoundError) as caught:
        HfApi(endpoint=hub.url, token=GRANTED).model_info("nobody/nothing")
    assert caught.value.response.status_code == 404
    with pytest.raises(RevisionNotFoundError):
        api.model_info(OPEN, revision="refs/pr/1")
    with pytest.raises(RevisionNotFoundError):
        list(api.list_repo_tree(OPEN, revision="v9"))
    with pytest.raises(RemoteEntryNotFoundError):
        get_hf_file_metadata(hf_hub_url(OPEN, "no.json", endpoint=hub.url), token=False)


def test_an_unknown_token_is_refused_even_for_what_is_open(hub):
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        HfApi(endpoint=hub.url, token="hf_somebody_elses").model_info(OPEN)
    with pytest.raises(HfHubHTTPError):
        HfApi(endpoint=hub.url, token="hf_somebody_elses").whoami()
    assert HfApi(endpoint=hub.url, token=GRANTED).whoami()["name"] == "rehearsal-with-access"


def test_too_many_requests_get_a_pause_and_are_then_served(hub):
    hub.hub.limited, hub.hub.wait_s = 1, 0
    files = HfFileSystem(endpoint=hub.url, token=False, skip_instance_cache=True)
    assert files.cat_file(f"{OPEN}/config.json", start=0, end=1) == b"{"
    assert hub.hub.limited == 0


def test_the_genuine_login_takes_a_token_of_the_rehearsal(hub, tmp_path):
    command = [str(Path(sys.executable).parent / "hf"), "auth", "login", "--token", GRANTED]
    environ = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "HF_TOKEN": ""}
    environ.pop("HF_TOKEN_PATH", None)
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=60)
    assert (tmp_path / "token").read_text().strip() == GRANTED
