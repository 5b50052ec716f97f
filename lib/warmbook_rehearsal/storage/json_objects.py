"""JSON API: objects, but for their upload."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiohttp import web

from .buckets import Bucket
from .contexts import ContextFilter
from .errors import condition_not_met, invalid
from .listing import ListQuery, Page, is_true, list_names, list_versions
from .media import send_media
from .objects import HOLDS, Fields, Meta, checked_name, merged, settable
from .permissions import needed_to_change, needed_to_write
from .preconditions import Preconditions, whole_number
from .request import Call, json_response, no_content

_MAX_COMPONENTS = 32


async def list_(call: Call) -> web.Response:
    """Objects: list."""
    bucket = call.bucket("storage.objects.list")
    query = ListQuery.of_query(call.query)
    deleted, versions = (is_true(call.query, name) for name in ("softDeleted", "versions"))
    if deleted and versions:
        raise invalid("softDeleted and versions are mutually exclusive.")
    wanted = _wanted(call)
    page: Page[Meta] | Page[Meta | None]
    if versions or deleted:
        all_ = bucket.restorable() if deleted else bucket.versions()
        found = {name: list(filter(wanted, metas)) for name, metas in all_.items()}
        page = list_versions(found, query)
    else:
        live = {name: meta for name, meta in bucket.objects.items() if wanted(meta)}
        page = list_names({**_folders(call, bucket), **live}, query)
    answer: dict[str, Any] = {"kind": "storage#objects"}
    if page.items:
        answer["items"] = [call.described(meta) for meta in page.items if meta]
    if page.prefixes:
        answer["prefixes"] = page.prefixes
    if page.next_token:
        answer["nextPageToken"] = page.next_token
    return json_response(answer)


async def get(call: Call) -> web.StreamResponse:
    """Objects: get, with alt=media the content."""
    if is_true(call.query, "softDeleted"):
        return json_response(call.described(_deleted(call, "storage.objects.get")))
    meta = call.meta("storage.objects.get")
    call.preconditions.check_read(meta.version)
    if call.query.get("alt") == "media" or call.request.path.startswith("/download/"):
        return await send_media(call, meta)
    return json_response(call.described(meta))


async def patch(call: Call) -> web.Response:
    """Objects: patch."""
    document = settable(await call.document())
    meta = _to_change(call)
    fields = merged(meta.fields, document)
    return _changed(call, meta, fields, document)


async def update(call: Call) -> web.Response:
    """Objects: update: what the body does not name is removed."""
    document = settable(await call.document())
    meta = _to_change(call)
    listed = {name: meta.fields[name] for name in ("acl",) if name in meta.fields}
    fields = merged(listed, document)
    return _changed(call, meta, fields, document, replaces=True)


async def delete(call: Call) -> web.Response:
    """Objects: delete."""
    meta = call.meta("storage.objects.delete")
    call.preconditions.check(meta.version)
    call.delete(meta)
    return no_content()


async def restore(call: Call) -> web.Response:
    """Objects: restore: what was deleted softly is copied to a new generation."""
    deleted = _deleted(call, "storage.objects.restore")
    call.bucket_to_write(deleted.name)
    restored = call.storage.commit(
        deleted.bucket,
        deleted.name,
        call.storage.blobs.link(deleted.content),
        _kept(deleted.fields, {}),
        call.preconditions,
        component_count=deleted.component_count,
    )
    return json_response(call.described(restored))


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
    call.bucket(*needed_to_write(fields), about=name)
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
    return json_response(call.described(meta))


async def copy(call: Call) -> web.Response:
    """Objects: copy."""
    meta = await _copied(call)
    return json_response(call.described(meta))


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
            "resource": call.described(meta),
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
    bucket.check_removable(source)
    moved = call.storage.commit(
        bucket.name,
        name,
        call.storage.blobs.link(source.content),
        _kept(source.fields, {}),
        call.preconditions,
        component_count=source.component_count,
    )
    call.storage.delete_object(source)
    return json_response(call.described(moved))


async def _copied(call: Call) -> Meta:
    changes = settable(await call.document())
    source = _source(
        call, "storage.objects.get", generation=whole_number(call.query, "sourceGeneration")
    )
    name = checked_name(call.path["to_name"])
    bucket = call.bucket_to_write(name, bucket=call.path["to_bucket"])
    call.bucket(*needed_to_write(merged({}, changes)), name=bucket.name, about=name)
    return call.storage.commit(
        bucket.name,
        name,
        call.storage.blobs.link(source.content),
        merged(_kept(source.fields, changes), changes),
        call.preconditions,
        component_count=source.component_count,
    )


def _kept(fields: Fields, changes: Fields) -> Fields:
    """Return the fields that a copy has of its source's: contexts are replaced as a whole."""
    new = (*HOLDS, "retention", "acl", *(("contexts",) if "contexts" in changes else ()))
    return {name: value for name, value in fields.items() if name not in new}


def _deleted(call: Call, permission: str) -> Meta:
    bucket = call.bucket(permission, about=call.object_name)
    generation = whole_number(call.query, "generation")
    if generation is None:
        raise invalid("Required parameter: generation")
    return call.storage.deleted_object(bucket.name, call.object_name, generation)


def _folders(call: Call, bucket: Bucket) -> dict[str, Meta | None]:
    """Return the managed folders that a listing shows as prefixes, by name."""
    asked = is_true(call.query, "includeFoldersAsPrefixes")
    if asked and call.query.get("delimiter") != "/":
        raise invalid("The delimiter must be '/' where folders are included as prefixes.")
    prefix = call.query.get("prefix", "")
    return {name: None for name in bucket.folders if asked and name != prefix}


def _wanted(call: Call) -> Callable[[Meta], bool]:
    text = call.query.get("filter")
    if not text:
        return lambda meta: True
    chosen = ContextFilter.of_text(text)
    return lambda meta: chosen.wants(meta.fields.get("contexts"))


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


def _changed(
    call: Call, meta: Meta, fields: Fields, asked: Fields, *, replaces: bool = False
) -> web.Response:
    """Give an object other fields, of which the request `asked` for some, if the caller may."""
    override = is_true(call.query, "overrideUnlockedRetention")
    if "acl" in asked:
        call.storage.bucket(meta.bucket).check_has_acls()
    call.bucket(*needed_to_change(meta.fields, fields, asked, replaces=replaces), about=meta.name)
    if override:
        call.bucket("storage.objects.overrideUnlockedRetention", about=meta.name)
    changed = call.storage.update_object(meta, fields, override=override)
    return json_response(call.described(changed))


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
