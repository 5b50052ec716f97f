"""JSON API: objects, but for their upload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from .errors import condition_not_met, invalid
from .listing import ListQuery, is_true, list_names, list_versions
from .media import send_media
from .objects import Meta, checked_name, merged, settable
from .preconditions import Preconditions, whole_number
from .request import Call, json_response, no_content

_MAX_COMPONENTS = 32


async def list_(call: Call) -> web.Response:
    """Objects: list. Nothing is deleted softly, so a list of soft-deleted objects is empty."""
    bucket = call.bucket("storage.objects.list")
    query = ListQuery.of_query(call.query)
    deleted, versions = (is_true(call.query, name) for name in ("softDeleted", "versions"))
    if deleted and versions:
        raise invalid("softDeleted and versions are mutually exclusive.")
    if versions:
        page = list_versions(bucket.versions(), query)
    else:
        page = list_names({} if deleted else bucket.objects, query)
    answer: dict[str, Any] = {"kind": "storage#objects"}
    if page.items:
        answer["items"] = [meta.as_json(call.base_url) for meta in page.items]
    if page.prefixes:
        answer["prefixes"] = page.prefixes
    if page.next_token:
        answer["nextPageToken"] = page.next_token
    return json_response(answer)


async def get(call: Call) -> web.StreamResponse:
    """Objects: get, with alt=media the content."""
    meta = call.meta("storage.objects.get")
    call.preconditions.check_read(meta.version)
    if call.query.get("alt") == "media" or call.request.path.startswith("/download/"):
        return await send_media(call, meta)
    return json_response(meta.as_json(call.base_url))


async def patch(call: Call) -> web.Response:
    """Objects: patch."""
    document = settable(await call.document())
    meta = _to_change(call)
    changed = call.storage.update_object(meta, merged(meta.fields, document))
    return json_response(changed.as_json(call.base_url))


async def update(call: Call) -> web.Response:
    """Objects: update: what the body does not name is removed."""
    document = settable(await call.document())
    changed = call.storage.update_object(_to_change(call), merged({}, document))
    return json_response(changed.as_json(call.base_url))


async def delete(call: Call) -> web.Response:
    """Objects: delete."""
    meta = call.meta("storage.objects.delete")
    call.preconditions.check(meta.version)
    call.delete(meta)
    return no_content()


async def compose(call: Call) -> web.Response:
    """Objects: compose."""
    name = checked_name(call.object_name)
    bucket = call.bucket_to_write(name)
    document = await call.document()
    sources = [_component(call, source) for source in _components(document)]
    # gcloud sends the checksums of the first component here: nothing is verified
    destination = document.get("destination") or {}
    if not isinstance(destination, dict):
        raise invalid("The destination must be an object.")
    fields = merged({}, settable(destination))
    if document.get("deleteSourceObjects") is True:
        for source in sources:
            call.bucket("storage.objects.delete", about=source.name)
    call.storage.check(bucket.name, name, call.preconditions)
    content = await call.storage.joined([source.content for source in sources])
    count = sum(source.component_count or 1 for source in sources)
    meta = call.storage.commit(
        bucket.name, name, content, fields, call.preconditions, component_count=count
    )
    if document.get("deleteSourceObjects") is True:
        _delete_unchanged(call, sources, but=name)
    return json_response(meta.as_json(call.base_url))


async def copy(call: Call) -> web.Response:
    """Objects: copy."""
    meta = await _copied(call)
    return json_response(meta.as_json(call.base_url))


async def rewrite(call: Call) -> web.Response:
    """Objects: rewrite; done in one go, whatever the size."""
    meta = await _copied(call)
    size = str(meta.content.size_bytes)
    return json_response(
        {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": size,
            "objectSize": size,
            "done": True,
            "resource": meta.as_json(call.base_url),
        }
    )


async def move(call: Call) -> web.Response:
    """Objects: move, within a bucket and in one step; the target is a new object.

    Source: Cloud Storage JSON API, Objects: move.
    """
    source = _source(call, *_may_move(call))
    name = checked_name(call.path["to_name"])
    if name == source.name:
        raise invalid("The source and destination object names must be different.")
    bucket = call.bucket_to_write(name)
    moved = call.storage.commit(
        bucket.name,
        name,
        call.storage.blobs.link(source.content),
        source.fields,
        call.preconditions,
        component_count=source.component_count,
    )
    call.storage.delete_object(source)
    return json_response(moved.as_json(call.base_url))


async def _copied(call: Call) -> Meta:
    changes = settable(await call.document())
    source = _source(
        call, "storage.objects.get", generation=whole_number(call.query, "sourceGeneration")
    )
    name = checked_name(call.path["to_name"])
    bucket = call.bucket_to_write(name, bucket=call.path["to_bucket"])
    return call.storage.commit(
        bucket.name,
        name,
        call.storage.blobs.link(source.content),
        merged(source.fields, changes),
        call.preconditions,
        component_count=source.component_count,
    )


def _may_move(call: Call) -> tuple[str, ...]:
    """Return what the source of a move needs: either of two sets will do.

    Source: Cloud Storage, "IAM permissions for JSON methods", footnote 15.
    """
    bucket = call.bucket()
    both = ("storage.objects.delete", "storage.objects.get")
    if all(call.may(permission, bucket, call.object_name) for permission in both):
        return both
    return ("storage.objects.move",)


def _source(call: Call, *permissions: str, generation: int | None = None) -> Meta:
    """Return the object that the path names, if the conditions on a source hold."""
    bucket = call.bucket(*permissions, about=call.object_name)
    source = call.storage.object(bucket.name, call.object_name, generation)
    conditions = Preconditions.of_query(call.query, prefix="ifSource")
    conditions.check(source.version)
    return source


def _to_change(call: Call) -> Meta:
    meta = call.meta("storage.objects.update")
    call.preconditions.check(meta.version)
    return meta


def _components(document: Mapping[str, Any]) -> list[Any]:
    sources = document.get("sourceObjects")
    if not isinstance(sources, list) or not sources:
        raise invalid("You must provide at least one source component.")
    if len(sources) > _MAX_COMPONENTS:
        raise invalid(
            f"The number of source components provided ({len(sources)}) "
            f"exceeds the maximum ({_MAX_COMPONENTS})."
        )
    return sources


def _component(call: Call, source: object) -> Meta:
    if not isinstance(source, dict) or not isinstance(source.get("name"), str):
        raise invalid("Each source object must have a name.")
    conditions = source.get("objectPreconditions") or {}
    if not isinstance(conditions, dict):
        raise invalid("The objectPreconditions must be an object.")
    generation = whole_number(_texts(source), "generation")
    call.bucket("storage.objects.get", about=source["name"])
    meta = call.storage.object(call.path["bucket"], source["name"], generation)
    wanted = whole_number(_texts(conditions), "ifGenerationMatch")
    if wanted not in (None, meta.generation):
        raise condition_not_met()
    return meta


def _delete_unchanged(call: Call, sources: Iterable[Meta], *, but: str) -> None:
    """Delete what was composed for good, where nobody changed or deleted it meanwhile.

    Source: googleapis/python-storage's system tests, where a source can't be read by its
    generation any more, in a bucket with versioning.
    """
    for source in sources:
        there = call.storage.bucket(source.bucket).find(source.name, source.generation)
        if there is source and source.name != but:
            call.storage.purge_object(source)


def _texts(document: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in document.items() if value is not None}
