"""An empty stack that writes nowhere but into the test's own folder."""

import pytest

from gtc_constructs._bindings import App, TerraformStack


@pytest.fixture
def app(tmp_path) -> App:
    return App(outdir=str(tmp_path))


@pytest.fixture
def stack(app) -> TerraformStack:
    return TerraformStack(app, "stack")
