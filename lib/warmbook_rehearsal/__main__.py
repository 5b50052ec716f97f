"""`python -m warmbook_rehearsal -- CMD…`: a rehearsal around any command."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":  # what follows imports modules that Windows does not have
    print(
        "warmbook_rehearsal: The rehearsal's engine needs Linux; this is Windows.\n"
        "  → On Google Cloud the notebooks work here: python -m warmbook lab --google-cloud",
        file=sys.stderr,
    )
    sys.exit(2)

from .installer.progress import STARTING, teller

if __name__ == "__main__" and "--" in sys.argv:  # the imports below take part of the time
    STARTING.begin()

# gRPC would warn at each process that is started; no client of it is forked here
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from .faults import FAULTS, ConflictError, UnknownFaultError, UnstageError, named, together, unstage
from .network import Network
from .node import (
    MODEL_LOCK,
    EngineError,
    check_python_for_others,
    export,
    prune,
    share,
)
from .rehearsal import check_connections
from .run import around, prepared
from .state_folder import check_temporary_files
from .time_scale import TimeScale

WORKBOOK = Path(__file__).parents[2] / "requirements.txt"
"""The workbook's own lock, in a checkout; a wheel has none."""

LONGEST_MINUTE_S = 60.0
"""A rehearsal may be as slow as the cloud; a slower one would only look as if it hung."""

EXPORTED = """\
Copy {folder} to the other machine (same Python version and processor). There:
  export PIP_NO_INDEX=1 PIP_FIND_LINKS=DIR
  make rehearse"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return CMD's exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    split = given.index("--") if "--" in given else len(given)
    command = given[split + 1 :]
    parser = _parser()
    options = parser.parse_args(given[:split])
    network = Network(
        *(options.latency_ms, options.stream_mib_s, options.nic_gbps),
        region_gbps=options.region_gbps,
        jitter=options.jitter,
    )
    if network.jitter and not network.is_shaped:
        parser.error("--jitter varies the latency and the rates: set one of them too")
    if options.list_faults:
        for fault in FAULTS.values():
            print(f"{fault.name:28} {'+' if fault.mendable else ' '} {fault.what}")
        return 0
    try:
        if options.unstage:
            return _take_back(options.unstage)
        with _sigterm_is_ctrl_c():
            return _carried_out(options, command, network)
    except (EngineError, ConflictError, UnknownFaultError, UnstageError) as error:
        print(f"warmbook_rehearsal: {error}", file=sys.stderr)
        return 2
    except Terminated:
        return 128 + signal.SIGTERM
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        STARTING.over(done=False)


class Terminated(KeyboardInterrupt):
    """SIGTERM, outside of a rehearsal: while the engine is built or tested."""


@contextmanager
def _sigterm_is_ctrl_c() -> Iterator[None]:
    def terminated(*_: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _carried_out(options: argparse.Namespace, command: Sequence[str], network: Network) -> int:
    """Keep house, or run the command in a rehearsal; return the exit status."""
    staged = together(_names(options.fault))
    if options.export or options.prune or options.build:
        return _keep_house(options)
    STARTING.begin()
    check_temporary_files()
    check_connections()
    tested = options.engine == "vllm"
    with prepared(options.cache, STARTING.tell, tested=tested) as (model, test):
        status = asyncio.run(
            around(
                *(command, test.image, model),
                engine=options.engine,
                time_scale=TimeScale(options.minute),
                network=network,
                staged=staged,
                record=options.record,
                propagation_s=options.propagation_s,
                up=STARTING.over,
            )
        )
        if status == 0 or test.ended:
            test.wait(STARTING.tell)
        return status


def _names(text: str) -> list[str]:
    """Return the names in a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _take_back(names: str) -> int:
    """Take faults back in the rehearsal around this command."""
    for fault in named(_names(names)):
        unstage(fault.name, os.environ)
        print(f"{fault.name} is removed: {fault.what}")
    return 0


def _keep_house(options: argparse.Namespace) -> int:
    """Build, prune or export what a rehearsal needs, without a rehearsal."""
    if options.prune:
        for path in prune(options.cache):
            print(f"removed {path}")
    if options.export:
        workbook = [WORKBOOK] if WORKBOOK.exists() else []
        export(options.export, teller(), others=[MODEL_LOCK, *workbook])
        print(EXPORTED.format(folder=options.export.resolve()))
    if options.build:
        check_python_for_others(options.cache)
        tell = teller()
        with prepared(options.cache, tell) as (_, test):
            test.wait(tell)
        share(options.cache)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m warmbook_rehearsal",
        usage="%(prog)s [options] [-- COMMAND …]",
        description="Start a rehearsal, run COMMAND in it with the environment that points "
        "every client at it, stop it, and exit with COMMAND's status. Without a COMMAND the "
        "rehearsal runs until Ctrl-C.",
    )
    parser.add_argument(
        "--engine",
        choices=("vllm", "quick"),
        default="vllm",
        help="vllm: the real server; quick: streams the weights but does not answer",
    )
    parser.add_argument(
        "--minute",
        type=_duration,
        default=0.5,
        metavar="SECONDS",
        help="how long a minute of the cloud lasts here, above 0 and at most 60 "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--propagation-s",
        type=_figure,
        default=0.0,
        metavar="N",
        help="seconds until a granted role or an enabled API is effective; the nodes' service "
        "account takes twice as long (default: %(default)s)",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook"),
        metavar="DIR",
        help="folder of the engine and the model, about 2.5 GB (WARMBOOK_CACHE)",
    )
    _add_house(parser)
    parser.add_argument(
        "--fault",
        default="",
        metavar="NAME[,NAME]",
        help="stage these failures, for practice or tests",
    )
    parser.add_argument(
        "--unstage",
        default="",
        metavar="NAME[,NAME]",
        help="in a rehearsal: remove these failures, restore what they changed, then exit",
    )
    parser.add_argument(
        "--list-faults",
        action="store_true",
        help="list the failures that can be staged, one per line, then exit; + marks those that "
        "you can repair in a rehearsal",
    )
    parser.add_argument(
        "--record",
        type=_writable,
        metavar="FILE",
        help="write each exchange with Google's HTTP APIs into FILE, as JSON lines without "
        "credentials and without the bytes of objects; FILE is emptied first",
    )
    _add_shape(parser)
    return parser


def _add_house(parser: argparse.ArgumentParser) -> None:
    house = parser.add_argument_group("the cache", "Each of these exits when it is done.")
    house.add_argument(
        "--build",
        action="store_true",
        help="build the engine and the model, for every user of this machine",
    )
    house.add_argument(
        "--prune",
        action="store_true",
        help="remove engines of other versions and incomplete builds",
    )
    house.add_argument(
        "--export",
        type=Path,
        metavar="DIR",
        help="download all packages into DIR, for a machine without internet",
    )


def _add_shape(parser: argparse.ArgumentParser) -> None:
    shape = parser.add_argument_group(
        "network shaping",
        "Limits what Pods and you read from the rehearsal's storage, so that concurrency and "
        "replicas matter as they do in the cloud. Uploads are not limited. 0, the default, means "
        "no limit. Rates of a rehearsal say nothing about Cloud Storage.",
    )
    for option, told in (
        ("--latency-ms", "milliseconds from a request to the first byte of its response"),
        ("--stream-mib-s", "rate of one stream (one request), in MiB/s"),
        ("--nic-gbps", "rate that all streams of one machine share, in Gbps"),
        (
            "--region-gbps",
            "rate that all machines share, in Gbps; reads from a zone's cache do not count",
        ),
    ):
        shape.add_argument(option, type=_figure, default=0.0, metavar="N", help=told)
    shape.add_argument(
        "--jitter",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="0 to 1: each request's latency and time per byte vary by up to ± SHARE of the "
        "figure, in the same way in each rehearsal",
    )


def _writable(text: str) -> Path:
    """Return the path of a file that can be written, which is made if it is not there."""
    path = Path(text)
    try:
        path.touch(mode=0o600)
        path.open("a").close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror}") from None
    return path


def _duration(text: str) -> float:
    """Return a number of seconds above 0, at most a real minute's."""
    seconds = _number(text)
    if not 0 < seconds <= LONGEST_MINUTE_S:
        raise argparse.ArgumentTypeError(f"{text} must be above 0 and at most {LONGEST_MINUTE_S:g}")
    return seconds


def _figure(text: str) -> float:
    """Return a number that is not negative."""
    figure = _number(text)
    if not 0 <= figure < math.inf:
        raise argparse.ArgumentTypeError(f"{text} must be 0 or more")
    return figure


def _share(text: str) -> float:
    """Return a number from 0 to 1."""
    share = _number(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} must be from 0 to 1")
    return share


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


if __name__ == "__main__":
    sys.exit(main())
