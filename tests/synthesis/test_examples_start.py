"""Every example would start: what its pods name is there, fits, and comes first."""

import json
from pathlib import Path

import pytest

from tests.synthesis import starting
from tests.synthesis.conftest import ROOT
from tests.synthesis.starting import Example, Json

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
pytestmark = pytest.mark.timeout(150)


@pytest.mark.parametrize("program", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_would_start(examples: Path, program: Path) -> None:
    example = starting.read(examples, program)

    assert example.stacks
    assert starting.faults(example) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        (
            "trtllm_scaled",
            '"HF_TOKEN", "name": "hf-token"',
            '"HF_TOKEN", "name": "none"',
            "makes the secret",
        ),
        ("trtllm_scaled", "Llama 3.1 8B in BF16", "Llama 3.1 70B in FP8", "by a file that says"),
        ("trtllm_scaled", "gpu-h100x1-80gb", "gpu-h200x1-141gb", "runs on H200 by a file"),
        ("trtllm_scaled", '"size": 100', '"size": 16', "the share has 16 GiB"),
        ("trtllm_scaled", '"name": "HF_TOKEN", "v', '"name": "TOKEN", "v', "has no token"),
        ("shared_pool", '"claim_name": "model-nfs-pvc"', '"claim_name": "none"', "makes the claim"),
        ("shared_pool", '".download-complete"', '".complete"', "which nobody writes"),
        ("shared_pool", '"region": "nyc2"', '"region": "nyc1"', "nyc1"),
        ("shared_pool", "gpu-h100x8-640gb", "gpu-h100x9-640gb", "gpu-h100x9-640gb"),
        ("shared_pool", '"name": "think"', '"name": "thought"', "makes the namespace think"),
        ("shared_pool", "kubernetes_job_v1.chat", "kubernetes_job_v1.other", "come after"),
        ("two_model_pools", "gpu-h200x8-1128gb", "gpu-l40sx1-48gb", "70.6 billion parameters"),
        (
            "aggregated",
            '"--enable-metrics"',
            '"--context-length", "52000"',
            "is to take 52000 tokens",
        ),
    ],
)
def test_what_keeps_an_example_from_starting_is_found(
    examples: Path, name: str, old: str, new: str, fault: str
) -> None:
    example = starting.read(examples, ROOT / "examples" / f"{name}.py")
    changed = Example(example.program, spoilt(example.stacks, old, new))

    assert [each for each in starting.faults(changed) if fault in each]


def test_nothing_is_taken_for_there_that_the_program_does_not_say(examples: Path) -> None:
    told = starting.read(examples, ROOT / "examples" / "dgd_without_keda.py")
    untold = Example(told.program.replace("Existing", "Some"), told.stacks)

    assert starting.faults(told) == []
    assert [each.split(" in ")[0] for each in dict.fromkeys(starting.faults(untold))] == [
        "nobody makes the namespace inference",
        "nobody makes the secret hf-token",
        "nobody makes the claim models",
        "llama waits for /models/meta-llama/Llama-3.1-8B-Instruct/.download-complete, "
        "which nobody writes",
    ]


def test_every_example_is_named_where_people_look() -> None:
    readme = (ROOT / "constructs" / "README.md").read_text()

    assert [each.name for each in EXAMPLES if f"(../examples/{each.name})" not in readme] == []


def spoilt(stacks: dict[str, Json], old: str, new: str) -> dict[str, Json]:
    """With another text, also inside the values of releases, which are JSON in JSON."""
    before = json.dumps(stacks)
    after = before.replace(old, new).replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    assert after != before
    changed: dict[str, Json] = json.loads(after)
    return changed
