"""What can be known before acting: one line for each thing that a later step would trip over."""

from .result import Checkup, Examination
from .run import examine

__all__ = ["Checkup", "Examination", "examine"]
