import pytest

from gtc_runtime.load.quality import QualityMeter


def judged(collect, at_s=0.5):
    meter = QualityMeter("user", 0.0)
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
        (lambda m: m.reader_stall(0.03), "amber", "reader stalls"),
        (lambda m: m.reader_stall(0.1), "red", "reader stalls"),
        (lambda m: m.read(3), "red", "coalesced"),
        (lambda m: m.read(1), "green", ""),
    ],
)
def test_the_light_says_what_is_wrong(collect, light, words):
    quality = judged(collect)
    assert quality.light == light
    assert words in quality.reason


def test_a_bad_moment_is_forgotten_after_two_windows():
    meter = QualityMeter("kernel", 0.0)
    meter.reader_stall(0.2)
    assert meter.judge(5.0).light == "red"
    assert meter.judge(9.9).light == "red"
    meter.judge(10.0)
    assert meter.judge(10.1).reader_stall_p99_ms is None
