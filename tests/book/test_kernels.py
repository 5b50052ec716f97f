"""Kernels that start before they are needed, and none that stays."""

import os
import signal
import time

import pytest
import zmq
from jupyter_core.utils import run_sync

from warmbook.book.kernels import Kernels


def pid(kernel):
    return kernel.provisioner.process.pid


def end(kernel):
    run_sync(kernel.shutdown_kernel)(now=True)


@pytest.fixture
def kernels(tmp_path):
    with Kernels(2, tmp_path) as kernels:
        yield kernels


def test_the_next_kernel_starts_when_one_is_taken_and_the_last_has_none_after_it(kernels):
    first = kernels.take()
    spare = kernels._spare
    second = kernels.take()
    assert second is spare
    assert kernels._spare is None
    assert pid(first) != pid(second)
    end(first)
    end(second)


def test_an_unused_kernel_ends_with_the_run(tmp_path):
    with Kernels(2, tmp_path) as kernels:
        end(kernels.take())
        spare = kernels._spare.provisioner.process
        assert spare.poll() is None
    assert spare.poll() is not None


def test_a_kernel_that_died_before_it_was_taken_is_replaced(kernels):
    end(kernels.take())
    died = kernels._spare
    os.kill(pid(died), signal.SIGKILL)
    while died.provisioner.process.poll() is None:
        time.sleep(0.01)
    taken = kernels.take()
    assert run_sync(taken.is_alive)()
    end(taken)


def test_kernel_output_cannot_be_read_through_the_port(kernels):
    kernel = kernels.take()
    client = kernel.client()
    client.start_channels()
    run_sync(client.wait_for_ready)(timeout=60)
    with zmq.Context() as context, context.socket(zmq.SUB) as stranger:
        stranger.linger = 0
        stranger.subscribe(b"")
        stranger.connect(f"tcp://127.0.0.1:{kernel.iopub_port}")
        run_sync(client.execute_interactive)(
            "import time; time.sleep(0.5); print('mine')", timeout=60, output_hook=lambda _: None
        )
        assert not stranger.poll(500)
    client.stop_channels()
    end(kernel)
