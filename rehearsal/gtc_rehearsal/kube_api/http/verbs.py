"""The verbs of the API: each turns one HTTP request on a target into one call of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

from aiohttp import web

from gtc_rehearsal.kube_api import errors
from gtc_rehearsal.kube_api.http import answers, requests, watch
from gtc_rehearsal.kube_api.http.paths import Target
from gtc_rehearsal.kube_api.objects import Object, clone, metadata
from gtc_rehearsal.kube_api.selectors import Predicate, parse
from gtc_rehearsal.kube_api.storage import patch, scale
from gtc_rehearsal.kube_api.storage.paging import page
from gtc_rehearsal.kube_api.storage.store import Store


class Verbs:
    """The verbs on one store.

    Args:
        store: The objects.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, request: web.Request, target: Target) -> web.StreamResponse:
        """Carry out a request.

        Raises:
            ApiError: when it is refused.
        """
        if not target.name:
            return await self._on_collection(request, target)
        verbs = {"GET": self._get, "PUT": self._replace, "PATCH": self._patch}
        if not target.subresource:
            verbs["DELETE"] = self._delete
        if not target.subresource and target.resource.custom:
            verbs["POST"] = self._create  # the name in the URL is passed over
        if request.method not in verbs:
            raise _not_there(request.method, target)
        return await verbs[request.method](request, target)

    async def _on_collection(self, request: web.Request, target: Target) -> web.StreamResponse:
        if request.method == "GET":
            if request.query.get("watch") in ("true", "1"):
                return await self._watch(request, target)
            return self._list(request, target)
        is_placed = target.namespace is not None or not target.resource.namespaced
        if request.method == "POST" and is_placed:
            return await self._create(request, target)
        if request.method == "DELETE" and is_placed:
            return await self._delete_collection(request, target)
        raise _not_there(request.method, target)

    async def _get(self, request: web.Request, target: Target) -> web.Response:
        obj = self._store.get(target.resource, target.name, target.namespace)
        return _one(request, target, scale.view(obj) if target.subresource == "scale" else obj)

    def _list(self, request: web.Request, target: Target) -> web.Response:
        watch.start_revision(request.query)
        found = self._store.select(target.resource, target.namespace, _filter(request, target))
        items, list_meta = page(self._store, list(found), request.query)
        shape = requests.format_of(request)
        return answers.answer(answers.drawn_list(target.resource, items, list_meta, shape))

    async def _watch(self, request: web.Request, target: Target) -> web.StreamResponse:
        # everything that may be refused comes first: a stream has no status line left for it
        wanted, shape = _filter(request, target), requests.format_of(request)
        frames = watch.Watch(self._store, target, wanted, request.query).frames()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        with suppress(ConnectionResetError):
            async with aclosing(frames):
                await self._stream(response, frames, target, shape)
        return response

    async def _stream(
        self,
        response: web.StreamResponse,
        frames: AsyncIterator[watch.Frame],
        target: Target,
        shape: requests.Format,
    ) -> None:
        is_first = True
        async for kind, obj in frames:
            shown = obj
            if kind != "ERROR":
                shown = answers.drawn(target.resource, obj, shape, is_first=is_first)
                is_first = False
            await response.write(watch.line(kind, shown))

    async def _create(self, request: web.Request, target: Target) -> web.Response:
        write = requests.write_options(request)
        target = replace(target, name="")
        obj = await requests.read_object(request, target)
        created = self._store.create(target.resource, obj, write=write)
        return _one(request, target, created, 201, write.warnings)

    async def _replace(self, request: web.Request, target: Target) -> web.Response:
        write = requests.write_options(request)
        obj = await requests.read_object(request, target)
        stored = self._store.replace(target.resource, obj, target.subresource, write=write)
        return _one(request, target, stored, 200, write.warnings)

    async def _patch(self, request: web.Request, target: Target) -> web.Response:
        write = requests.write_options(request)
        body, write.patch = await requests.read_patch(request, target)
        if "force" in request.query:
            raise _force_outside_apply()
        stored = self._store.modify(
            target.resource,
            target.name,
            target.namespace,
            _change(request.content_type, body),
            target.subresource,
            write=write,
        )
        return _one(request, target, stored, 200, write.warnings)

    async def _delete(self, request: web.Request, target: Target) -> web.Response:
        write = requests.write_options(request)
        options = await requests.read_delete_options(request)
        write.dry_run = write.dry_run or options.get("dryRun") == ["All"]
        name = target.name
        self._check_preconditions(target, options.get("preconditions") or {})
        gone = self._store.delete(target.resource, name, target.namespace, write=write)
        if metadata(gone).get("deletionTimestamp") and metadata(gone).get("finalizers"):
            return _one(request, target, gone)
        return answers.answer(answers.success(target.resource, gone))

    def _check_preconditions(self, target: Target, preconditions: Object) -> None:
        name = target.name
        have = metadata(self._store.get(target.resource, name, target.namespace))
        for option, what, done in (
            ("uid", "UID", "deleted and then recreated"),
            ("resourceVersion", "ResourceVersion", "modified"),
        ):
            want = preconditions.get(option)
            if want and want != have[option]:
                raise errors.precondition_failed(
                    target.resource, name, what, want, have[option], done
                )

    async def _delete_collection(self, request: web.Request, target: Target) -> web.Response:
        write = requests.write_options(request)
        wanted = _filter(request, target)
        found = list(self._store.select(target.resource, target.namespace, wanted))
        for obj in found:
            self._store.delete(
                target.resource, obj["metadata"]["name"], target.namespace, write=write
            )
        list_meta = {"resourceVersion": str(self._store.revision)}
        return answers.answer(answers.drawn_list(target.resource, found, list_meta, "json"))


def _not_there(method: str, target: Target) -> errors.ApiError:
    """Why a method is not for a URL; custom resources have a handler with words of its own."""
    if not target.resource.custom:
        return errors.method_not_allowed()
    if not target.name and method in ("PUT", "PATCH"):
        return errors.bad_request("name must be provided")
    actions = {"POST": "create", "DELETE": "delete"}
    return errors.not_supported(target.resource, actions.get(method, method.lower()))


def _filter(request: web.Request, target: Target) -> Predicate:
    labels, fields = (request.query.get(name, "") for name in ("labelSelector", "fieldSelector"))
    return parse(target.resource, labels, fields)


def _change(content_type: str, body: Any) -> Callable[[Object], Object]:
    """The patch as a function from the present object to the wanted one."""
    if content_type == patch.JSON:
        return lambda present: patch.json_patch(present, body)
    if content_type == patch.STRATEGIC:
        return lambda present: clone(patch.strategic(present, body))
    return lambda present: clone(patch.merge(present, body))


def _one(
    request: web.Request,
    target: Target,
    obj: Object,
    status: int = 200,
    warnings: list[str] | None = None,
) -> web.Response:
    shape = requests.format_of(request)
    if target.subresource == "scale":
        shown = answers.drawn_scale(obj, shape)
    else:
        shown = answers.drawn(target.resource, obj, shape)
    return answers.answer(shown, status, warnings or ())


def _force_outside_apply() -> errors.ApiError:
    words = "Forbidden: may not be specified for non-apply patch"
    cause = {"reason": "FieldValueForbidden", "message": words, "field": "force"}
    details = {"group": "meta.k8s.io", "kind": "PatchOptions", "causes": [cause]}
    message = f'PatchOptions.meta.k8s.io "" is invalid: force: {words}'
    return errors.ApiError(422, "Invalid", message, details)
