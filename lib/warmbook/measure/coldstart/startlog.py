"""A server's log in, what its start took out: marks with their moments; text only, no cluster.

Read once, piece by piece: a few literals are searched in each block, and only the lines that
hold one are looked at. Nothing in a log is an error here; what can't be read is left out.
"""

from .log_events import Mark, StartLog, is_whole
from .log_reader import OUTCOME, LogReader, read

__all__ = ["OUTCOME", "LogReader", "Mark", "StartLog", "is_whole", "read"]
