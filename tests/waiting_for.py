"""What a loop that does not end waits for: each task down to its last await, each thread."""

import asyncio
import sys
import threading
import traceback


def waiting_for(loop):
    """Return where the tasks of a loop, and all threads of this process, are at this moment."""
    tasks = [_task(task) for task in asyncio.all_tasks(loop)]
    frames = sys._current_frames()
    threads = [
        f"{thread.name}:\n{''.join(traceback.format_stack(frames[thread.ident]))}"
        for thread in threading.enumerate()
        if thread.ident in frames
    ]
    return "\n".join(("", *tasks, *threads))


def _task(task):
    lines, at = [f"{task.get_name()}:"], task.get_coro()
    while at is not None:
        if frame := getattr(at, "cr_frame", None) or getattr(at, "gi_frame", None):
            code = frame.f_code
            lines.append(f"  {code.co_filename}:{frame.f_lineno} {code.co_name}")
        else:
            lines.append(f"  {at!r}")
        at = getattr(at, "cr_await", None) or getattr(at, "gi_yieldfrom", None)
    return "\n".join(lines)
