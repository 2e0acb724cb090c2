"""A small slice of `make bench-models`: killed syncs and damaged copies."""

from pathlib import Path

import pytest

from tests.bench.models.corruptions import corrupt_often
from tests.bench.models.kills import kill_often
from tests.bench.models.place import place
from tests.s3_server import s3_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_killed_sync_never_leaves_a_marker_over_a_wrong_tree_and_keeps_whole_files(
    tmp_path: Path,
) -> None:
    with s3_server() as url, place(tmp_path, url, 64_000_000) as here:
        seen = kill_often(here, kills=4, longest_run=0.9)
        assert seen.failed == []
        assert seen.marked_wrong == []
        assert seen.sent_again == []
        assert seen.kills == 4
        corruptions = corrupt_often(here.copies()[1], 12)
        assert corruptions.missed == []
