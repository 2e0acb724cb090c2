"""A checkpoint as a caller names it: one repository, one folder on the share.

Plain frozen data: it must not know who serves it, or on what.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Self

from gtc_spec import names
from gtc_spec.arguments import checked, introduce
from gtc_spec.errors import UsageError
from gtc_spec.serving import CHECKPOINTS, REPOSITORY, Checkpoint, Model

DEFAULT_REVISION: Final = "main"
_REVISION: Final = re.compile(r"\w[\w./-]*")
_MOUNT: Final = PurePosixPath(names.MODEL_MOUNT)


@checked
@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """A checkpoint: one repository, one folder on the share.

    Attributes:
        repository: HuggingFace repository, ``owner/name``.
        revision: Branch, tag or commit for a download; a branch moves, a commit does not. Default:
            ``main``.
        checkpoint: Its size and public name. Default: what is known of the repository; an unknown
            one answers under its own name, and whether it fits the GPUs is not checked.
        mount: Where the share is mounted in a pod. Default: ``gtc_spec.names.MODEL_MOUNT``.

    Raises:
        UsageError: Repository or revision is not written like one.
    """

    repository: str
    revision: str = DEFAULT_REVISION
    checkpoint: Checkpoint | None = None
    mount: PurePosixPath = _MOUNT

    def __post_init__(self) -> None:
        if not re.fullmatch(REPOSITORY, self.repository):
            raise UsageError(f"model {self.repository!r}, allowed: owner/name")
        if not _REVISION.fullmatch(self.revision):
            raise UsageError(
                f"revision {self.revision!r} of {self.repository}, allowed: a branch, tag or commit"
            )

    @classmethod
    @checked
    def of(cls, model: Model) -> Self:
        """The checkpoint that an environment names as its ``model``."""
        facts = Checkpoint(model.served_name, model.parameters_billion, model.weight_bytes)
        return cls(repository=model.repository, checkpoint=facts)

    @property
    def known(self) -> Checkpoint | None:
        """Size and public name, given or looked up."""
        return self.checkpoint or CHECKPOINTS.get(self.repository)

    @property
    def served_name(self) -> str:
        """Name under which the model answers."""
        return self.known.served_name if self.known else self.repository

    @property
    def called(self) -> str:
        """Repository, and the revision where one is named."""
        if self.revision == DEFAULT_REVISION:
            return self.repository
        return f"{self.repository} at {self.revision}"

    @property
    def path(self) -> PurePosixPath:
        """Folder of the checkpoint inside a pod."""
        return self.mount / self.repository

    @property
    def slug(self) -> str:
        """The repository as part of a Kubernetes name."""
        return re.sub(r"[^a-z0-9]+", "-", self.repository.lower()).strip("-")


introduce(ModelRef, "a ModelRef", 'ModelRef(repository="owner/name")')
