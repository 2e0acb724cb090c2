"""A small slice of `make bench-models`: killed syncs and damaged copies."""

from pathlib import Path

import pytest

from tests.bench.models.corruptions import corrupt_often
from tests.bench.models.kills import kill_often
from tests.bench.models.place import place
from tests.s3_server import s3_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_killed_sync_never_leaves_a_marker_over_a_wrong_tree_and_resends_one_part_at_most(
    tmp_path: Path,
) -> None:
    with s3_server() as url, place(tmp_path, url, 16_000_000, 2**19) as here:
        seen = kill_often(here, kills=4, longest_run=0.9)
        assert seen.failed == []
        assert seen.marked_wrong == []
        assert seen.resent_parts <= 1
        assert seen.refetched_bytes <= here.part_bytes
        assert seen.kills == 4
        corruptions = corrupt_often(here.stores()[1], 12)
        assert corruptions.missed == []
