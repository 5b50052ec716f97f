"""XML API: objects and listings; multipart uploads are only handed on."""

from __future__ import annotations

from xml.sax.saxutils import escape

from aiohttp import web

from . import xml_uploads
from .errors import not_implemented
from .listing import ListQuery, Page, list_names
from .media import media_headers, send_media
from .objects import Meta, checked_name, timestamp
from .preconditions import Preconditions
from .request import Call, no_content, xml_response
from .uploads import received
from .verify import check_expected, expected_of_headers

_NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"


async def get_bucket(call: Call) -> web.Response:
    """GET Bucket: list its objects, or its multipart uploads."""
    if "uploads" in call.query:
        return xml_uploads.list_uploads(call)
    for name in ("versions", "versioning"):
        if name in call.query:
            raise not_implemented()
    bucket = call.bucket("storage.objects.list")
    query = ListQuery.of_xml_query(call.query)
    return xml_response(_listing(bucket.name, query, list_names(bucket.objects, query)))


async def head_bucket(call: Call) -> web.Response:
    """HEAD Bucket."""
    call.bucket("storage.buckets.get")
    return web.Response()


async def get(call: Call) -> web.StreamResponse:
    """GET or HEAD Object, or the parts of a multipart upload."""
    if "uploadId" in call.query:
        return xml_uploads.list_parts(call)
    meta = call.meta("storage.objects.get")
    Preconditions.of_headers(call.headers).check_read(meta.version)
    return await send_media(call, meta)


async def put(call: Call) -> web.Response:
    """PUT Object, or one part of a multipart upload."""
    if "uploadId" in call.query:
        return await xml_uploads.put_part(call)
    name = checked_name(call.object_name)
    bucket = call.bucket_to_write(name)
    fields = xml_uploads.fields_of_headers(call.headers)
    preconditions = Preconditions.of_headers(call.headers)
    call.storage.check(bucket.name, name, preconditions)
    expected = expected_of_headers(call.request)
    content = await received(call, call.request.content.iter_any())
    check_expected(content, expected)
    meta = call.storage.commit(bucket.name, name, content, fields, preconditions)
    return web.Response(headers=_written_headers(meta))


async def post(call: Call) -> web.Response:
    """POST Object: begin or complete a multipart upload."""
    if "uploads" in call.query:
        return await xml_uploads.begin(call)
    meta = await xml_uploads.complete(call)
    answer = xml_response(_completed(meta))
    headers = _written_headers(meta)
    answer.headers.update({name: headers[name] for name in ("X-Goog-Generation", "X-Goog-Hash")})
    return answer


async def delete(call: Call) -> web.Response:
    """DELETE Object, or a multipart upload."""
    if "uploadId" in call.query:
        return xml_uploads.abort(call)
    meta = call.meta("storage.objects.delete")
    Preconditions.of_headers(call.headers).check(meta.version)
    call.delete(meta)
    return no_content()


def _written_headers(meta: Meta) -> dict[str, str]:
    headers = media_headers(meta)
    return {name: headers[name] for name in ("ETag", "X-Goog-Generation", "X-Goog-Hash")}


def _completed(meta: Meta) -> str:
    return (
        f"<CompleteMultipartUploadResult xmlns='{_NAMESPACE}'><Bucket>{meta.bucket}</Bucket>"
        f'<Key>{escape(meta.name)}</Key><ETag>"{meta.etag}"</ETag>'
        "</CompleteMultipartUploadResult>"
    )


def _listing(bucket: str, query: ListQuery, page: Page[Meta]) -> str:
    contents = "".join(
        f"<Contents><Key>{escape(meta.name)}</Key><Generation>{meta.generation}</Generation>"
        f"<MetaGeneration>{meta.metageneration}</MetaGeneration>"
        f'<LastModified>{timestamp(meta.updated)}</LastModified><ETag>"{meta.etag}"</ETag>'
        f"<Size>{meta.content.size_bytes}</Size></Contents>"
        for meta in page.items
    )
    prefixes = "".join(
        f"<CommonPrefixes><Prefix>{escape(prefix)}</Prefix></CommonPrefixes>"
        for prefix in page.prefixes
    )
    more = ""
    if page.next_token:
        more = (
            f"<NextMarker>{escape(page.last)}</NextMarker>"
            f"<NextContinuationToken>{page.next_token}</NextContinuationToken>"
        )
    return (
        f"<ListBucketResult xmlns='{_NAMESPACE}'><Name>{bucket}</Name>"
        f"<Prefix>{escape(query.prefix)}</Prefix>"
        f"<IsTruncated>{'true' if page.next_token else 'false'}</IsTruncated>{more}"
        f"{contents}{prefixes}</ListBucketResult>"
    )
