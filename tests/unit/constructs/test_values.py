import subprocess
import sys

import pytest

from gtc_constructs.values import ChartRef
from gtc_spec import versions
from gtc_spec.errors import UsageError


@pytest.mark.parametrize("chart", versions.CHARTS, ids=lambda chart: chart.name)
def test_every_chart_of_the_demo_is_pinned(chart):
    ref = ChartRef.pinned(chart)

    assert ref.version == chart.version or chart.version in ref.chart


@pytest.mark.parametrize("version", ["", "1.x ", "^1.2.3", "~1.2", ">=1", "1.*"])
def test_a_range_of_versions_is_refused(version):
    with pytest.raises(UsageError, match="exact version"):
        ChartRef.repo("https://charts.example", "thing", version=version)


@pytest.mark.parametrize("url", ["thing.tgz", "http://charts.example/a.tgz", "https://a/b"])
def test_an_address_that_is_no_archive_is_refused(url):
    with pytest.raises(UsageError, match="tgz"):
        ChartRef.url(url)


def test_a_folder_without_chart_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"Chart\.yaml"):
        ChartRef.local(tmp_path)


def test_values_are_made_without_starting_node():
    code = "import sys, gtc_constructs.values; print('jsii' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert ran.stdout.strip() == "False"
