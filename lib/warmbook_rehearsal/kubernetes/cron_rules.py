"""Whether a CronJob makes sense: its schedule, its policies, the Pod of its Jobs.

Source: Kubernetes, pkg/apis/batch/validation/validation.go (rules and wordings).
"""

from __future__ import annotations

from collections.abc import Iterator

from .errors import Cause
from .names import invalid_value, unsupported_value
from .objects import Obj
from .pod_rules import pod_causes, restart_causes
from .schedules import Schedule, zone_of

LONGEST_NAME = 52
"""Characters: each Job's name adds a dash and ten digits, and may have 63."""

_POLICIES = ("Allow", "Forbid", "Replace")
_AT = "spec.jobTemplate.spec.template.spec"
RESTARTS = ("OnFailure", "Never")
"""What a Pod of a Job may have as its `restartPolicy`."""


def causes(obj: Obj) -> Iterator[Cause]:
    """Yield what is wrong with a CronJob whose defaults are filled in."""
    if len(name := obj["metadata"].get("name", "")) > LONGEST_NAME:
        yield invalid_value(
            "metadata.name", name, f"must be no more than {LONGEST_NAME} characters"
        )
    spec = obj["spec"]
    yield from _schedule(spec)
    if (policy := spec["concurrencyPolicy"]) not in _POLICIES:
        yield unsupported_value("spec.concurrencyPolicy", policy, _POLICIES)
    for field in (
        "startingDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
    ):
        if spec.get(field, 0) < 0:
            said = f"Invalid value: {spec[field]}: must be greater than or equal to 0"
            yield Cause("FieldValueInvalid", said, f"spec.{field}")
    pod_spec = spec["jobTemplate"]["spec"]["template"]["spec"]
    yield from restart_causes(pod_spec, RESTARTS, _AT)
    yield from pod_causes(pod_spec, _AT)


def _schedule(spec: Obj) -> Iterator[Cause]:
    text, zone = spec["schedule"], spec.get("timeZone")
    if "TZ" in text:
        why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield invalid_value("spec.schedule", text, why)
        return
    try:
        Schedule.parse(text)
    except ValueError as error:
        yield invalid_value("spec.schedule", text, str(error))
    if zone is not None:
        try:
            zone_of(zone)
        except ValueError as error:
            yield invalid_value("spec.timeZone", zone, str(error))
