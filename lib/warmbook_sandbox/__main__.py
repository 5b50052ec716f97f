"""`python -m warmbook_sandbox -- CMD…`: a rehearsal around any command."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# gRPC would warn at each process that is started; no client of it is forked here
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from .door import around, prepare
from .faults import FAULTS, UnknownFaultError, named
from .network import Network
from .node import EngineError
from .pace import Pace

QUIET_S = 10
"""Seconds between two lines of progress where there is no terminal."""


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
        parser.error("--jitter spreads the latency and the rates: give one of them too")
    if options.list_faults:
        for fault in FAULTS.values():
            print(f"{fault.name:28} {fault.what}")
        return 0
    try:
        staged = named(name.strip() for name in options.fault.split(",") if name.strip())
        image, model = prepare(options.cache, _teller())
        if options.build:
            return 0
        return asyncio.run(
            around(
                *(command, image, model),
                engine=options.engine,
                pace=Pace(options.minute),
                network=network,
                staged=staged,
            )
        )
    except (EngineError, UnknownFaultError) as error:
        print(f"warmbook_sandbox: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m warmbook_sandbox",
        usage="%(prog)s [options] [-- COMMAND …]",
        description="Start a rehearsal, run COMMAND in it with the environment that points "
        "every client at it, stop it, and exit with COMMAND's status. Without a COMMAND the "
        "rehearsal runs until Ctrl-C.",
    )
    parser.add_argument(
        "--engine",
        choices=("vllm", "quick"),
        default="vllm",
        help="vllm: the real server; quick: streams the weights and answers no chat",
    )
    parser.add_argument(
        "--minute",
        type=float,
        default=0.5,
        metavar="SECONDS",
        help="how long a minute of the cloud lasts here (default: %(default)s)",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook"),
        metavar="DIR",
        help="folder of the engine and the model, about 4 GB (WARMBOOK_CACHE)",
    )
    parser.add_argument(
        "--build", action="store_true", help="build the engine and the model, then stop"
    )
    parser.add_argument(
        "--fault",
        default="",
        metavar="NAME[,NAME]",
        help="let these things go wrong, to learn from or to test with",
    )
    parser.add_argument(
        "--list-faults", action="store_true", help="list what can go wrong, one a line, then stop"
    )
    _add_shape(parser)
    return parser


def _add_shape(parser: argparse.ArgumentParser) -> None:
    shape = parser.add_argument_group(
        "the shape of the network",
        "What Pods and you read from the rehearsal's storage is slowed down to these figures, so "
        "that concurrency and replicas matter as they do in the cloud. Uploads are not. 0, the "
        "default, leaves it as fast as this machine is. No rate of a rehearsal is Cloud Storage's.",
    )
    for option, told in (
        ("--latency-ms", "milliseconds from a request to the first byte of its answer"),
        ("--stream-mib-s", "rate of one stream, that is one request, in MiB/s"),
        ("--nic-gbps", "rate that all streams of one machine share, in Gbps"),
        (
            "--region-gbps",
            "rate that all machines share, in Gbps; zones' caches have no part in it",
        ),
    ):
        shape.add_argument(option, type=_figure, default=0.0, metavar="N", help=told)
    shape.add_argument(
        "--jitter",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="0 to 1: spread each request's latency and time per byte over 1 ± SHARE times "
        "the figure, the same in each rehearsal",
    )


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


def _teller() -> Callable[[str, float | None], None]:
    """Return a reporter that keeps one moving line on a terminal, and few lines elsewhere."""
    moving = sys.stderr.isatty()
    last, told_s, start = "", 0.0, time.monotonic()

    def tell(what: str, share: float | None) -> None:
        nonlocal last, told_s
        now = time.monotonic()
        percent = "" if share is None else f" {share:.0%}"
        line = f"  {what}{percent} ({now - start:.0f} s)"
        if moving:
            end = "\n" if share == 1 else ""
            print(f"\r\x1b[K{line}", end=end, file=sys.stderr, flush=True)
        elif what != last or share == 1 or now - told_s >= QUIET_S:
            print(line, file=sys.stderr, flush=True)
            last, told_s = what, now

    return tell


if __name__ == "__main__":
    sys.exit(main())
