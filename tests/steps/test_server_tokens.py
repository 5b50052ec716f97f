"""The running server asked in a rehearsal, and what its answers are held against."""

import time

import pytest

from warmbook.errors import MissingError
from warmbook.serving.prompts import PROMPTS, Transcript
from warmbook.steps import server_tokens, streaming


def test_without_a_reference_the_answers_are_kept_for_notebook_09(chosen, clients, up_to):
    up_to("streaming")
    found = server_tokens.answers(chosen, clients)
    assert found.verdict == "unjudged"
    kept = Transcript.of(found.record())
    assert len(kept.answers.tokens) == len(PROMPTS)
    assert (kept.origin.model, kept.origin.vllm) == (chosen.model_uri, "0.0.0")
    assert "/v1/completions" in found.command


def test_a_reference_counts_until_a_file_changes(rehearsal, chosen, clients, up_to, quiet):
    up_to("streaming")
    reference = server_tokens.answers(chosen, clients).record()
    assert server_tokens.answers(chosen, clients, reference=reference).verdict == "equal"
    path = f"{chosen.model_path}/config.json"
    blob = clients.storage.bucket(chosen.bucket_name).blob(path)
    time.sleep(1)  # Kubernetes tells a Pod's start in whole seconds
    blob.upload_from_string(blob.download_as_bytes() + b"\n")
    newer = server_tokens.answers(chosen, clients, reference=reference)
    assert newer.verdict == "declined"
    assert "newer than the Pod" in repr(newer)
    (pod,) = streaming.list_pods(chosen, clients).names
    clients.kubernetes.delete("Pod", pod, chosen.namespace)
    streaming.wait_available(chosen, clients, **quiet)
    assert server_tokens.answers(chosen, clients, reference=reference).verdict == "unjudged"


def test_sglang_has_no_reference(chosen, clients):
    sglang = chosen.model_copy(update={"inference_server": "sglang"})
    assert "SGLang" in server_tokens.answers(sglang, clients).declined


def test_before_a_pod_is_ready_no_prompt_is_sent(chosen, clients, up_to):
    up_to("identity")
    with pytest.raises(MissingError, match="No Pod of the server is ready"):
        server_tokens.answers(chosen, clients)
