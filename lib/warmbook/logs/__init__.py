"""Saved logs in the forms in which people keep them: what each line says, by whom and in order.

A form is told by the first lines. What comes out are streams, one per container, as the container
wrote them: the oldest line first, with the runtime's time before it where the form has one.
"""

from .bytes import MOST_BYTES, UnreadableError, read_bytes
from .streams import Stream, streams

__all__ = ["MOST_BYTES", "Stream", "UnreadableError", "read_bytes", "streams"]
