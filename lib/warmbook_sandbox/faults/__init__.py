"""Faults: what goes wrong in real life, one switch each, to teach with and to test with."""

from . import bucket, project
from .control import application
from .fault import FAULTS, Fault, UnknownFaultError, named

__all__ = ["FAULTS", "Fault", "UnknownFaultError", "application", "bucket", "named", "project"]
