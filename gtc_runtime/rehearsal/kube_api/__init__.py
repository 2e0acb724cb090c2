"""The rehearsal's Kubernetes API: an in-memory store behind the real wire protocol.

It is good enough for kr8s and for an unmodified kubectl, and it refuses what a real API server
refuses. It knows nothing of Dynamo's workers, of KEDA's arithmetic or of the demo: controllers
read and write its `Store` in process, everybody else comes over HTTP.
"""

from gtc_runtime.rehearsal.kube_api.errors import ApiError
from gtc_runtime.rehearsal.kube_api.resources import Resource
from gtc_runtime.rehearsal.kube_api.server import KubeApiServer
from gtc_runtime.rehearsal.kube_api.store import Store

__all__ = ["ApiError", "KubeApiServer", "Resource", "Store"]
