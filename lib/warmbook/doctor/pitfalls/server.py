"""Pitfalls of the server: the streamer, vLLM, and what their lines mean."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="file-access-error",
        symptom="«Could not receive … from libstreamer due to: b'File access error'».",
        cause="The streamer could not read an object: permissions, a missing or truncated "
        "object, or the network. Its own log names the cause but is disabled by default.",
        remedy="Run notebooks 03 and 05. For details, set RUNAI_STREAMER_LOG_TO_STDERR=1 and "
        "RUNAI_STREAMER_LOG_LEVEL=DEBUG in the Pod.",
        source="https://github.com/run-ai/runai-model-streamer/issues/122",
    ),
    Pitfall(
        name="cause-not-in-log",
        symptom="«Engine core initialization failed. See root cause above.», and nothing above it "
        "says why.",
        cause="The log contains only the server's last lines: it is truncated, or from a later "
        "start. If it is complete, a process of the server was killed from outside, "
        "usually for lack of memory.",
        remedy="Save the whole log of the start that failed and diagnose it: `kubectl logs POD -c "
        "CONTAINER --previous > FILE`, then `warmbook diagnose --log FILE`; `kubectl describe pod "
        "POD` shows how the container ended.",
        source="vLLM's released source, 0.32.0: v1/engine/utils.py and core.py",
    ),
    Pitfall(
        name="gcs-client-failed",
        symptom="«Failed to create GCS client».",
        cause="The streamer found no credentials: the metadata server does not respond, or a "
        "key is unreadable.",
        remedy="Check Workload Identity Federation on the node pool: notebooks 04 and 05.",
        source="https://github.com/run-ai/runai-model-streamer (gcs.cc)",
    ),
    Pitfall(
        name="gcs-support-missing",
        symptom="«GCS files module not found».",
        cause="The image lacks the streamer's Cloud Storage package; vLLM's own image contains "
        "it from 0.11.1 on.",
        remedy="Use vLLM 0.11.1 or later.",
        source="vLLM's docker/Dockerfile, 0.11.0 and 0.11.1",
    ),
    Pitfall(
        name="flag-removed",
        symptom="«unrecognized arguments»: the container exits immediately, repeatedly.",
        cause="This vLLM release does not support the flag; 0.17.0 removed --disable-log-requests.",
        remedy="Remove the flag, or run notebook 06 again: its manifest fits the release that "
        "you chose.",
        source="https://github.com/llm-d/llm-d-benchmark/pull/781",
    ),
    Pitfall(
        name="success-line-silent",
        symptom="The server is ready, but «[RunAI Streamer] Overall time to stream …» never "
        "appears.",
        cause="From release 0.15.1 of the streamer on, the line goes to a logger that vLLM does "
        "not show.",
        remedy="Don't wait for it: notebook 07 reads the load time from vLLM's own log lines "
        "and from /health.",
        source="https://github.com/run-ai/runai-model-streamer "
        "(runai_model_streamer/__init__.py, 0.17.0)",
    ),
    Pitfall(
        name="success-line-lies",
        symptom="«Overall time to stream …» is logged, but the server exits.",
        cause="Up to release 0.16 of the streamer the line is printed after a failed load as well.",
        remedy="Compare its size with the weights in the bucket, and query /health: notebook 07 "
        "does both.",
        source="measured with releases 0.15.0, 0.15.9 and 0.16.1 of the streamer",
    ),
    Pitfall(
        name="weights-corrupted",
        symptom="The server is healthy and returns 200, but its answers are empty or gibberish.",
        cause="The weights in memory are corrupted, without an error: some releases cause this "
        "with «distributed», and so does a file that was corrupted during the upload.",
        remedy="Compare its answers with the default loader's; set distributed to false, or use "
        "another release; if both are wrong, upload the files again (notebook 03).",
        source="https://github.com/vllm-project/vllm/issues/41749",
    ),
    Pitfall(
        name="memory-limit-below-tensor",
        symptom="«Memory limit supplied: … cannot be smaller than: …».",
        cause="The streamer's memory limit is smaller than the largest tensor or the header of "
        "a file, which must fit whole.",
        remedy="Raise «memory_limit» above both, or remove it.",
        source="https://github.com/run-ai/runai-model-streamer (requests_iterator.py)",
    ),
    Pitfall(
        name="sharded-on-gs",
        symptom="«Could not find checkpoint files 'gs://…', only pre-sharded checkpoints are "
        "currently supported».",
        cause="The sharded loader reads S3 addresses and local paths, not gs:// addresses.",
        remedy="Use --load-format=runai_streamer.",
        source="vLLM's released source, 0.11.1 to 0.33.0: sharded_state_loader.py",
    ),
    Pitfall(
        name="load-format",
        symptom="«To load a model from S3, 'load_format' must be 'runai_streamer'».",
        cause="The model address is gs://, and the chosen load format can't read it.",
        remedy="Use --load-format=runai_streamer.",
        source="vLLM's released source, 0.11.1: config/vllm.py",
    ),
    Pitfall(
        name="loader-key-unknown",
        symptom="«Unexpected extra config keys for runai_streamer».",
        cause="--model-loader-extra-config has a key that this release does not support; older "
        "releases ignore it.",
        remedy="Use only distributed, concurrency and memory_limit.",
        source="vLLM's released source, 0.33.0: runai_streamer_loader.py",
    ),
    Pitfall(
        name="scheme-uppercase",
        symptom="The model address begins with GS://, and the server does not find it.",
        cause="vLLM accepts either case; the streamer accepts only lowercase gs://.",
        remedy="Write gs:// in lowercase.",
        source="vLLM's released source (runai_utils.py) and the streamer's (s3_utils.py)",
    ),
    Pitfall(
        name="broadcast-timeout",
        symptom="«[RunAI Streamer][Distributed] … broadcast timed out».",
        cause="With distributed streaming, a process waited more than 600 seconds for the "
        "weights of another.",
        remedy="Set distributed to false, or raise RUNAI_STREAMER_DIST_TIMEOUT; then check NCCL.",
        source="https://github.com/run-ai/runai-model-streamer (distributed_streamer.py)",
    ),
    Pitfall(
        name="distributed-fallback",
        symptom="«fallback to non distributed streaming»: each process loads all weights itself.",
        cause="Distributed streaming needs memory for two of the largest tensors on each GPU, "
        "which was not free. With one GPU, there is nothing to distribute.",
        remedy="No action is needed. For distributed streaming, leave more GPU memory free.",
        source="https://github.com/run-ai/runai-model-streamer (distributed_streamer.py)",
    ),
    Pitfall(
        name="guide-sample-size",
        symptom="The size in your log differs from the 15.0 GiB in the guide's sample.",
        cause="The sample line is from another model than the one in the guide's commands.",
        remedy="No action is needed: compare with the size of the weights in your bucket.",
        source="the guide, and https://github.com/run-ai/runai-model-streamer (benchmarks)",
    ),
    Pitfall(
        name="served-name",
        symptom="404 from the server: «The model … does not exist».",
        cause="By default, the model name is its whole address, gs://BUCKET/PATH.",
        remedy="Query /v1/models for the name, or set --served-model-name.",
        source="vLLM's released source, 0.11.1: serving_engine.py",
    ),
    Pitfall(
        name="kv-cache-too-small",
        symptom="«KV cache is needed, which is larger than the available KV cache memory», or «No "
        "available memory for the cache blocks».",
        cause="The weights leave too little GPU memory for the requested context.",
        remedy="Lower «max_model_len», or choose more or larger GPUs.",
        source="vLLM's released source, 0.11.1: v1/core/kv_cache_utils.py",
    ),
    Pitfall(
        name="multi-node-config",
        symptom="One model over several nodes: the others don't find its configuration or "
        "tokenizer.",
        cause="The small files are downloaded on the first node only.",
        remedy="Keep a model on one node, or put the small files at the same path on each.",
        source="https://github.com/vllm-project/vllm/issues/50616",
    ),
    Pitfall(
        name="sglang-extra",
        symptom="SGLang: the streamer's Cloud Storage package can't be imported.",
        cause="SGLang's documentation names the extra gs; the streamer's package calls it gcs.",
        remedy="Install runai-model-streamer[gcs] in the image.",
        source="SGLang's object_storage.md and the streamer's setup.py",
    ),
)
