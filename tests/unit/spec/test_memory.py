"""A model that does not fit is refused with arithmetic that a person can follow."""

from hypothesis import given
from hypothesis import strategies as st

from gtc_spec.cloud.memory import misfit, weights_gib


def test_seventy_billion_bf16_parameters_do_not_fit_one_h200() -> None:
    got, allowed = misfit(70.6, 2, 139) or ("", "")
    assert got == "70.6 billion parameters x 2 bytes = 132 gib of weights"
    assert allowed.startswith("at most 125 gib, which is 90% of 1 x 139 gib")


def test_the_same_model_fits_in_fp8_or_on_two_gpus() -> None:
    assert misfit(70.6, 1, 139) is None
    assert misfit(70.6, 2, 139, gpus=2) is None


@given(st.floats(0.1, 1000), st.sampled_from([1, 2]), st.floats(1, 300), st.integers(1, 8))
def test_more_gpus_never_make_a_model_that_fits_unfit(
    billions: float, size: int, memory_gib: float, gpus: int
) -> None:
    if misfit(billions, size, memory_gib, gpus) is None:
        assert misfit(billions, size, memory_gib, gpus + 1) is None
        assert weights_gib(billions, size) < memory_gib * gpus
