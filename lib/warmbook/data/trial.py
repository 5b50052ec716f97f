"""Runs in a Pod of the server's image: loads the model again and again, by several loaders.

Argument: the plan, as JSON (see `warmbook.trials`). Writes a line of JSON for each run, among
the lines of vLLM. Each run is a process of its own, forked once vLLM has been imported, so that
no run finds what another left in memory. Standard library, and what the image has.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Plan = Mapping[str, Any]
Loader = Mapping[str, Any]

DOWNLOADS = 8
"""Files that are downloaded at once, as many as the streamer has readers."""


def main(plan: Plan) -> None:
    """Carry out the rounds in turn, each beginning with another loader, until the budget ends."""
    begun, longest = time.monotonic(), 0.0
    loaders = [one for one in plan["loaders"] if _is_there(one)]
    for module in {"vllm" if one["load_format"] else "runai_model_streamer" for one in loaders}:
        importlib.import_module(module)  # once, for all runs
    for number in range(plan["runs"]):
        turn = number % len(loaders) if loaders else 0
        for loader in [*loaders[turn:], *loaders[:turn]]:
            at = time.monotonic()
            if number and at - begun + longest > plan["budget_s"]:
                return _tell(stopped="budget")
            asked = plan["prompts"] if number < loader["answers"] else []
            if not _in_a_process(plan, loader, number, asked):
                loaders = [one for one in loaders if one is not loader]
            longest = max(longest, time.monotonic() - at)
    return _tell(stopped="")


def _is_there(loader: Loader) -> bool:
    package = loader["needs"]
    if not package or importlib.util.find_spec(package):
        return True
    _tell(loader=loader["name"], absent=package)
    return False


def _in_a_process(plan: Plan, loader: Loader, number: int, prompts: Sequence[str]) -> bool:
    """Load once, in a fork of this process; return whether that went well."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.environ.update(loader["environ"])
            _load(plan, loader, number, prompts)
            status = 0
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".strip().splitlines()[-1]
            _tell(loader=loader["name"], error=reason[:500])
        finally:
            sys.stdout.flush()
            os._exit(status)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if ended < 0:  # out of memory, most likely
        _tell(loader=loader["name"], error=f"the process was killed by signal {-ended}")
    return ended == 0


def _load(plan: Plan, loader: Loader, number: int, prompts: Sequence[str]) -> None:
    """Load the model and tell the seconds; ask it the prompts, if there are some."""
    told = {"loader": loader["name"], "run": number + 1}
    if not loader["load_format"]:
        start = time.monotonic()
        size_bytes = _read(plan["model"])
        return _tell(**told, seconds=time.monotonic() - start, bytes=size_bytes)
    with tempfile.TemporaryDirectory() as folder:
        model, downloaded_s = loader["folder"] or plan["model"], 0.0
        if loader["downloads"]:
            start = time.monotonic()
            model = _downloaded(plan["model"], Path(folder))
            downloaded_s = time.monotonic() - start
        _tell_load(told, downloaded_s, then_end=not prompts and plan["processes"] == 1)
        import vllm

        made = vllm.LLM(
            model=model,
            load_format=loader["load_format"],
            model_loader_extra_config=loader["config"],
            enforce_eager=True,
            **plan["engine"],
        )
        if prompts:
            greedy = vllm.SamplingParams(temperature=0, max_tokens=plan["tokens"])
            try:
                answers = made.generate(list(prompts), greedy, use_tqdm=False)
            except NotImplementedError as error:  # the rehearsal's quick engine
                return _tell(**told, declined=str(error))
            tokens = [list(one.outputs[0].token_ids) for one in answers]
            texts = [one.outputs[0].text for one in answers]
            _tell(**told, tokens=tokens, texts=texts, vllm=vllm.__version__)


def _tell_load(told: Mapping[str, Any], downloaded_s: float, *, then_end: bool) -> None:
    """Let vLLM's loaders tell how long they took; end the process then, if that was all.

    Source: vLLM 0.11.1 to 0.32.0, model_executor/model_loader/base_loader.py: every loader
    but tensorizer's inherits `load_model`. Processes that vLLM forks tell it too.
    """
    from vllm.model_executor.model_loader.base_loader import BaseModelLoader

    load_model = BaseModelLoader.load_model

    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.monotonic()
        model = load_model(*args, **kwargs)
        seconds = time.monotonic() - start + downloaded_s
        _tell(**told, seconds=seconds, downloaded_s=downloaded_s)
        if then_end:
            os._exit(0)
        return model

    BaseModelLoader.load_model = timed


def _read(model: str) -> int:
    """Read all weights with the streamer alone; return their bytes."""
    from runai_model_streamer import SafetensorsStreamer, list_safetensors

    size_bytes = 0
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(list_safetensors(model))
        for _, tensor in streamer.get_tensors():
            size_bytes += tensor.numel() * tensor.element_size()
    return size_bytes


def _downloaded(uri: str, folder: Path) -> str:
    """Copy the model's files into the folder, several at once; return its path."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    anonymous = os.environ.get("RUNAI_STREAMER_GCS_USE_ANONYMOUS_CREDENTIALS") == "true"
    client = storage.Client(**({"credentials": AnonymousCredentials()} if anonymous else {}))
    bucket, _, path = uri.removeprefix("gs://").partition("/")
    blobs = list(client.list_blobs(bucket, prefix=f"{path}/", delimiter="/"))
    free = shutil.disk_usage(folder).free
    if (wanted := sum(blob.size for blob in blobs)) > free:
        raise OSError(f"{wanted} bytes do not fit on this disk: {free} are free")
    with ThreadPoolExecutor(DOWNLOADS) as threads:
        list(
            threads.map(
                lambda blob: blob.download_to_filename(str(folder / Path(blob.name).name)), blobs
            )
        )
    return str(folder)


def _tell(**told: Any) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
