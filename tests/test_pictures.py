from warmbook.pictures import waterfall


def test_parts_of_a_time_become_a_png_with_its_caption():
    picture = waterfall([("a node", 1.5), ("weights", 0.2), ("a third", 0.0)], "1.7 s")
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert repr(picture) == "1.7 s"


def test_other_times_make_another_picture():
    first, second = (waterfall([("a", seconds)], "x").png for seconds in (1.0, 2.0))
    assert first != second
