from warmbook_rehearsal.faults.pod_values import changed, values


def deployment(**server):
    pod = {"containers": [{"name": "server", **server}]}
    return {"spec": {"template": {"spec": pod}}}


def test_an_argument_is_named_by_its_flag_and_the_last_one_counts():
    found = values({"args": ["serve", "--max-model-len=1", "--max-model-len=2", "--no-x"]})
    assert found == {
        ("args", "0"): "serve",
        ("args", "--max-model-len"): "2",
        ("args", "--no-x"): "",
    }


def test_items_of_a_list_are_named_by_what_tells_them_apart():
    mounts = [{"name": "cache", "mountPath": "/a"}]
    found = values({"env": [{"name": "A", "value": "1"}], "volumes": [], "mounts": mounts})
    assert found == {
        ("env", "A", "name"): "A",
        ("env", "A", "value"): "1",
        ("volumes",): [],
        ("mounts", "/a", "name"): "cache",
        ("mounts", "/a", "mountPath"): "/a",
    }


def test_only_the_values_that_differ_are_changed():
    before = deployment(image="a:1", args=["--x=1", "--y"], resources={"limits": {"cpu": "4"}})
    after = deployment(image="a:2", args=["--x=1", "--z"], resources={"limits": {"cpu": "4"}})
    place = ("containers", "server")
    assert changed(before, after) == {
        (*place, "image"): ("a:1", "a:2"),
        (*place, "args", "--y"): ("", None),
        (*place, "args", "--z"): (None, ""),
    }
