"""Pitfalls of the server: the streamer, vLLM, and what their lines mean."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="file-access-error",
        symptom="«Could not receive … from libstreamer due to: b'File access error'».",
        cause="The streamer could not read an object: rights, a missing or shortened object, or "
        "the network. Its own log, which says which, goes nowhere unless asked for.",
        remedy="Run notebooks 03 and 05. For more: RUNAI_STREAMER_LOG_TO_STDERR=1 and "
        "RUNAI_STREAMER_LOG_LEVEL=DEBUG in the Pod.",
        source="https://github.com/run-ai/runai-model-streamer/issues/122",
    ),
    Pitfall(
        name="cause-not-in-log",
        symptom="«Engine core initialization failed. See root cause above.», and nothing above it "
        "says why.",
        cause="The log has only the server's last lines: it was cut off, or it is of a later "
        "start. If it is whole, a process of the server was ended from outside, mostly for want "
        "of memory.",
        remedy="Save the whole log of the start that failed and diagnose it: `kubectl logs POD -c "
        "CONTAINER --previous > FILE`, then `warmbook diagnose --log FILE`; `kubectl describe pod "
        "POD` shows how the container ended.",
        source="vLLM's released source, 0.32.0: v1/engine/utils.py and core.py",
    ),
    Pitfall(
        name="gcs-client-failed",
        symptom="«Failed to create GCS client».",
        cause="The streamer found no credentials: the metadata server does not answer, or a key "
        "is unreadable.",
        remedy="Check Workload Identity Federation on the node pool: notebooks 04 and 05.",
        source="https://github.com/run-ai/runai-model-streamer (gcs.cc)",
    ),
    Pitfall(
        name="gcs-support-missing",
        symptom="«GCS files module not found».",
        cause="The image lacks the streamer's part for Cloud Storage; vLLM's own has it from "
        "0.11.1.",
        remedy="Take vLLM 0.11.1 or later.",
        source="vLLM's docker/Dockerfile, 0.11.0 and 0.11.1",
    ),
    Pitfall(
        name="flag-removed",
        symptom="«unrecognized arguments»: the container ends at once, again and again.",
        cause="This release of vLLM no longer knows the flag; --disable-log-requests went with "
        "0.17.0.",
        remedy="Leave the flag out, or run notebook 06 again: its manifest fits the release that "
        "you chose.",
        source="https://github.com/llm-d/llm-d-benchmark/pull/781",
    ),
    Pitfall(
        name="success-line-silent",
        symptom="The server is ready, but «[RunAI Streamer] Overall time to stream …» never "
        "appears.",
        cause="From release 0.15.1 of the streamer on, the line goes to a logger that vLLM does "
        "not show.",
        remedy="Don't wait for it: notebook 07 reads the load from vLLM's own lines and from "
        "/health.",
        source="https://github.com/run-ai/runai-model-streamer "
        "(runai_model_streamer/__init__.py, 0.17.0)",
    ),
    Pitfall(
        name="success-line-lies",
        symptom="«Overall time to stream …» is there, and yet the server ends.",
        cause="Up to release 0.16 of the streamer the line is printed after a failed load as well.",
        remedy="Compare its size with that of the weights in the bucket, and ask /health: "
        "notebook 07 does both.",
        source="measured with releases 0.15.0, 0.15.9 and 0.16.1 of the streamer",
    ),
    Pitfall(
        name="weights-corrupted",
        symptom="The server is healthy and answers 200, but its answers are empty or gibberish.",
        cause="The weights in memory are not those of the model, silently: in some releases shared "
        "loading («distributed») does that, and so does a file that was damaged on its way.",
        remedy="Compare its answers with those of the default loader; set distributed to false, "
        "or change the release; if both answer wrongly, upload the files again (notebook 03).",
        source="https://github.com/vllm-project/vllm/issues/41749",
    ),
    Pitfall(
        name="memory-limit-below-tensor",
        symptom="«Memory limit supplied: … cannot be smaller than: …».",
        cause="The streamer's memory limit is below the model's largest tensor, or below the "
        "header of a file: each has to fit in whole.",
        remedy="Raise «memory_limit» above both, or leave it out.",
        source="https://github.com/run-ai/runai-model-streamer (requests_iterator.py)",
    ),
    Pitfall(
        name="sharded-on-gs",
        symptom="«Could not find checkpoint files 'gs://…', only pre-sharded checkpoints are "
        "currently supported».",
        cause="The sharded loader reads S3 addresses and local paths, not gs:// addresses.",
        remedy="Write --load-format=runai_streamer.",
        source="vLLM's released source, 0.11.1 to 0.33.0: sharded_state_loader.py",
    ),
    Pitfall(
        name="load-format",
        symptom="«To load a model from S3, 'load_format' must be 'runai_streamer'».",
        cause="The model's address is gs://, and another loader was asked for, which can't read "
        "it.",
        remedy="Write --load-format=runai_streamer.",
        source="vLLM's released source, 0.11.1: config/vllm.py",
    ),
    Pitfall(
        name="loader-key-unknown",
        symptom="«Unexpected extra config keys for runai_streamer».",
        cause="--model-loader-extra-config has a key that this release does not know; older "
        "ones ignore it.",
        remedy="Keep to distributed, concurrency and memory_limit.",
        source="vLLM's released source, 0.33.0: runai_streamer_loader.py",
    ),
    Pitfall(
        name="scheme-uppercase",
        symptom="The model's address begins with GS:// and the server does not find it.",
        cause="vLLM takes either case; the streamer knows gs:// in small letters only.",
        remedy="Write gs:// in small letters.",
        source="vLLM's released source (runai_utils.py) and the streamer's (s3_utils.py)",
    ),
    Pitfall(
        name="broadcast-timeout",
        symptom="«[RunAI Streamer][Distributed] … broadcast timed out».",
        cause="With shared loading, one process waited more than 600 seconds for the weights of "
        "another.",
        remedy="Set distributed to false, or raise RUNAI_STREAMER_DIST_TIMEOUT; then look at NCCL.",
        source="https://github.com/run-ai/runai-model-streamer (distributed_streamer.py)",
    ),
    Pitfall(
        name="distributed-fallback",
        symptom="«fallback to non distributed streaming»: the server loads, each process for "
        "itself.",
        cause="Shared loading needs room for two of the largest tensors on each GPU, and did "
        "not find it. With one GPU there is nothing to share.",
        remedy="Nothing has to be done. For shared loading, leave more of the GPU's memory free.",
        source="https://github.com/run-ai/runai-model-streamer (distributed_streamer.py)",
    ),
    Pitfall(
        name="guide-sample-size",
        symptom="The size in your log differs from the 15.0 GiB in the guide's sample.",
        cause="The sample line is of another model than the one in the guide's commands.",
        remedy="Nothing has to be done: compare with the size of the weights in your bucket.",
        source="the guide, and https://github.com/run-ai/runai-model-streamer (benchmarks)",
    ),
    Pitfall(
        name="served-name",
        symptom="404 from the server: «The model … does not exist».",
        cause="Unless told otherwise the server calls the model by its whole address, "
        "gs://BUCKET/PATH.",
        remedy="Ask /v1/models for the name, or set --served-model-name.",
        source="vLLM's released source, 0.11.1: serving_engine.py",
    ),
    Pitfall(
        name="kv-cache-too-small",
        symptom="«KV cache is needed, which is larger than the available KV cache memory», or «No "
        "available memory for the cache blocks».",
        cause="After the weights the GPU has too little memory left for the context that was "
        "asked for.",
        remedy="Lower «max_model_len», or choose more or larger GPUs.",
        source="vLLM's released source, 0.11.1: v1/core/kv_cache_utils.py",
    ),
    Pitfall(
        name="multi-node-config",
        symptom="One model over several nodes: the others don't find its configuration or "
        "tokenizer.",
        cause="The small files are fetched on the first node only.",
        remedy="Keep a model on one node, or put the small files at the same path on each.",
        source="https://github.com/vllm-project/vllm/issues/50616",
    ),
    Pitfall(
        name="sglang-extra",
        symptom="SGLang: the streamer's part for Cloud Storage can't be imported.",
        cause="SGLang's documentation names the extra gs; the streamer's package calls it gcs.",
        remedy="Install runai-model-streamer[gcs] in the image.",
        source="SGLang's object_storage.md and the streamer's setup.py",
    ),
)
