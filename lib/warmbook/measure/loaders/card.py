"""Cards of times: several runs of each of several loads, and what their spread allows to say."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...cloud.rehearsal import Network
from ...display.card import Card
from ...display.picture import Picture
from ...display.plots import dots
from ...texts import say
from ...units import duration
from .catalog import Runs


@dataclass(frozen=True, repr=False)
class Times(Card):
    """The seconds of several runs of each of several loads, which are its `runs`."""

    rehearsal: bool = field(default=False, kw_only=True)
    cut_short: bool = field(default=False, kw_only=True)
    network: Network | None = field(default=None, kw_only=True)
    """The rehearsal's, where it is shaped."""

    def sentence(self) -> str:
        """Return what follows from the figures, and no more than that."""
        raise NotImplementedError

    def chance(self) -> str:
        """Return how likely chance alone would say the same, nothing where that is no question."""
        return ""

    def note(self) -> str:
        told = [self.sentence(), *filter(None, [self.chance()])]
        if self.cut_short:
            told.append(say("The budget ended the comparison before all runs were done."))
        if self.rehearsal:
            told.append(
                say("In a rehearsal, these times are those of this machine, not of Google Cloud.")
            )
        if self.network:
            told.append(self.network.label)
        return " ".join(told)

    def drawn(self, *runs: Runs) -> Picture:
        """Return each run as a point, the median of each load as a line."""
        rows = [(one.name, one.first_s, one.later) for one in runs]
        return dots(rows, self.sentence(), self.title())


def spread(runs: Runs) -> str:
    """Return the median of a load's later runs and their range, and the first run."""
    if len(runs.later) == 1:
        only, first = duration(runs.median_s), duration(runs.first_s)
        return say("{only} in one run; the first {first}", only=only, first=first)
    return say(
        "median {median}, from {least} to {most} in {count} runs; the first {first}",
        median=duration(runs.median_s),
        least=duration(runs.least_s),
        most=duration(runs.most_s),
        count=len(runs.later),
        first=duration(runs.first_s),
    )
