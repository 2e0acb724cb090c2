"""The steps that a card is timed with are the model's, and the module runs on a bare Python."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gtc_runtime.calibration import gpu
from gtc_runtime.calibration.shapes import SHAPES
from gtc_spec.profiles.profile import Profile

ROOT = Path(__file__).resolve().parents[3]
WITHOUT = """
import sys
for name in ("torch", "pydantic", "click", "rich", "numpy"):
    sys.modules[name] = None
from gtc_runtime.calibration import gpu
sys.exit(gpu.main(["--model", "tiny", "--json", sys.argv[1]]))
"""
MODELS = [name for name in SHAPES if SHAPES[name].profile]


def test_a_bare_python_is_told_in_one_line_how_to_get_torch(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(tmp_path / "steps.json")],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (2, "")
    assert ran.stdout == "this needs torch, which is not installed: pip install 'gtc-demo[gpu]'\n"
    assert not (tmp_path / "steps.json").exists()


@pytest.mark.parametrize("name", MODELS)
def test_a_shape_has_the_cache_and_about_the_weights_of_its_model(name: str) -> None:
    shape, profile = SHAPES[name], Profile.load(SHAPES[name].profile)
    width = 1 if shape.fp8 else 2
    assert 2 * width * shape.layers * shape.kv_heads * shape.head == profile.kv_bytes_per_token

    attention = 2 * shape.hidden * (shape.heads + shape.kv_heads) * shape.head
    layer = attention + 3 * shape.hidden * shape.ffn
    weights = shape.layers * layer + 2 * shape.vocabulary * shape.hidden
    assert weights / 1e9 == pytest.approx({"8b": 8.03, "70b": 70.55}[name], rel=0.001)


@pytest.mark.parametrize("name", MODELS)
def test_every_step_but_the_odd_one_lies_on_the_profile_that_it_is_compared_with(name: str) -> None:
    profile = Profile.load(SHAPES[name].profile)

    prefill = {point[:2] for point in profile.prefill}
    decode = {point[:2] for point in profile.decode}

    assert set(SHAPES[name].prefill) <= prefill
    assert set(SHAPES[name].decode) <= decode


def test_a_line_has_the_step_the_profile_and_the_difference() -> None:
    assert gpu.line("8b decode 64 @ 1024", 8.25, 7.5).split() == [
        *("8b", "decode", "64", "@", "1024", "8.25", "ms", "profile", "7.50", "ms", "+10.0%"),
    ]
    assert gpu.line("tiny decode 1 @ 16", 1, None).endswith("1.00 ms")


def test_on_a_cpu_the_tiny_shape_gives_every_step_and_keeps_it(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    file = tmp_path / "steps.json"

    assert gpu.main(["--model", "tiny", "--device", "cpu", "--json", str(file)]) == 0

    told = json.loads(file.read_text())
    assert (told["schema"], told["gpu"], told["copies"]) == ("gtc-gpu-steps/1", "cpu", [])
    assert [row[:2] for row in told["models"]["tiny"]["decode"]] == [[1, 16], [2, 16]]
    assert all(row[2] > 0 for row in told["models"]["tiny"]["prefill"])
