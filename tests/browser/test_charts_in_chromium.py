"""Charts as they are drawn: what is written on them, where, and on which axis."""

import itertools

import pytest

from gtc_runtime.formats import latency_s
from tests.browser.chart_rows import SCENARIOS, SECONDS
from tests.browser.conftest import BOOTH, CHROMIUM, SIZES, scene
from tests.browser.legibility import cut_off

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium"),
]

SHOW = """([rows, markers, dots]) => {
  const { setup } = gtcCharts.state();
  gtcCharts.start({ ...setup, rows: rows.slice(0, -1), dots: [] });
  gtcCharts.push([rows[rows.length - 1]], markers, dots);
}"""
DRAWN = """async () => {
  for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
}"""
"""Ours draws with the next frame, the chart library with the one after it."""
RESIZE = """(height) => {
  for (const { id } of gtcCharts.state().setup.charts)
    getElement(id).chart.resize({ height: height ?? "auto" });
}"""
WRITTEN = """() => {
  const edges = ({ x, y, width, height }) =>
    ({ left: x, top: y, right: x + width, bottom: y + height });
  const text = (each) => {
    const box = each.getBoundingRect().clone();
    if (each.transform) box.applyTransform(each.transform);
    return { text: each.style.text, ...edges(box) };
  };
  return gtcCharts.state().setup.charts.filter((spec) => spec.goal).map((spec) => {
    const chart = getElement(spec.id).chart;
    const plot = chart.getModel().getComponent("grid").coordinateSystem.getRect();
    const drawn = chart.getZr().storage.getDisplayList(true).filter((each) => each.style.text);
    const size = { width: chart.getWidth(), height: chart.getHeight() };
    return { texts: drawn.map(text), plot: edges(plot), ...size };
  });
}"""


TWIN = {
    "twin_ttft_p50_low_s": 0.4,
    "twin_ttft_p50_high_s": 0.8,
    "twin_ttft_p95_low_s": 1.2,
    "twin_ttft_p95_high_s": 2.0,
    "twin_itl_p50_low_ms": 20.0,
    "twin_itl_p50_high_ms": 25.0,
}

PLOT_MIN = 0.2
"""The curves are the proof: how much of the height of the stage each of them has at least."""


@pytest.fixture(scope="module", params=["/", "/stage"])
def page(server, browser, request):
    """Either page; its charts are given rows by `show`."""
    opened = browser.new_page(viewport=BOOTH)
    complaints = []
    opened.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(server.address + request.param)
    opened.wait_for_function("window.gtcCharts && gtcCharts.state().setup !== null")
    opened.wait_for_function("gtcCharts.state().setup.charts.every((c) => getElement(c.id)?.chart)")
    opened.is_stage = request.param == "/stage"
    yield opened
    opened.close()
    assert complaints == []


def show(page, name, height=None):
    """Put five minutes on the charts; gives what is written on each, with where its plot lies.

    Args:
        height: Of the charts, pixels; None leaves them as the page has them.
    """
    page.evaluate(RESIZE, height)
    page.evaluate(SHOW, SCENARIOS[name]())
    page.evaluate(DRAWN)
    return page.evaluate(WRITTEN)


def words(chart):
    return [each["text"] for each in chart["texts"]]


def test_charts_without_data_have_their_axes_and_goals_and_say_so(page):
    ttft, itl = show(page, "idle")

    assert {"0 s", "4 s", "8 s", "goal", "no data"} <= set(words(ttft))
    assert {"0 ms", "30 ms", "45 ms", "goal", "no data"} <= set(words(itl))


def test_what_the_first_requests_of_a_load_meet_is_cut_off_and_written(page):
    _, itl = show(page, "balanced")

    assert {"45 ms", "81.0 ms ↑"} <= set(words(itl))
    assert "90 ms" not in words(itl)


def test_a_queue_is_seen_to_grow_up_to_five_goals(page):
    ttft, _ = show(page, "climb")

    assert {"4 s", "20 s"} <= set(words(ttft))
    assert not any("↑" in each for each in words(ttft))


def test_beyond_five_goals_the_axis_stays_and_the_peak_is_written(page):
    ttft, _ = show(page, "beyond")

    assert {"4 s", "20 s", "27.5 s ↑"} <= set(words(ttft))


@pytest.mark.parametrize("height", [None, 110])
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_two_texts_of_a_chart_touch(page, name, height):
    assert touching(show(page, name, height)) == []


@pytest.mark.parametrize("size", ["laptop", "booth", "wall"])
def test_none_touch_beside_the_trust_stripe_and_without_it_a_plot_has_a_fifth_of_the_stage(
    visit, size
):
    stage = visit("/stage", SIZES[size])
    scene(stage, "red")
    for name in SCENARIOS:
        assert (name, touching(show(stage, name))) == (name, [])

    scene(stage, "PREFILL_STRESS")
    for name in SCENARIOS:
        charts = show(stage, name)
        assert (name, touching(charts)) == (name, [])
        heights = [chart["plot"]["bottom"] - chart["plot"]["top"] for chart in charts]
        assert min(heights) >= PLOT_MIN * SIZES[size][1]


def touching(charts):
    """Pairs of texts of one chart that touch each other."""
    return [
        (one["text"], other["text"])
        for chart in charts
        for one, other in itertools.combinations(chart["texts"], 2)
        if min(one["right"], other["right"]) > max(one["left"], other["left"])
        and min(one["bottom"], other["bottom"]) > max(one["top"], other["top"])
    ]


@pytest.mark.parametrize("name", ["climb", "decode_stress", "beyond", "restart"])
def test_both_charts_name_what_was_ordered_and_ready_above_all_curves(page, name):
    for chart in show(page, name):
        names = [each for each in chart["texts"] if each["text"] in ("ordered", "ready")]
        assert names
        assert all(each["bottom"] <= chart["plot"]["top"] for each in names)


def test_all_texts_of_a_chart_are_on_it(page):
    for chart in show(page, "beyond"):
        for each in chart["texts"]:
            assert 0 <= each["left"] < each["right"] <= chart["width"]
            assert 0 <= each["top"] < each["bottom"] <= chart["height"]


def test_a_time_without_rows_is_a_gap_in_the_lines(page):
    show(page, "restart")

    line = page.evaluate(
        "getElement(gtcCharts.state().setup.charts[0].id).chart.getOption().series[0].data"
    )
    gaps = [at for at, value in line if value is None]
    assert len(gaps) == 1
    assert len(line) == SECONDS - 40 + 1


def test_a_pointer_is_answered_on_the_presenters_page_only(page):
    plot = show(page, "climb")[0]["plot"]
    canvas = page.locator("canvas").first.bounding_box()
    ready = plot["left"] + (plot["right"] - plot["left"]) * 186 / SECONDS

    page.mouse.move(canvas["x"] + ready, canvas["y"] + (plot["top"] + plot["bottom"]) / 2)
    page.wait_for_timeout(300)

    told = page.get_by_text("12:04:05 ·")
    if page.is_stage:
        assert told.count() == 0
    else:
        text = told.locator("..").inner_text()
        for part in ("Prefill recovery", "p95", "p50", "p99", "ready at 185 s"):
            assert part in text
    page.mouse.move(0, 0)


def test_a_chart_is_a_picture_that_says_what_it_shows(page):
    told = [each.get_attribute("aria-label") for each in page.locator(".chart[role=img]").all()]

    assert told == ["TTFT p95 1.24 s, goal 4 s", "ITL p95 24.6 ms, goal 30 ms"]


def test_figures_on_charts_are_written_as_everywhere(page):
    values = [
        0.0123,
        0.09994,
        0.09996,
        0.3166,
        0.9994,
        0.9996,
        1.239,
        9.994,
        9.996,
        27.5,
        99.96,
        120,
    ]

    written = page.evaluate("(values) => values.map((each) => gtcScale.figure(each, 's'))", values)

    assert written == [latency_s(each) for each in values]


def test_many_single_requests_are_drawn_at_the_time_they_were_due(page):
    show(page, "decode_stress")

    counts = page.evaluate(
        "getElement(gtcCharts.state().setup.charts[0].id).chart.getOption()"
        ".series.filter((each) => each.type === 'scatter').map((each) => each.data.length)"
    )
    assert sum(counts) == 8 * SECONDS
    assert min(counts) > 0


AREAS = """() => gtcCharts.state().setup.charts.filter((spec) => spec.goal).map((spec) => {
  const chart = getElement(spec.id).chart;
  return chart.getOption().series.filter((each) => each.areaStyle).map((each) => {
    const shapes = chart.getZr().storage.getDisplayList(true)
      .filter((shape) => shape.type === "ec-polygon");
    return {
      known: each.data.filter(([, room]) => room !== null).length,
      highest: Math.max(...shapes.map((shape) => shape.getBoundingRect().height)),
    };
  });
})"""
"""The bands of each chart: at how many moments they are known, and how high they are drawn."""
BANDS = {"/": (2, 1), "/stage": (2, 1)}


@pytest.mark.parametrize("path", BANDS)
def test_where_the_twin_expects_the_curves_is_drawn_behind_them_and_said(visit, path):
    page = visit(path, (1920, 1080))
    scene(page, "PREFILL_RECOVERY")
    expected = [each._replace(**TWIN) for each in SCENARIOS["balanced"]()[0]]
    page.evaluate(SHOW, [expected, [], []])
    page.evaluate(DRAWN)
    charts = page.evaluate(AREAS)

    assert tuple(len(bands) for bands in charts) == BANDS[path]
    assert all(
        band["known"] == SECONDS and band["highest"] > 5 for bands in charts for band in bands
    )
    assert page.locator(".legend-twin").all_inner_texts() == [
        "twin p95 2.3–2.9\u202fs",
        "twin p50 18.9–23.1\u202fms",
    ]
    assert cut_off(page) == []


def test_without_a_prediction_of_now_there_is_no_band_and_its_sample_is_grey(visit):
    page = visit("/stage", (1920, 1080))
    scene(page, "PREFILL_RECOVERY")
    page.evaluate(SHOW, SCENARIOS["balanced"]())
    page.evaluate(DRAWN)

    assert {band["known"] for bands in page.evaluate(AREAS) for band in bands} == {0}
    scene(page, "calm")
    assert not page.locator(".legend-twin").first.is_visible()
