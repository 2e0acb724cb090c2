"""Which GPUs there are and who is on which."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtc_rehearsal.dynamo.real import gpus
from gtc_rehearsal.dynamo.real.gpus import Gpu, Places
from gtc_spec.errors import GtcError

TWO_H200 = "0, NVIDIA H200, 143771\n1, NVIDIA H200, 143771\n"
"""As nvidia-smi of driver 580.159.04 lists two GPUs of one host."""
TWO = [Gpu(0, "NVIDIA H200", 143_771), Gpu(1, "NVIDIA H200", 143_771)]
FREE = {0: 143_156, 1: 143_156}


def test_what_nvidia_smi_lists_is_read() -> None:
    assert gpus.parsed(TWO_H200) == TWO


@pytest.mark.parametrize("line", ["No devices were found", "0, NVIDIA H200", "0, H200, [N/A]"])
def test_a_line_that_is_no_gpu_is_told(line: str) -> None:
    with pytest.raises(GtcError, match="nvidia-smi said") as error:
        gpus.parsed(line)

    assert line in error.value.message


def test_all_are_used_unless_the_user_chose() -> None:
    assert gpus.visible(TWO, {}) == TWO
    assert gpus.visible(TWO, {"CUDA_VISIBLE_DEVICES": "1"}) == TWO[1:]
    assert gpus.visible(TWO, {"CUDA_VISIBLE_DEVICES": "1, 0"}) == TWO[::-1]


@pytest.mark.parametrize("chosen", ["", "2", "0,GPU-7f3c", "-1"])
def test_a_choice_of_none_or_of_others_is_refused(chosen: str) -> None:
    with pytest.raises(GtcError, match="allowed: numbers among 0, 1"):
        gpus.visible(TWO, {"CUDA_VISIBLE_DEVICES": chosen})


def test_a_machine_without_nvidia_smi_is_told_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(GtcError, match="no NVIDIA GPU here: there is no nvidia-smi on PATH"):
        gpus.found({})


def test_a_driver_that_does_not_answer_is_told_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed: no driver' >&2; exit 9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    with pytest.raises(GtcError, match="no NVIDIA GPU here: NVIDIA-SMI has failed: no driver"):
        gpus.found({})


def test_workers_spread_over_the_gpus_before_they_share_one() -> None:
    places = Places(TWO, share=2)

    assert [places.take(name, FREE, 0.4).index for name in ("a", "b", "c", "d")] == [0, 1, 0, 1]
    assert places.slots == 4


def test_a_place_that_is_given_back_is_taken_again() -> None:
    places = Places(TWO, share=1)
    places.take("a", FREE, 0.4)
    places.take("b", FREE, 0.4)
    places.give_back("a")

    assert places.take("c", FREE, 0.4).index == 0


def test_no_worker_gets_a_place_that_is_not_there() -> None:
    places = Places(TWO, share=1)
    places.take("a", FREE, 0.4)
    places.take("b", FREE, 0.4)

    with pytest.raises(GtcError, match="no GPU is free for c: 2 workers have one"):
        places.take("c", FREE, 0.4)


def test_a_place_whose_memory_somebody_holds_is_passed_over() -> None:
    places = Places(TWO, share=1)

    assert places.take("a", {0: 31_025, 1: 143_156}, 0.9).index == 1


def test_a_place_without_memory_is_told_with_what_is_free() -> None:
    places = Places(TWO, share=1)

    with pytest.raises(GtcError, match="no GPU has the 126 GiB that a takes: gpu 1 has 30 GiB"):
        places.take("a", {0: 14_012, 1: 31_025}, 0.9)


def test_free_memory_is_read_by_the_number_of_the_gpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '0, 14012'; echo '1, 143156'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    assert gpus.free_mib() == {0: 14_012, 1: 143_156}


def test_free_memory_that_nobody_tells_is_taken_for_free(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert gpus.free_mib() == {}
    assert Places(TWO, share=1).take("a", {}, 0.9).index == 0


def test_giving_back_twice_frees_one_place() -> None:
    places = Places(TWO, share=1)
    places.take("a", FREE, 0.4)
    places.give_back("a")
    places.give_back("a")
    places.take("b", FREE, 0.4)
    places.take("c", FREE, 0.4)

    with pytest.raises(GtcError):
        places.take("d", FREE, 0.4)
