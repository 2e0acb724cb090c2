"""Tables: the answer that `kubectl get` prints as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from gtc_rehearsal.kube_api.objects import Object, metadata, utc_now
from gtc_rehearsal.kube_api.tables.columns import Column

META_API = "meta.k8s.io/v1"


def of(
    columns: Sequence[Column],
    objects: Iterable[Object],
    list_meta: Object,
    *,
    header: bool = True,
) -> Object:
    """A Table with one row per object; a watch leaves the header out after its first frame.

    An object without a name (a bookmark) makes no row.
    """
    now = utc_now()
    return {
        "kind": "Table",
        "apiVersion": META_API,
        "metadata": list_meta,
        "columnDefinitions": [column.definition() for column in columns] if header else None,
        "rows": [_row(columns, obj, now) for obj in objects if metadata(obj).get("name")],
    }


def _row(columns: Sequence[Column], obj: Object, now: datetime) -> Object:
    return {
        "cells": [column.cell(obj, now) for column in columns],
        "object": {
            "kind": "PartialObjectMetadata",
            "apiVersion": META_API,
            "metadata": metadata(obj),
        },
    }
