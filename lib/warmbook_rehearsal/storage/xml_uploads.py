"""XML API: multipart uploads, as `transfer_manager.upload_chunks_concurrently` makes them.

Source: Cloud Storage, "XML API multipart uploads".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timezone
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from aiohttp import web

from .blobs import Content
from .errors import StorageError, invalid
from .objects import Meta, checked_name, merged, settable, timestamp
from .preconditions import Preconditions, whole_number
from .request import Call, no_content, xml_response
from .sessions import MultipartUpload
from .uploads import received
from .verify import check_expected, expected_of_headers

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_MAX_PARTS = 10_000
_MIN_PART_BYTES = 5 * 2**20
_MOST_LISTED = 1000
_METADATA = "x-goog-meta-"


async def begin(call: Call) -> web.Response:
    """Initiate a multipart upload."""
    name = checked_name(call.object_name)
    bucket = call.bucket(
        "storage.multipartUploads.create", "storage.objects.create", about=call.object_name
    )
    upload = MultipartUpload(bucket.name, name, fields_of_headers(call.headers))
    upload_id = call.storage.sessions.begin_multipart(upload)
    return _response(
        "InitiateMultipartUploadResult",
        f"<Bucket>{bucket.name}</Bucket><Key>{escape(name)}</Key><UploadId>{upload_id}</UploadId>",
    )


async def put_part(call: Call) -> web.Response:
    """Upload a part; it takes the place of an earlier one of the same number."""
    call.bucket("storage.multipartUploads.create", "storage.objects.create", about=call.object_name)
    _upload_of(call)
    number = whole_number(call.query, "partNumber") or 0
    if not 1 <= number <= _MAX_PARTS:
        raise invalid(f"Part number must be an integer between 1 and {_MAX_PARTS}, inclusive.")
    expected = expected_of_headers(call.request)
    part = await received(call, call.request.content.iter_any())
    check_expected(part, expected)
    _keep(call, number, part)
    hashes = f"crc32c={part.crc32c},md5={part.md5}"
    return web.Response(headers={"ETag": f'"{_hex_md5(part)}"', "X-Goog-Hash": hashes})


async def complete(call: Call) -> Meta:
    """Complete a multipart upload: join the parts the body names, in its order."""
    bucket = call.bucket("storage.multipartUploads.create", about=call.object_name)
    call.bucket_to_write(call.object_name)
    upload = _upload_of(call)
    parts = _parts(upload, await call.request.read())
    expected = expected_of_headers(call.request)
    preconditions = Preconditions.of_headers(call.headers)
    call.storage.check(bucket.name, upload.name, preconditions)
    content = await call.storage.joined(parts)
    check_expected(content, expected)
    meta = call.storage.commit(
        bucket.name, upload.name, content, upload.fields, preconditions, component_count=len(parts)
    )
    _drop(call)
    return meta


def abort(call: Call) -> web.Response:
    """Abort a multipart upload, and remove its parts."""
    call.bucket("storage.multipartUploads.abort", about=call.object_name)
    _upload_of(call)
    _drop(call)
    return no_content()


def list_parts(call: Call) -> web.Response:
    """List the parts that have arrived, a page at a time, by number."""
    call.bucket("storage.multipartUploads.listParts", about=call.object_name)
    upload = _upload_of(call)
    after = whole_number(call.query, "part-number-marker") or 0
    most = _most(call, "max-parts")
    later = sorted((number, part) for number, part in upload.parts.items() if number > after)
    page, last = later[:most], after
    entries = ""
    for number, part in page:
        last = number
        entries += (
            f"<Part><PartNumber>{number}</PartNumber>"
            f"<LastModified>{_arrived(part)}</LastModified>"
            f'<ETag>"{_hex_md5(part)}"</ETag><Size>{part.size_bytes}</Size></Part>'
        )
    more = len(later) > len(page)
    following = f"<NextPartNumberMarker>{last}</NextPartNumberMarker>" if more else ""
    return _response(
        "ListPartsResult",
        f"<Bucket>{upload.bucket}</Bucket><Key>{escape(upload.name)}</Key>"
        f"<UploadId>{call.query['uploadId']}</UploadId><StorageClass>STANDARD</StorageClass>"
        f"<PartNumberMarker>{after}</PartNumberMarker>{following}<MaxParts>{most}</MaxParts>"
        f"<IsTruncated>{_truth(more)}</IsTruncated>{entries}",
    )


def list_uploads(call: Call) -> web.Response:
    """List the multipart uploads under way in a bucket, a page at a time, by name and id."""
    bucket = call.bucket("storage.multipartUploads.list")
    prefix, most = call.query.get("prefix", ""), _most(call, "max-uploads")
    found = sorted(
        (upload.name, upload_id, upload)
        for upload_id, upload in call.storage.sessions.multipart.items()
        if upload.bucket == bucket.name and upload.name.startswith(prefix)
    )
    key_marker = call.query.get("key-marker", "")
    # without a key marker the marker of an id says nothing
    id_marker = call.query.get("upload-id-marker", "") if key_marker else ""
    if id_marker:
        found = [one for one in found if one[:2] > (key_marker, id_marker)]
    elif key_marker:
        found = [one for one in found if one[0] > key_marker]
    page = found[:most]
    more = len(found) > len(page)
    following = ""
    if more and page:
        name, upload_id, _ = page[-1]
        following = (
            f"<NextKeyMarker>{escape(name)}</NextKeyMarker>"
            f"<NextUploadIdMarker>{upload_id}</NextUploadIdMarker>"
        )
    uploads = "".join(
        f"<Upload><Key>{escape(name)}</Key><UploadId>{upload_id}</UploadId>"
        f"<StorageClass>STANDARD</StorageClass>"
        f"<Initiated>{timestamp(upload.begun)}</Initiated></Upload>"
        for name, upload_id, upload in page
    )
    return _response(
        "ListMultipartUploadsResult",
        f"<Bucket>{bucket.name}</Bucket><KeyMarker>{escape(key_marker)}</KeyMarker>"
        f"<UploadIdMarker>{escape(id_marker)}</UploadIdMarker>{following}"
        f"<Prefix>{escape(prefix)}</Prefix><MaxUploads>{most}</MaxUploads>"
        f"<IsTruncated>{_truth(more)}</IsTruncated>{uploads}",
    )


def _most(call: Call, name: str) -> int:
    """Return how many entries a page may hold: at most 1000, however many are asked for."""
    asked = whole_number(call.query, name)
    return _MOST_LISTED if asked is None else min(asked, _MOST_LISTED)


def _arrived(part: Content) -> str:
    return timestamp(datetime.fromtimestamp(part.path.stat().st_mtime, timezone.utc))


def _truth(value: bool) -> str:
    return "true" if value else "false"


def fields_of_headers(headers: Mapping[str, str]) -> dict[str, object]:
    """Return the fields of an object that the headers of an XML request set."""
    given = {
        "contentType": headers.get("Content-Type"),
        "cacheControl": headers.get("Cache-Control"),
        "contentDisposition": headers.get("Content-Disposition"),
        "contentEncoding": headers.get("Content-Encoding"),
        "contentLanguage": headers.get("Content-Language"),
        "customTime": headers.get("x-goog-custom-time"),
        "storageClass": headers.get("x-goog-storage-class"),
        "metadata": {
            name.lower()[len(_METADATA) :]: unquote(text)
            for name, text in headers.items()
            if name.lower().startswith(_METADATA)
        },
    }
    return merged({}, settable(given))


def _upload_of(call: Call) -> MultipartUpload:
    upload_id = call.query.get("uploadId", "")
    return call.storage.sessions.multipart_of(upload_id, call.path["bucket"], call.object_name)


def _keep(call: Call, number: int, part: Content) -> None:
    try:
        upload = _upload_of(call)
    except StorageError:
        # it was aborted while the part arrived
        part.remove()
        raise
    earlier = upload.parts.get(number)
    upload.parts[number] = part
    if earlier:
        earlier.remove()


def _drop(call: Call) -> None:
    upload = call.storage.sessions.multipart.pop(call.query["uploadId"], None)
    if upload:
        upload.remove_parts()


def _parts(upload: MultipartUpload, body: bytes) -> list[Content]:
    wanted = _wanted(body)
    numbers = [number for number, _ in wanted]
    if not wanted or numbers != sorted(set(numbers)):
        raise StorageError(400, "invalidPart", "The list of parts must be in ascending order.")
    parts = []
    for number, tag in wanted:
        part = upload.parts.get(number)
        if part is None or _hex_md5(part) != tag:
            raise StorageError(400, "invalidPart", f"Part {number} is missing or differs.")
        parts.append(part)
    if any(part.size_bytes < _MIN_PART_BYTES for part in parts[:-1]):
        raise StorageError(
            400, "entityTooSmall", "Your proposed upload is smaller than the minimum object size."
        )
    return parts


def _wanted(body: bytes) -> list[tuple[int, str]]:
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError):  # LookupError: such an encoding
        raise invalid("The XML you provided was not well-formed.") from None
    parts = [element for element in root if _local(element) == "Part"]
    found = [{_local(entry): (entry.text or "").strip() for entry in part} for part in parts]
    return [
        (whole_number(entry, "PartNumber") or 0, entry.get("ETag", "").strip('"'))
        for entry in found
    ]


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _hex_md5(part: Content) -> str:
    return base64.b64decode(part.md5 or "").hex()


def _response(root: str, inside: str) -> web.Response:
    return xml_response(f"<{root} xmlns='{_NAMESPACE}'>{inside}</{root}>")
