"""The panel and its guardian in the cluster, with no more rights and ways out than they need.

It must not know what the panel does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.manifest_release import ManifestRelease
from gtc_constructs.namespace import Namespace
from gtc_constructs.secrets import WorkloadSecrets
from gtc_spec import names
from gtc_spec.environment import Environment
from gtc_spec.errors import UsageError
from gtc_spec.manifests import rbac
from gtc_spec.manifests.panel import guardian, network_policy, panel, state
from gtc_spec.manifests.secret_names import PANEL_KEY


class DemoPanel(GtcConstruct):
    """Everything of the panel: namespace, secrets, rights, state, pods, Service, policies.

    Its namespace enforces Pod Security ``restricted``. Reach it by port-forward to the Service
    ``gtc-demo-panel``. A deploy waits neither for the image nor for the model. Zero the load and
    resume KEDA before you destroy it (``gtc safe``): its rights go together with its pods.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        env: The environment that it drives.
        image: Our own image, see ``gtc_spec.cloud.images``.
        load_shards: Load processes that share the rate, 1 to 3. Default: 1.
        variables: Further variables of the panel: the ``GTC_*`` choices that made ``env``, and
            settings of its process. Default: none.
        after: What must be there first: the monitoring API, the graph and its scalers, so that
            the panel is the first to go. Default: nothing.

    Raises:
        UsageError: a pod cannot follow a choice, or the image has no tag.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        env: Environment,
        image: str,
        load_shards: int = 1,
        variables: Mapping[str, str] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        self._check_image(image)
        try:
            manifests = _manifests(env, image, load_shards, variables or {})
        except UsageError as error:
            raise self.refused(error.message, error.hint) from None
        self.namespace = Namespace(
            self, "namespace", name=names.NAMESPACE_PANEL, like=names.NAMESPACE_PANEL, after=after
        )
        self.secrets = WorkloadSecrets.from_names(
            self,
            "secrets",
            namespace=self.namespace.name,
            secrets=panel.SECRETS,
            made_once=[PANEL_KEY],
            after=[self.namespace],
        )
        self.release = ManifestRelease(
            self,
            "Resource",
            name=panel.PANEL,
            namespace=self.namespace.name,
            manifests=manifests,
            wait=False,
            after=[self.namespace, self.secrets],
        )

    def _check_image(self, image: str) -> None:
        name = image.rpartition("/")[2]
        if "@sha256:" not in image and (":" not in name or name.endswith((":", ":latest"))):
            raise self.refused(
                f"image {image!r} is not pinned, allowed: a tag other than latest, or a digest",
                "make build-push-all prints it",
            )


def _manifests(
    env: Environment, image: str, load_shards: int, variables: Mapping[str, str]
) -> list[dict[str, Any]]:
    return [
        *rbac.panel_access(env, image),
        *rbac.guardian_access(env, image),
        # made here because a right to create cannot be limited to a name; never written again,
        # because Helm changes only what differs between two of its own manifests
        state.conductor_lease(env),
        state.state_config_map(env),
        *network_policy.network_policies(env),
        panel.panel_service(env),
        panel.panel_monitor(env),
        panel.panel_deployment(env, image, load_shards=load_shards, variables=variables),
        guardian.guardian_deployment(env, image, variables),
    ]
