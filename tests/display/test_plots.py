from io import BytesIO
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from warmbook import texts
from warmbook.display import plots
from warmbook.display.plots import (
    Bar,
    MemoryPart,
    curve,
    dots,
    lanes,
    layer_map,
    load_bars,
    memory_bar,
    waterfall,
)
from warmbook.model.gpus import machines
from warmbook.model.layers import Block
from warmbook.model.load_estimate import limit_name

GIB = 2**30
MOST_BYTES = 60_000


def layered(count, **parts):
    return [Block(str(n), parts) for n in range(count)]


BESIDE = [Block("embedding", {"rest": 2 * GIB}), Block("head", {"rest": 2 * GIB})]
MAPS = {
    "small": [BESIDE[0], *layered(30, attention=2 * 10**6, mlp=5 * 10**6)],
    "70B": [BESIDE[0], *layered(80, attention=10**8, mlp=10**9, rest=10**4), BESIDE[1]],
    "experts": [BESIDE[0], *layered(3, mlp=10**8), *layered(60, experts=5 * GIB), BESIDE[1]],
    "many beside": [*BESIDE, *(Block(f"tower_number_{n}", {"rest": GIB}) for n in range(9))],
}
PARTS = [
    MemoryPart("weights", 17 * GIB, 17 * GIB, plots.BLUE),
    MemoryPart("the rest", GIB // 2, 2 * GIB, plots.AMBER),
    MemoryPart("context", 2 * GIB, 3 * GIB, plots.GREEN),
]
BARS = [
    ("g2-standard-16, 32 Gbps", 4.5, plots.BLUE),
    ("Google: g4-standard-48, Qwen3.5 35B A3B, and a name without end", 3900.0, plots.GREY),
    ("the region's quota", 0.004, plots.BLUE),
]

PHASES = [
    Bar("until a node was requested", 0.0, 0.0, "cluster"),
    Bar("until the node was ready", 0.0, 90.0, "cluster"),
    Bar("image pulled", 90.0, 61.5, "container"),
    Bar("unexplained", 151.5, 8.5, "unexplained"),
    *(Bar(f"phase {n}", 160.0 + n, 1.0, "server") for n in range(13)),
    Bar("weights streamed", 173.0, 13.4, "weights"),
]
REPLICAS = [(f"vllm-streamer-deployment-sdd74z8fdk-{n:05}", PHASES) for n in range(64)]


TRIALS = [(str(n), 9.0 / n + 2, [8.0 / n, 8.2 / n, 8.4 / n]) for n in (1, 2, 4, 8, 16, 32)]


def drawings():
    yield from ((f"map {name}", lambda b=b: layer_map(b, "x")) for name, b in MAPS.items())
    yield "map of no bytes", lambda: layer_map(layered(2, mlp=0), "x")
    yield "memory", lambda: memory_bar(PARTS, (20 * GIB, 21 * GIB), 22 * GIB, "x")
    tiny = [MemoryPart(part.name, 0, 1, part.colour) for part in PARTS]
    yield "memory of nothing", lambda: memory_bar(tiny, (0, 0), GIB, "x")
    yield "load", lambda: load_bars(BARS, "x")
    yield "waterfall", lambda: waterfall(PHASES, "x")
    yield "waterfall of nothing", lambda: waterfall([], "x")
    yield "curve", lambda: curve(TRIALS, "8", "concurrency", "x")
    yield "dots", lambda: dots(TRIALS, "x")
    yield "three replicas", lambda: lanes(REPLICAS[:3], "x")
    yield "64 replicas", lambda: lanes(REPLICAS, "x")


@pytest.fixture(params=["en", "es"])
def language(request):
    texts.speak(request.param)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name == "64 replicas" else [])
        for name in dict(drawings())
    ],
)
def test_a_picture_is_small_and_its_labels_do_not_overlap(language, name, monkeypatch):
    figures = []
    made = plots._drawn
    monkeypatch.setattr(plots, "_drawn", lambda f, *c: figures.append(f) or made(f, *c))
    picture = dict(drawings())[name]()
    assert 1000 < len(picture.png) < MOST_BYTES * (2.5 if name == "64 replicas" else 1)
    assert imread(BytesIO(picture.png)).shape[1] == 800
    (figure,) = figures
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    paper = figure.bbox
    boxes = [(t.get_text(), t.get_window_extent(canvas.get_renderer())) for t in words(figure)]
    for text, box in boxes:
        assert box.x0 >= paper.x0 - 1 and box.x1 <= paper.x1 + 1, f"{text} runs off the paper"
        assert box.y0 >= paper.y0 - 1 and box.y1 <= paper.y1 + 1, f"{text} runs off the paper"
    for (one, a), (other, b) in combinations(boxes, 2):
        assert not a.overlaps(b), f"{one} meets {other}"


def words(figure):
    """Return the texts that are drawn: matplotlib makes ticks beyond the axes, and hides them."""
    axes = figure.axes[0]
    legends = [axes.get_legend(), *figure.legends]
    legend = [text for one in legends if one for text in one.get_texts()]
    ticks = [
        label
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
        for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
        if min(low, high) <= place <= max(low, high)
    ]
    all_of_them = (*legend, *ticks, axes.xaxis.label, axes.yaxis.label, *axes.texts)
    return [text for text in all_of_them if text.get_text().strip()]


def test_other_figures_make_another_picture():
    assert waterfall(PHASES[:2], "x").png != waterfall(PHASES[:3], "x").png
    assert lanes(REPLICAS[:2], "x").png != lanes(REPLICAS[:3], "x").png
    assert layer_map(MAPS["small"], "x").png != layer_map(MAPS["70B"], "x").png
    assert load_bars(BARS, "x").png != load_bars(BARS[:2], "x").png


def test_a_picture_is_its_caption_in_text_and_nothing_else_where_there_is_none():
    assert repr(waterfall(PHASES, "1.7 s")) == "1.7 s"
    assert plots.Picture(None, "why")._repr_html_() is None


def test_free_memory_is_a_range_and_never_negative():
    assert plots.unused(PARTS, (23 * GIB, 24 * GIB)) == (1 * GIB, 4.5 * GIB)
    assert plots.unused(PARTS, (20 * GIB, 21 * GIB)) == (0, 1.5 * GIB)
    assert "free: 0 bytes to 1.5 GiB" in repr(memory_bar(PARTS, (20 * GIB, 21 * GIB), GIB, "x"))


SIGHT = {
    "full": np.eye(3),
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
"""How linear RGB looks to people; Machado, Oliveira and Fernandes, 2009."""
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, sight):
    seen = np.clip(np.array(SIGHT[sight]) @ (np.array(to_rgb(colour)) ** 2.2), 0, 1)
    x, y, z = np.cbrt(TO_XYZ @ seen / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SIGHT)
def test_the_colours_differ_for_colour_blind_people_too(sight):
    for one, other in combinations({*plots.COLOURS.values(), plots.PURPLE, "white"}, 2):
        assert np.linalg.norm(lab(one, sight) - lab(other, sight)) > 30, (one, other)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_no_name_of_a_limit_is_cut_off(language):
    texts.speak(language)
    others = [limit_name(name, machines()[0]) for name in ("streams", "pcie", "region", "cache")]
    for name in (*others, *(limit_name("nic", one) for one in machines())):
        (tick,) = load_bars([(name, 1.0, plots.BLUE)], "a load").figure.axes[0].get_yticklabels()
        assert tick.get_text() == name
