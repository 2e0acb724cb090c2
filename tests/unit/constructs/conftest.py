"""An empty stack that writes nowhere but into the test's own folder."""

import pytest

from gtc_constructs._bindings import App, TerraformStack, Testing


@pytest.fixture
def app(tmp_path) -> App:
    return Testing.app(outdir=str(tmp_path), enable_future_flags=False)


@pytest.fixture
def stack(app) -> TerraformStack:
    return TerraformStack(app, "stack")
