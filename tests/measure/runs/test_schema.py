import json
from pathlib import Path

import jsonschema
import pytest

from warmbook.measure.coldstart.card import ColdStart
from warmbook.measure.coldstart.timeline import Phase, Timeline
from warmbook.measure.runs.record import parse
from warmbook.measure.runs.schema import Record
from warmbook.model.gpus import machine

from .test_html import everywhere
from .test_record import WHOLE

FILE = Path(__file__).parents[3] / "docs" / "run.schema.json"


def validator():
    schema = json.loads(FILE.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("record", [WHOLE, everywhere("x"), {**WHOLE, "a key to come": 1}])
def test_the_published_schema_accepts_every_readable_record(record):
    validator().validate(record)
    parse(json.dumps(record).encode())


@pytest.mark.parametrize("key", sorted(WHOLE))
def test_the_published_schema_requires_the_same_keys_as_the_reader(key):
    record = {name: value for name, value in WHOLE.items() if name != key}
    (error,) = validator().iter_errors(record)
    assert repr(key) in error.message


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"schema": 2}, ["schema"]),
        ({"left": "nothing"}, ["left"]),
        ({"phases": [{"name": "driver", "seconds": -1}]}, ["phases", 0, "seconds"]),
        ({"cost": {"machine": "g2"}}, ["cost"]),
    ],
)
def test_the_published_schema_refuses_the_same_fields_as_the_reader(changes, place):
    (error,) = validator().iter_errors({**WHOLE, **changes})
    assert list(error.absolute_path) == place


def test_what_is_read_is_dumped_with_the_same_keys_and_no_others():
    for record in (WHOLE, everywhere("x")):
        told = parse(json.dumps(record).encode()).dumped()
        assert told == {name: record[name] for name in told}
        assert set(told) == set(record)


def test_a_cold_start_is_recorded_as_the_schema_has_it():
    phase = Phase("image pull", 1.0, 36.0, "Kubernetes")
    start = ColdStart((Timeline("one", (phase,)),), machine("g2-standard-16"))
    told = start.record()
    record = parse(json.dumps({**WHOLE, "phases": told["phases"], "cost": told["cost"]}).encode())
    assert [(one.name, one.start, one.seconds) for one in record.phases] == [("image pull", 1, 36)]
    assert record.cost.machine == "g2-standard-16"
    assert set(told["cost"]) == set(Record.model_json_schema()["$defs"]["Cost"]["properties"])
