"""Runs in a Pod of the server's image: loads the model again and again, by several loaders.

Argument: the plan, as JSON (see `warmbook.measure.loaders.job`).
Writes a line of JSON for each run, among
the lines of vLLM. Each run is a process of its own, forked once vLLM has been imported, so that
no run finds what another left in memory. Standard library, and what the image has.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

Plan = Mapping[str, Any]
Loader = Mapping[str, Any]

DOWNLOADS = 8
"""Files that are downloaded at once, as many as the streamer has readers."""

COPIES = 2.5
"""Copies of the model that lie on the disk where a loader needs a converted one: what is
downloaded, and the converted one, in which tied tensors stand twice."""


def main(plan: Plan) -> None:
    """Carry out the rounds in turn, each beginning with another loader, until the budget ends."""
    begun, longest = time.monotonic(), 0.0
    loaders = [one for one in plan["loaders"] if _is_there(one)]
    _import_once(loaders)
    with tempfile.TemporaryDirectory() as kept:
        loaders = [one for one in loaders if _is_converted(plan, one, Path(kept))]
        for number in range(plan["runs"]):
            turn = number % len(loaders) if loaders else 0
            for loader in [*loaders[turn:], *loaders[:turn]]:
                at = time.monotonic()
                if number and at - begun + longest > plan["budget_s"]:
                    return _tell(stopped="budget")
                load = partial(_load, plan, loader, number, Path(kept))
                if not _in_a_process(loader, load):
                    loaders = [one for one in loaders if one is not loader]
                longest = max(longest, time.monotonic() - at)
    return _tell(stopped="")


def _import_once(loaders: Sequence[Loader]) -> None:
    """Import what the runs need, so that no fork has to.

    vLLM imports most of itself when `LLM` is first asked for. A fork after that is safe: vLLM
    forks its own engine there, and no device has been initialised. A worker is imported too
    where it is the CPU's, which has no device.

    What is there then is frozen: vLLM collects garbage during each load, and would look through
    all of it in each fork, for a third of the time that a small model takes.

    Source: vLLM 0.32.0, `__init__.py`, utils/system_utils.py (`get_mp_context`); Python, `gc`.
    """
    _import(loaders)
    gc.freeze()


def _import(loaders: Sequence[Loader]) -> None:
    if not all(loader["load_format"] for loader in loaders):
        importlib.import_module("runai_model_streamer")
    if not any(loader["load_format"] for loader in loaders):
        return
    import vllm

    vllm.LLM  # noqa: B018
    with suppress(ImportError):  # the rehearsal's quick engine has no platforms
        from vllm.platforms import current_platform

        if current_platform.is_cpu():
            importlib.import_module("vllm.v1.worker.cpu_worker")


def _is_there(loader: Loader) -> bool:
    package = loader["needs"]
    if not package or importlib.util.find_spec(package):
        return True
    _tell(loader=loader["name"], absent=package)
    return False


def _is_converted(plan: Plan, loader: Loader, kept: Path) -> bool:
    """Convert the model if the loader needs that; return whether the loader can be used."""
    if not loader["converts"]:
        return True
    _tell(loader=loader["name"], converting=True)
    return _in_a_process(loader, partial(_convert, plan, loader, kept))


def _in_a_process(loader: Loader, act: Callable[[Path], None]) -> bool:
    """Act in a fork of this process, with a folder for it alone; return whether it went well.

    The folder is this process's: the fork ends in the midst, and would leave a whole model.
    """
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.environ.update(loader["environ"])
                act(Path(folder))
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


def _convert(plan: Plan, loader: Loader, kept: Path, folder: Path) -> None:
    """Write the model as tensorizer reads it, beside its small files; end the process.

    vLLM's own function does it, with the weights as the default loader has left them. Its last
    part is left out: that would ask the Hub for the small files, which are here.

    Source: vLLM 0.11.1 to 0.33.0, model_executor/model_loader/tensorizer.py.
    """
    from vllm.model_executor.model_loader import tensorizer

    start, target = time.monotonic(), kept / loader["name"]
    _downloaded(plan["model"], folder, copies=COPIES, most_bytes=plan["disk_bytes"])
    target.mkdir()
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            shutil.copy(file, target)
    written = target / "model.tensors"

    def save(model: Any, model_config: Any) -> None:
        config = tensorizer.TensorizerConfig(tensorizer_uri=str(written))
        tensorizer.serialize_vllm_model(model, config, model_config)
        seconds = time.monotonic() - start
        _tell(loader=loader["name"], converted_s=seconds, bytes=written.stat().st_size)
        os._exit(0)

    tensorizer.serialize_extra_artifacts = lambda *_, **__: None
    _after_load("safetensors", lambda model, _, model_config: save(model, model_config))
    _made(plan, str(folder), "safetensors", {})


def _load(plan: Plan, loader: Loader, number: int, kept: Path, folder: Path) -> None:
    """Load the model and tell the seconds; ask it the prompts, if it is this run's turn."""
    line = {"loader": loader["name"], "run": number + 1}
    prompts = plan["prompts"] if number < loader["answers"] else []
    if not loader["load_format"]:
        start = time.monotonic()
        size_bytes = _read(plan["model"])
        return _tell(**line, seconds=time.monotonic() - start, bytes=size_bytes)
    model, downloaded_s = loader["folder"] or plan["model"], 0.0
    if loader["downloads"]:
        start = time.monotonic()
        model = _downloaded(plan["model"], folder)
        downloaded_s = time.monotonic() - start
    if loader["converts"]:  # what was downloaded has been timed, and stands for this
        model = str(kept / loader["name"])
    then_end = not prompts and plan["processes"] == 1

    def tell(_: Any, seconds: float, __: Any) -> None:
        _tell(**line, seconds=seconds + downloaded_s, downloaded_s=downloaded_s)
        if then_end:
            os._exit(0)

    _after_load(loader["load_format"], tell)
    made = _made(plan, model, loader["load_format"], loader["config"])
    if prompts:
        _ask(made, plan, line, prompts)


def _made(plan: Plan, model: str, load_format: str, config: Mapping[str, Any]) -> Any:
    """Return vLLM with the model in it."""
    import vllm

    return vllm.LLM(
        model=model,
        load_format=load_format,
        model_loader_extra_config=dict(config),
        enforce_eager=True,
        **plan["engine"],
    )


def _ask(made: Any, plan: Plan, line: Mapping[str, Any], prompts: Sequence[str]) -> None:
    """Tell the model's greedy answers."""
    import vllm

    greedy = vllm.SamplingParams(temperature=0, max_tokens=plan["tokens"])
    try:
        answers = made.generate(list(prompts), greedy, use_tqdm=False)
    except NotImplementedError as error:  # the rehearsal's quick engine
        return _tell(**line, declined=str(error))
    tokens = [list(one.outputs[0].token_ids) for one in answers]
    texts = [one.outputs[0].text for one in answers]
    return _tell(**line, tokens=tokens, texts=texts, vllm=vllm.__version__)


def _after_load(load_format: str, act: Callable[[Any, float, Any], None]) -> None:
    """Have vLLM's loader call `act` with the model, its own seconds, and the model's config.

    Source: vLLM 0.11.1 to 0.33.0, model_executor/model_loader: every loader but tensorizer's
    inherits `load_model` from BaseModelLoader. Processes that vLLM forks call it too.
    """
    from vllm.model_executor.model_loader.base_loader import BaseModelLoader

    owner: Any = BaseModelLoader
    if load_format == "tensorizer":
        from vllm.model_executor.model_loader.tensorizer_loader import TensorizerLoader

        owner = TensorizerLoader
    load_model = owner.load_model

    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.monotonic()
        model = load_model(*args, **kwargs)
        act(model, time.monotonic() - start, kwargs.get("model_config"))
        return model

    owner.load_model = timed


def _read(model: str) -> int:
    """Read all weights with the streamer alone; return their bytes."""
    from runai_model_streamer import SafetensorsStreamer, list_safetensors

    size_bytes = 0
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(list_safetensors(model))
        for _, tensor in streamer.get_tensors():
            size_bytes += tensor.numel() * tensor.element_size()
    return size_bytes


def _downloaded(uri: str, folder: Path, *, copies: float = 1, most_bytes: float = math.inf) -> str:
    """Copy the model's files into the folder, several at once; return its path.

    There must be room for so many copies, on the disk and in what the Pod may use of it.
    """
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    anonymous = os.environ.get("RUNAI_STREAMER_GCS_USE_ANONYMOUS_CREDENTIALS") == "true"
    client = storage.Client(**({"credentials": AnonymousCredentials()} if anonymous else {}))
    bucket, _, path = uri.removeprefix("gs://").partition("/")
    blobs = list(client.list_blobs(bucket, prefix=f"{path}/", delimiter="/"))
    free = int(min(shutil.disk_usage(folder).free, most_bytes))
    if (wanted := int(copies * sum(blob.size for blob in blobs))) > free:
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
