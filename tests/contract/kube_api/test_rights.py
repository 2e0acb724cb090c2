"""Who may do what: the same accounts, Roles and questions here and on a real API server."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.contract.kube_api.client import MERGE, Answer, Api

RBAC = "rbac.authorization.k8s.io"
ADAPTERS = "dynamographdeploymentscalingadapters"
NVIDIA = "nvidia.com"


def rule(
    group: str, resource: str, verbs: Sequence[str], names: Sequence[str] = ()
) -> dict[str, Any]:
    limited = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs), **limited}


class Account:
    """A ServiceAccount of the test's namespace, and what it is answered."""

    def __init__(self, api: Api, token: str) -> None:
        self.api, self.token = api, token
        self.user = f"system:serviceaccount:{api.namespace}:clerk"

    async def send(self, method: str, short: str, body: Any = None, **query: str) -> Answer:
        kind = MERGE if method == "PATCH" else "application/json"
        return await self.api.send(
            method, short, body, content_type=kind, token=self.token, **query
        )

    def cannot(self, verb: str, resource: str, group: str) -> str:
        """The words of a real server."""
        return (
            f'User "{self.user}" cannot {verb} resource "{resource}" in API group "{group}" in the'
            f' namespace "{self.api.namespace}"'
        )


async def account(api: Api, *rules: dict[str, Any]) -> Account:
    """A new account that may do what these rules say."""
    place = f"/api/v1/namespaces/{api.namespace}/serviceaccounts"
    kind = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "clerk"}}
    await api.make(place, kind)
    roles = f"/apis/{RBAC}/v1/namespaces/{api.namespace}"
    head = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": "clerk"}}
    if rules:
        await api.make(f"{roles}/roles", {**head, "kind": "Role", "rules": list(rules)})
    reference = {"apiGroup": RBAC, "kind": "Role", "name": "clerk"}
    subject = {"kind": "ServiceAccount", "name": "clerk", "namespace": api.namespace}
    binding = {**head, "kind": "RoleBinding", "roleRef": reference, "subjects": [subject]}
    await api.make(f"{roles}/rolebindings", binding)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    made = await api.make(f"{place}/clerk/token", request)
    return Account(api, made.body["status"]["token"])


async def test_what_a_rule_grants_is_done(api: Api) -> None:
    clerk = await account(api, rule(NVIDIA, ADAPTERS, ["get"]), rule("", "pods", ["list"]))

    assert (await clerk.send("GET", "adapters/one")).body["spec"]["replicas"] == 2
    assert (await clerk.send("GET", "pods")).status == 200


async def test_what_no_rule_grants_is_refused_in_these_words(api: Api) -> None:
    clerk = await account(api, rule(NVIDIA, ADAPTERS, ["get"]))

    listed = await clerk.send("GET", "pods")
    read = await clerk.send("GET", "scalers/one")

    assert (listed.status, listed.body["reason"]) == (403, "Forbidden")
    assert listed.message == f"pods is forbidden: {clerk.cannot('list', 'pods', '')}"
    assert listed.body["details"] == {"kind": "pods"}
    words = clerk.cannot("get", "scaledobjects", "keda.sh")
    assert read.message == f'scaledobjects.keda.sh "one" is forbidden: {words}'
    assert read.body["details"] == {"name": "one", "group": "keda.sh", "kind": "scaledobjects"}


async def test_what_does_not_exist_is_refused_before_it_is_looked_for(api: Api) -> None:
    clerk = await account(api, rule("", "pods", ["list"]))

    answer = await clerk.send("GET", f"/apis/no.such/v1/namespaces/{api.namespace}/things/x")

    words = clerk.cannot("get", "things", "no.such")
    assert answer.message == f'things.no.such "x" is forbidden: {words}'


async def test_what_belongs_to_the_whole_cluster_is_refused_at_its_scope(api: Api) -> None:
    clerk = await account(api, rule("", "nodes", ["list"]), rule("", "pods", ["list"]))

    nodes = await clerk.send("GET", "/api/v1/nodes")
    everywhere = await clerk.send("GET", "/api/v1/pods")

    for plural, answer in (("nodes", nodes), ("pods", everywhere)):
        assert answer.message == (
            f'{plural} is forbidden: User "{clerk.user}" cannot list resource "{plural}" in API'
            ' group "" at the cluster scope'
        )


async def test_a_right_on_the_object_is_none_on_its_subresource(api: Api) -> None:
    clerk = await account(api, rule(NVIDIA, ADAPTERS, ["get", "patch"]))

    scaled = await clerk.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 3}})

    words = clerk.cannot("patch", f"{ADAPTERS}/scale", NVIDIA)
    assert scaled.message == f'{ADAPTERS}.{NVIDIA} "one" is forbidden: {words}'


async def test_a_right_on_the_subresource_is_none_on_the_object(api: Api) -> None:
    clerk = await account(api, rule(NVIDIA, f"{ADAPTERS}/scale", ["patch"], ["one"]))

    scaled = await clerk.send("PATCH", "adapters/one/scale", {"spec": {"replicas": 3}})
    patched = await clerk.send("PATCH", "adapters/one", {"spec": {"replicas": 4}})

    assert (scaled.status, patched.status) == (200, 403)


async def test_a_right_on_one_name_is_none_on_another(api: Api) -> None:
    await api.make("configmaps", {**(await api.send("GET", "configmaps/notes")).body,
                                  "metadata": {"name": "others"}})  # fmt: skip
    clerk = await account(api, rule("", "configmaps", ["get", "patch"], ["notes"]))

    assert (await clerk.send("GET", "configmaps/notes")).status == 200
    assert (await clerk.send("GET", "configmaps/others")).status == 403
    assert (await clerk.send("PATCH", "configmaps/others", {"data": {}})).status == 403


async def test_a_list_by_name_needs_the_selector_of_that_name(api: Api) -> None:
    clerk = await account(api, rule(NVIDIA, ADAPTERS, ["list", "watch"], ["one"]))

    whole = await clerk.send("GET", "adapters")
    other = await clerk.send("GET", "adapters", fieldSelector="metadata.name=two")
    named = await clerk.send("GET", "adapters", fieldSelector="metadata.name=one")
    watched = await clerk.send(
        "GET", "adapters", fieldSelector="metadata.name=one", watch="true", timeoutSeconds="1"
    )

    assert (whole.status, other.status, named.status, watched.status) == (403, 403, 200, 200)
    assert [item["metadata"]["name"] for item in named.body["items"]] == ["one"]
    words = clerk.cannot("list", ADAPTERS, NVIDIA)
    assert whole.message == f"{ADAPTERS}.{NVIDIA} is forbidden: {words}"
    assert other.message == f'{ADAPTERS}.{NVIDIA} "two" is forbidden: {words}'


async def test_a_watch_is_another_right_than_a_list(api: Api) -> None:
    clerk = await account(api, rule("", "pods", ["list"]))

    watched = await clerk.send("GET", "pods", watch="true", timeoutSeconds="1")

    assert watched.message == f"pods is forbidden: {clerk.cannot('watch', 'pods', '')}"


async def test_every_method_is_a_verb_of_its_own(api: Api) -> None:
    clerk = await account(api, rule("", "pods", ["get"]))
    notes = (await api.send("GET", "configmaps/notes")).body

    answers = {
        "create": await clerk.send("POST", "configmaps", notes),
        "update": await clerk.send("PUT", "configmaps/notes", notes),
        "patch": await clerk.send("PATCH", "configmaps/notes", {}),
        "delete": await clerk.send("DELETE", "configmaps/notes"),
        "deletecollection": await clerk.send("DELETE", "configmaps"),
    }

    for verb, answer in answers.items():
        assert answer.status == 403
        assert answer.message.endswith(clerk.cannot(verb, "configmaps", ""))


async def test_a_binding_to_a_role_that_is_not_there_grants_nothing_and_says_so(api: Api) -> None:
    clerk = await account(api)

    answer = await clerk.send("GET", "pods")

    missing = f'RBAC: role.{RBAC} "clerk" not found'
    assert answer.message == f"pods is forbidden: {clerk.cannot('list', 'pods', '')}: {missing}"


async def test_a_token_of_nobody_is_no_account(api: Api) -> None:
    stranger = Account(api, "made-up")

    answer = await stranger.send("GET", "pods")

    assert (answer.status, answer.body["reason"], answer.message) == (
        401, "Unauthorized", "Unauthorized",
    )  # fmt: skip


async def test_a_token_ends_with_its_account(api: Api) -> None:
    clerk = await account(api, rule("", "pods", ["list"]))
    await api.send("DELETE", f"/api/v1/namespaces/{api.namespace}/serviceaccounts/clerk")

    async with asyncio.timeout(15):  # a real server remembers for ten seconds whose token it is
        while (await clerk.send("GET", "pods")).status != 401:
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("path", ["/version", "/api", "/apis", "/api/v1", "/healthz"])
async def test_every_account_may_ask_what_is_served(api: Api, path: str) -> None:
    clerk = await account(api, rule("", "pods", ["list"]))

    assert (await clerk.send("GET", path)).status == 200


async def test_an_access_review_says_what_the_account_may(api: Api) -> None:
    clerk = await account(api, rule("", "configmaps", ["get"], ["notes"]))

    async def may(**asked: str) -> bool:
        attributes = {"namespace": api.namespace, "resource": "configmaps", **asked}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        return bool((await clerk.send("POST", path, review)).body["status"]["allowed"])

    assert await may(verb="get", name="notes")
    assert not await may(verb="get")
    assert not await may(verb="patch", name="notes")


async def test_an_account_acts_as_nobody_else(rehearsal: Api) -> None:
    clerk = await account(rehearsal, rule("", "pods", ["list"]))
    headers = {"Authorization": f"Bearer {clerk.token}", "Impersonate-User": "boss"}

    url = rehearsal.url + rehearsal.path("pods")
    async with rehearsal.session.get(url, headers=headers) as answer:
        said = (await answer.json())["message"]

    assert said == (
        f'users "boss" is forbidden: User "{clerk.user}" cannot impersonate resource "users" in API'
        ' group "" at the cluster scope'
    )


async def test_a_server_that_has_not_read_its_roles_yet_refuses_accounts_alone(
    rehearsal: Api,
) -> None:
    assert rehearsal.server
    clerk = await account(rehearsal, rule("", "pods", ["list"]))

    rehearsal.server.rights.known = False
    refused = await clerk.send("GET", "pods")
    asked = await rehearsal.send("GET", "pods")
    rehearsal.server.rights.known = True

    assert (refused.status, asked.status) == (403, 200)
    assert (await clerk.send("GET", "pods")).status == 200
