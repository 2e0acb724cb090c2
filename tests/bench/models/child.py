"""One sync as a process that can be killed: hub to bucket to directory, with a journal.

The journal says what was about to be sent and what had arrived, so that whoever kills this process
can tell afterwards what a later run did twice.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from gtc_runtime.models.bucket import Bucket, Upload
from gtc_runtime.models.download import download
from gtc_runtime.models.store import BucketStore, DirectoryStore
from gtc_runtime.models.upload import Source, upload
from gtc_spec import names
from tests.s3_server import KEY_ID, SECRET


class JournalBucket(Bucket):
    """A bucket that writes down each transfer."""

    def __init__(self, name: str, endpoint: str, journal: Path) -> None:
        super().__init__(name, endpoint, KEY_ID, SECRET, 8)
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, *words: object) -> None:
        os.write(self._journal, ("\t".join(map(str, words)) + "\n").encode())

    def send_part(self, upload: Upload, number: int, content: memoryview, md5: str) -> None:
        self.note("send", upload.key, number)
        super().send_part(upload, number, content, md5)

    def write(self, key: str, content: bytes, sha256: str = "") -> None:
        if sha256:
            self.note("send", key, 1)
        super().write(key, content, sha256)

    def stream(self, key: str, etag: str, offset: int, piece_bytes: int) -> Iterator[bytes]:
        self.note("from", key, offset)
        for piece in super().stream(key, etag, offset, piece_bytes):
            offset += len(piece)
            self.note("got", key, offset)
            yield piece


def main(
    steps: str, url: str, bucket: str, repository: str, root: str, part_bytes: str, workers: str
) -> None:
    """Run the steps, comma-separated, of ``upload`` and ``download``."""
    place = Path(root)
    journal = JournalBucket(bucket, url, place / "journal")
    store = BucketStore(journal, names.model_prefix(repository), names.UPLOAD_MARKER)
    sys.stdout.write("begin\n")
    sys.stdout.flush()
    journal.note("run", os.getpid(), "-")
    if "upload" in steps:
        journal.note("step", "upload", "-")
        source = Source(
            *(repository, "", "", place / "scratch"),
            workers=int(workers),
            part_bytes=int(part_bytes),
        )
        upload(store, source, print)
    if "download" in steps:
        journal.note("step", "download", "-")
        target = DirectoryStore(place / "share", names.DOWNLOAD_MARKER)
        download(store, target, print, workers=int(workers))


if __name__ == "__main__":
    main(*sys.argv[1:])
