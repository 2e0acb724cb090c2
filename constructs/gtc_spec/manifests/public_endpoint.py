"""A frontend on the internet: a Gateway, which the cloud answers with a load balancer, and a route.

As DigitalOcean's own reference architectures have it (scale-with-simplicity, vllm-nfs and
doks-dbaas-observability): class ``cilium``, which DOKS brings from 1.33 on where its network is
VPC-native, and annotations of the load balancer under ``infrastructure``. Nothing of it was tried
on a cluster here. This module must not know what the frontend serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gtc_spec import kinds
from gtc_spec.manifests.metadata import Manifest

GATEWAY_CLASS: Final = "cilium"
"""The class that DOKS makes."""
ALLOW_RULES: Final = "service.beta.kubernetes.io/do-loadbalancer-allow-rules"
"""Who may use the load balancer. DigitalOcean prefers a field of the Service since July 2024, but a
Gateway hands only annotations to its Service."""
_HTTP, _HTTPS = 80, 443


def gateway(
    metadata: Manifest, gateway_class: str, allowed: Sequence[str], hostname: str, tls_secret: str
) -> Manifest:
    """The Gateway with one listener.

    Args:
        metadata: Its metadata.
        gateway_class: Who makes it.
        allowed: Ranges of addresses that may use its load balancer.
        hostname: The only name that it answers to; empty for all.
        tls_secret: Secret with certificate and key beside it; empty for plain HTTP.
    """
    certificate = {"certificateRefs": [{"kind": "Secret", "name": tls_secret}]}
    encrypted = {"protocol": "HTTPS", "port": _HTTPS, "tls": certificate}
    plain = {"protocol": "HTTP", "port": _HTTP}
    rules = ",".join(f"cidr:{each}" for each in allowed)
    return {
        **kinds.GATEWAY.type_meta,
        "metadata": metadata,
        "spec": {
            "gatewayClassName": gateway_class,
            "infrastructure": {"annotations": {ALLOW_RULES: rules}},
            "listeners": [
                {
                    "name": "api",
                    **(encrypted if tls_secret else plain),
                    **({"hostname": hostname} if hostname else {}),
                }
            ],
        },
    }


def route(metadata: Manifest, gateway_name: str, service: str, port: int) -> Manifest:
    """Everything that reaches a Gateway of the same namespace, to one Service beside it."""
    return {
        **kinds.HTTP_ROUTE.type_meta,
        "metadata": metadata,
        "spec": {
            "parentRefs": [{"name": gateway_name}],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/v1"}}],
                    "backendRefs": [{"name": service, "port": port}],
                    # an answer streams for as long as it takes
                    "timeouts": {"request": "0s"},
                }
            ],
        },
    }
