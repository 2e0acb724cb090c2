"""Colours are held to numbers, not to taste."""

import re

import pytest

from gtc_panel import theme
from gtc_spec.colours import COLOURS

TEXT_ON = (
    ("text", "ground"),
    ("text", "card"),
    ("text", "raised"),
    ("text", "action"),
    ("muted", "ground"),
    ("muted", "card"),
    ("muted", "raised"),
    ("prefill", "card"),
    ("decode", "card"),
    ("ground", "prefill"),
    ("ground", "decode"),
    ("ground", "warning"),
    ("warning", "card"),
    ("alarm", "card"),
)
"""Every pair of text and background in the style sheet."""


GROUNDS = {"ground", "card", "raised", "line", "action"}
"""Colours that nothing is drawn with on a card."""


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` after WCAG 2, 0-1."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours after WCAG 2, 1-21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_stands_out_from_its_background(text, ground):
    assert contrast(COLOURS[text], COLOURS[ground]) >= 4.5


@pytest.mark.parametrize("line", sorted(COLOURS.keys() - GROUNDS))
def test_lines_in_charts_stand_out_from_the_card(line):
    assert contrast(COLOURS[line], COLOURS["card"]) >= 3


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#76b900") == pytest.approx(2.4, abs=0.05)


def test_labels_are_at_least_18_px_and_figures_at_least_40_px_on_a_full_hd_screen():
    pixels = {name: rem * 16 for name, rem in theme.SIZES_REM.items()}

    assert pixels["label"] >= 18
    assert min(pixels["figure"], pixels["hero"]) >= 40


def test_the_stage_is_legible_from_three_metres():
    pixels = {name: rem * 16 for name, rem in theme.STAGE_SIZES_REM.items()}

    figures = ("stage-least", "stage-number", "stage-latency")
    assert min(pixels[name] for name in figures) >= 72
    assert 96 <= pixels["stage-spotlight"] <= 140
    assert pixels["stage-claim"] > max(pixels["stage-title"], pixels["stage-least"])
    # 16 arc minutes at 3 m are 14 mm; capitals are 0.7 of the size; 0.63 mm a pixel on 55 inches
    assert min(pixels.values()) * 0.73 * 0.63 >= 14.1


def test_the_stage_has_no_size_of_figures_but_those_of_the_theme():
    rules = "".join(sheet.read_text() for sheet in theme.STATIC.glob("stage/*.css"))
    numbers = re.findall(r"(?:number|count) \{[^}]*font-size: ([^;]+);", rules)

    assert len(numbers) >= 5
    assert [size for size in numbers if not size.startswith("var(--size-stage-")] == []


@pytest.mark.parametrize("sheet", theme.STYLES)
def test_the_style_sheet_spells_no_colour_but_shadows_of_its_own(sheet):
    rules = (theme.STATIC / sheet).read_text()

    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)
    assert set(re.findall(r"var\(--([a-z-]+)", rules)) <= {
        *COLOURS,
        *(f"size-{name}" for name in (*theme.SIZES_REM, *theme.STAGE_SIZES_REM)),
        "font",
        "role",
        "strip-marks",
        "dots",
    }


def test_what_the_browser_loads_names_no_foreign_host():
    assert "http" not in theme.style_sheet() + theme.script()
