"""The first exception of a server that ended, and what only repeats that it failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.doctor.pods.exceptions import (
    EXCEPTION,
    LONGEST_QUOTE,
    first_exception,
    is_remark,
    last_echo,
)
from warmbook.doctor.pods.suspects import suspects

ECHO = "RuntimeError: Engine core initialization failed. See root cause above."
ENDS = (
    *("ValueError: no", "torch.OutOfMemoryError: no", "google.api_core.exceptions.Forbidden: 403"),
    *("triton.runtime.errors.OutOfResources: no", "jax.exc.Odd: no", "Value error, no"),
    *(
        "socket.gaierror: no",
        "Fatal Python error: no",
        "nvcc fatal   : no",
        "Error: no",
        "a: error: b",
    ),
    "terminate called after throwing an instance of 'std::runtime_error'",
)


@pytest.mark.parametrize("end", ENDS)
def test_the_final_exception_is_quoted_and_not_its_repetition(end):
    log = f"INFO a\n  File b\n{end}\n{ECHO}\n"
    assert end in first_exception(log.encode())
    assert "Engine core" not in first_exception(log.encode())
    assert last_echo(suspects(log.encode())) == ""


@pytest.mark.parametrize(
    "remark",
    [
        "WARNING 11-29 09:00:00 [a.py:1] ValueError: x",
        "WARNING:root:ValueError: x",
        "INFO a.py:12] ImportError: x",
        "DeprecationWarning: ValueError: x",
        "Ignore import error when loading a: ImportError: x",
    ],
)
def test_a_remark_is_no_exception(remark):
    assert first_exception(remark.encode()) == ""
    assert is_remark(remark.partition("ValueError")[0].partition("ImportError")[0])


@pytest.mark.parametrize("told", ["ERROR 11-29 09:00:00 [a.py:1] ", "ERROR:root:", "", "INFO: "])
def test_an_error_is_no_remark(told):
    assert not is_remark(told)


@pytest.mark.parametrize(
    "echo",
    [
        ECHO,
        "ERROR 11-29 09:00:00 [core.py:1510] EngineCore failed to start.",
        "Exception: WorkerProc initialization failed due to an exception in a background process.",
        "[2026-11-29 09:00:00] Rank 0 scheduler is dead. Please check if there are logs.\nEOFError",
        "Received sigquit from a child process. It usually means the child failed.",
    ],
)
def test_a_log_with_a_failure_message_alone_has_no_exception(echo):
    log = f"INFO a\n{echo}\n".encode()
    assert first_exception(log) == ""
    assert last_echo(suspects(log)) in echo.splitlines()


def test_an_engine_that_died_later_is_no_start_that_failed():
    assert last_echo(suspects(b"vllm.v1.engine.exceptions.EngineDeadError: EngineCore\n")) == ""


def test_a_long_line_is_cut():
    quote = first_exception(b"ValueError: " + b"x" * 900)
    assert len(quote) == LONGEST_QUOTE + 1


@given(st.binary(max_size=400), st.sampled_from([b"", b"ValueError: a", ECHO.encode()]))
def test_any_bytes_give_no_quote_or_one_with_an_exception(log, more):
    quote = first_exception(log + b"\n" + more)
    assert quote == "" or EXCEPTION.search(quote)
    if b"ValueError" in more:
        assert last_echo(suspects(log + b"\n" + more)) == ""
