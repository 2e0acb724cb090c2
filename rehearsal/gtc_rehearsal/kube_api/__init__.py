"""The rehearsal's Kubernetes API: an in-memory store behind the real wire protocol.

It is good enough for kr8s and for an unmodified kubectl, and it refuses what a real API server
refuses. It knows nothing of Dynamo's workers, of KEDA's arithmetic or of the demo: controllers
read and write its `Store` in process, everybody else comes over HTTP.

What it does not do, and a real server does: know ClusterRoles; collect owned objects as garbage;
apply on the server's side, or remember who owns which field; give pods a grace period (a finalizer
holds one) or keep their logs; decode protobuf; keep a consistent snapshot across the pages of a
list; check what lies inside a pod's spec.
"""

from gtc_rehearsal.kube_api.errors import ApiError
from gtc_rehearsal.kube_api.http.server import KubeApiServer
from gtc_rehearsal.kube_api.resources import Resource
from gtc_rehearsal.kube_api.storage.store import Store

__all__ = ["ApiError", "KubeApiServer", "Resource", "Store"]
