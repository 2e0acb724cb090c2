"""A way from the internet to the frontend of a deployment.

It must not know what the frontend serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_network

from gtc_constructs._bindings import Construct, TerraformResource
from gtc_constructs.base import GtcConstruct, Ordered
from gtc_constructs.management import take
from gtc_constructs.manifest_release import ManifestRelease
from gtc_constructs.serving.disagg_deployment import AggregatedDeployment, DisaggDeployment
from gtc_spec.manifests import public_endpoint, serving_graph
from gtc_spec.manifests.metadata import object_metadata


class PublicEndpoint(GtcConstruct):
    """The OpenAI-compatible API of a deployment behind a load balancer of its own.

    **It is public.** The frontend asks nobody for a key, so that the list of addresses is all that
    keeps strangers from your GPUs, and without ``tls_secret`` everybody on the way reads prompts
    and answers. Only ``/v1`` is reachable: metrics and health stay inside. The load balancer
    costs money of its own.

    It takes a cluster whose Gateway API works: DOKS 1.33 or newer with VPC-native networking, for
    which a `GpuCluster` has to be given ``cluster_subnet`` and ``service_subnet``. Unverified on a
    cluster: after the first apply, ask once from an address that is not allowed.

    Args:
        scope: The construct to create this one in.
        id: Name inside the scope.
        target: A `DisaggDeployment`, or an aggregated one.
        allowed_addresses: Addresses and ranges of them that may ask; ``["0.0.0.0/0"]`` is
            everybody.
        hostname: The only name that is answered to. Default: any, and the bare address.
        tls_secret: Secret of the type ``kubernetes.io/tls`` in the namespace of the deployment; it
            makes the endpoint HTTPS. Default: none, plain HTTP.
        gateway_class: Who makes the Gateway. Default: ``cilium``, which DOKS brings.
        name: Name of Gateway and route. Default: that of the deployment.
        labels: Labels of both. Default: none.
        annotations: Annotations of both. Default: none.
        after: What must be there first. The target always is. Default: nothing.

    Raises:
        UsageError: No address is allowed, one is none, or a name is no name.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        target: DisaggDeployment | AggregatedDeployment,
        allowed_addresses: Sequence[str],
        hostname: str = "",
        tls_secret: str = "",
        gateway_class: str = public_endpoint.GATEWAY_CLASS,
        name: str = "",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        after: Iterable[Ordered | TerraformResource] = (),
    ) -> None:
        super().__init__(scope, id, after=after)
        allowed = self._check(allowed_addresses, hostname)
        take(self, target)
        serving = target.serving
        self.name, self.namespace = name or serving.name, serving.namespace
        self.require_name("gateway", self.name)
        place = object_metadata(self.name, self.namespace, labels or {}, annotations or {})
        service = serving_graph.frontend_service(serving.name)
        self.manifests = (
            public_endpoint.gateway(place, gateway_class, allowed, hostname, tls_secret),
            public_endpoint.route(place, self.name, service, serving_graph.FRONTEND_PORT),
        )
        self.release = self._ship()

    @property
    def address_command(self) -> str:
        """Prints the address once the load balancer is there, some minutes after the apply."""
        path = "jsonpath='{.status.addresses[0].value}'"
        return f"kubectl -n {self.namespace} get gateway {self.name} -o {path}"

    def _ship(self) -> ManifestRelease:
        made = ManifestRelease(
            self,
            "Resource",
            name=f"{self.name}-endpoint",
            namespace=self.namespace,
            manifests=self.manifests,
            after=self.depends_on,
        )
        self.stands_for(made.release)
        return made

    def _check(self, allowed: Sequence[str], hostname: str) -> list[str]:
        """The allowed addresses as ranges."""
        if not allowed:
            raise self.refused(
                f"allowed_addresses is {allowed!r}, allowed: a list of ranges like 203.0.113.0/24",
                'everybody would be ["0.0.0.0/0"]: the API has no key of its own',
            )
        for label in hostname.split(".") if hostname else ():
            self.require_name("hostname", label)
        try:
            return [str(ip_network(each)) for each in allowed]
        except ValueError as error:
            raise self.refused(f"{error}, allowed: like 203.0.113.0/24") from None
