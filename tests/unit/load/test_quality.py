import pytest

from gtc_runtime.load.figures.quality import QualityMeter


def judged(collect, at_s=0.5, source="user"):
    meter = QualityMeter(source, 0.0)
    collect(meter)
    return meter.judge(at_s)


def test_the_light_is_green_without_any_figure():
    quality = judged(lambda meter: None)
    assert (quality.light, quality.reason) == ("green", "")
    assert quality.slip_p99_ms is None
    assert quality.coalesced_share is None


@pytest.mark.parametrize(
    ("collect", "light", "words"),
    [
        (lambda m: m.schedule_error(0.002), "green", ""),
        (lambda m: m.schedule_error(0.1), "amber", "start late"),
        (lambda m: m.schedule_error(0.3), "red", "start late"),
        (lambda m: m.slip(0.3), "red", "sent late"),
        (lambda m: m.reader_stall(0.015), "amber", "reader stalls"),
        (lambda m: m.reader_stall(0.04), "red", "reader stalls"),
        (lambda m: (m.reads(1), m.coalesced()), "red", "coalesced"),
        (lambda m: m.reads(1), "green", ""),
    ],
)
def test_the_light_says_what_is_wrong(collect, light, words):
    quality = judged(collect)
    assert quality.light == light
    assert words in quality.reason


def test_stamps_of_the_kernel_bear_a_longer_stall():
    assert judged(lambda m: m.reader_stall(0.015), source="kernel").light == "green"
    assert judged(lambda m: m.reader_stall(0.04), source="kernel").light == "amber"
    assert judged(lambda m: m.reader_stall(0.1), source="kernel").light == "red"


def test_a_bad_moment_is_forgotten_after_two_windows():
    meter = QualityMeter("kernel", 0.0)
    meter.reader_stall(0.2)
    assert meter.judge(5.0).light == "red"
    assert meter.judge(9.9).light == "red"
    meter.judge(10.0)
    assert meter.judge(10.1).reader_stall_p99_ms is None
