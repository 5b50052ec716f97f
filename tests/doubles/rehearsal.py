"""Stands for `python -m warmbook_rehearsal`: sets two of its variables and runs the command.

It passes SIGTERM on and ends with the command, as the rehearsal does; it has no servers.
"""

import os
import secrets
import signal
import subprocess
import sys

END = {signal.SIGTERM}

token = secrets.token_urlsafe(8)
environ = {
    **os.environ,
    "WARMBOOK_REHEARSAL_FAULTS": "http://127.0.0.1:9",
    "WARMBOOK_REHEARSAL_TOKEN": token,
}
# one that comes before it can be passed on would leave the command running
signal.pthread_sigmask(signal.SIG_BLOCK, END)
command = subprocess.Popen(
    sys.argv[sys.argv.index("--") + 1 :],
    env=environ,
    preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, END),
)
signal.signal(signal.SIGTERM, lambda *_: command.terminate())
signal.pthread_sigmask(signal.SIG_UNBLOCK, END)
sys.exit(max(command.wait(), 0))
