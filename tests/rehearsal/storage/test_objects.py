from __future__ import annotations

import re
from fnmatch import fnmatchcase
from urllib.parse import quote

import pytest
from google.api_core import exceptions as refused
from hypothesis import given
from hypothesis import strategies as st

from warmbook_rehearsal.storage import StorageError
from warmbook_rehearsal.storage.listing import ListQuery, glob_pattern, list_names

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n", exclude_categories=["Cs"]),
    min_size=1,
    max_size=40,
).filter(lambda name: name not in (".", ".."))
TREE = ["a.txt", "a/1.bin", "a/2.bin", "a/b/3.bin", "b/", "b/4.bin", "c"]


@pytest.fixture(scope="module")
def tree(client, shared_bucket):
    for name in TREE:
        shared_bucket.blob(name).upload_from_string(name)
    return shared_bucket


def names(bucket, **query):
    return [blob.name for blob in bucket.list_blobs(**query)]


@given(name=NAMES)
def test_any_name_survives_upload_get_list_and_download(http, client, name_bucket, name):
    blob = name_bucket.blob(name)
    blob.upload_from_string(name.encode())
    assert name_bucket.get_blob(name).name == name
    assert names(name_bucket) == [name]
    assert blob.download_as_bytes() == name.encode()
    blob.delete()
    assert names(name_bucket) == []


@pytest.fixture(scope="module")
def name_bucket(client):
    return client.create_bucket("any-name", location="us")


@pytest.mark.parametrize(
    "name", ["a%2Fb", "a+b", "a b?c#d&e=f", "%", "%25", "a//b", "/a", "a/../b", "ñ/日本"]
)
def test_names_are_decoded_once(bucket, name):
    bucket.blob(name).upload_from_string("x")
    assert names(bucket) == [name]
    assert bucket.get_blob(name).name == name


@pytest.mark.parametrize("name", ["a\nb", "x" * 1025, "é" * 513])
def test_a_name_that_no_object_can_have_is_refused_with_400(http, bucket, name):
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name={quote(name)}"
    assert http.post(path, data=b"x").status_code == 400


def test_a_delimiter_folds_names_into_prefixes(tree):
    listing = tree.list_blobs(delimiter="/")
    assert [blob.name for blob in listing] == ["a.txt", "c"]
    assert listing.prefixes == {"a/", "b/"}
    listing = tree.list_blobs(prefix="a/", delimiter="/")
    assert [blob.name for blob in listing] == ["a/1.bin", "a/2.bin"]
    assert listing.prefixes == {"a/b/"}


def test_a_trailing_delimiter_can_be_listed_too(tree):
    listing = tree.list_blobs(delimiter="/", include_trailing_delimiter=True)
    assert [blob.name for blob in listing] == ["a.txt", "b/", "c"]


def test_offsets_bound_the_names(tree):
    assert names(tree, start_offset="a/2", end_offset="b/4.bin") == ["a/2.bin", "a/b/3.bin", "b/"]


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("**.bin", ["a/1.bin", "a/2.bin", "a/b/3.bin", "b/4.bin"]),
        ("a/*.bin", ["a/1.bin", "a/2.bin"]),
        ("a/?.bin", ["a/1.bin", "a/2.bin"]),
        ("a/[!1].bin", ["a/2.bin"]),
        ("{c,a.txt}", ["a.txt", "c"]),
        ("*/[14].bin", ["a/1.bin", "b/4.bin"]),
        ("*", ["a.txt", "c"]),
        ("**", TREE),
        ("?", ["c"]),
        ("**/c", ["c"]),
        ("**/[0-9].bin", ["a/1.bin", "a/2.bin", "a/b/3.bin", "b/4.bin"]),
        ("a/**/?.bin", ["a/1.bin", "a/2.bin", "a/b/3.bin"]),
        ("a**.bin", ["a/1.bin", "a/2.bin", "a/b/3.bin"]),
        ("**/{c,3.bin}", ["a/b/3.bin", "c"]),
        ("{a/**/,}{c,3.bin}", ["a/b/3.bin", "c"]),
        ("a/**", ["a/1.bin", "a/2.bin", "a/b/3.bin"]),
        (r"a\.t?[\x]t", []),
        (r"a\.t[\x]t", ["a.txt"]),
    ],
)
def test_a_glob_chooses_names(tree, glob, found):
    assert names(tree, match_glob=glob) == found


@pytest.mark.parametrize(
    ("glob", "items", "prefixes"),
    [
        ("*/", [], {"a/", "b/"}),
        ("a*", ["a.txt"], set()),
        ("{a,c}*", ["a.txt", "c"], set()),
        ("**", ["a.txt", "c"], {"a/", "b/"}),
        ("**.bin", [], set()),
    ],
)
def test_with_a_delimiter_a_glob_chooses_among_names_and_prefixes(tree, glob, items, prefixes):
    listing = tree.list_blobs(match_glob=glob, delimiter="/")
    assert [blob.name for blob in listing] == items
    assert listing.prefixes == prefixes


@pytest.mark.parametrize(
    ("glob", "fits", "others"),
    [
        (r"a\*", ["a*"], ["ab", r"a\b"]),
        (r"a\\b", [r"a\b"], ["ab"]),
        ("[!a-c]", ["d", "-"], ["a", "b", "dd", ""]),
        ("[^a-c]", ["d"], ["b"]),
        ("[a-]", ["a", "-"], ["b"]),
        (r"[\]x]", ["]", "x"], ["\\"]),
        ("{a,{b,c}d}", ["a", "bd", "cd"], ["b", "ad"]),
        ("x**/y", ["x/y", "xa/b/y"], ["xy"]),
    ],
)
def test_the_rules_of_globs(glob, fits, others):
    found = {name for name in (*fits, *others) if glob_pattern(glob).fullmatch(name)}
    assert found == set(fits)


@given(
    chosen=st.sets(st.text("ab/", min_size=1, max_size=5), max_size=12),
    prefix=st.text("ab/", max_size=2),
    delimiter=st.sampled_from(["", "/", "b"]),
    page_size=st.integers(1, 4),
)
def test_pages_hold_what_one_list_holds(server, chosen, prefix, delimiter, page_size):
    things = {name: name for name in chosen}
    asked = {"prefix": prefix, "delimiter": delimiter}
    items, prefixes, token, pages = [], [], None, 0
    while pages == 0 or token:
        more = {"pageToken": token} if token else {}
        query = ListQuery.of_query({**asked, "maxResults": str(page_size), **more})
        page = list_names(things, query)
        assert len(page) <= page_size
        items, prefixes = items + page.items, prefixes + page.prefixes
        token, pages = page.next_token, pages + 1
    matching = sorted(name for name in chosen if name.startswith(prefix))
    if delimiter:
        folded = {
            prefix + name[len(prefix) :].split(delimiter)[0] + delimiter
            for name in matching
            if delimiter in name[len(prefix) :]
        }
        assert prefixes == sorted(folded)
        matching = [name for name in matching if delimiter not in name[len(prefix) :]]
    assert items == matching


@given(glob=st.text("ab*?[]{},!/\\", max_size=8), name=st.text("ab/", max_size=4))
def test_a_glob_is_a_pattern_or_is_refused(glob, name):
    try:
        pattern = glob_pattern(glob)
    except StorageError as error:
        assert error.code == 400
        return
    if not re.search(r"[\[\]{},!\\/]|\*\*", glob) and "/" not in name:
        assert bool(pattern.fullmatch(name)) == fnmatchcase(name, glob)


def test_pages_reach_the_client(tree):
    assert names(tree, page_size=2) == TREE


def test_a_patch_merges_metadata_and_counts(bucket):
    blob = bucket.blob("x")
    blob.metadata = {"keep": "1", "drop": "2"}
    blob.upload_from_string("x", content_type="text/plain")
    blob.metadata = {"keep": "1", "drop": None, "new": "3"}
    blob.cache_control = "no-store"
    blob.patch()
    fresh = bucket.get_blob("x")
    assert fresh.metadata == {"keep": "1", "new": "3"}
    assert (fresh.cache_control, fresh.content_type) == ("no-store", "text/plain")
    assert fresh.metageneration == 2


def test_an_update_removes_what_it_does_not_name(bucket):
    blob = bucket.blob("x")
    blob.metadata = {"a": "1"}
    blob.upload_from_string("x")
    blob.metadata = None
    blob.update()
    assert bucket.get_blob("x").metadata is None


def test_preconditions_guard_every_change(bucket):
    blob = bucket.blob("x")
    blob.upload_from_string("first", if_generation_match=0)
    with pytest.raises(refused.PreconditionFailed):
        blob.upload_from_string("again", if_generation_match=0)
    with pytest.raises(refused.PreconditionFailed):
        blob.patch(if_metageneration_match=9)
    with pytest.raises(refused.PreconditionFailed):
        blob.delete(if_generation_match=1)
    with pytest.raises(refused.PreconditionFailed):
        bucket.get_blob("x", if_generation_match=1)
    assert blob.download_as_bytes() == b"first"
    blob.delete(if_generation_match=blob.generation)
    assert bucket.get_blob("x") is None


def test_an_unchanged_object_is_304(http, bucket):
    blob = bucket.blob("x")
    blob.upload_from_string("x")
    path = f"/storage/v1/b/{bucket.name}/o/x?ifGenerationNotMatch={blob.generation}"
    assert http.get(path).status_code == 304


def test_a_copy_is_independent_of_its_source(client, bucket):
    other = client.create_bucket(bucket.name + "-copies", location="us")
    source = bucket.blob("source")
    source.metadata = {"a": "1"}
    source.upload_from_string("content", content_type="text/plain")
    copied = bucket.copy_blob(source, other, "copy")
    source.delete()
    assert copied.download_as_bytes() == b"content"
    assert (copied.content_type, copied.metadata) == ("text/plain", {"a": "1"})
    assert copied.crc32c == source.crc32c


def test_a_rewrite_is_done_in_one_go(bucket):
    source = bucket.blob("source")
    source.upload_from_string("content")
    token, rewritten, total = bucket.blob("target").rewrite(source)
    assert (token, rewritten, total) == (None, 7, 7)
    with pytest.raises(refused.PreconditionFailed):
        bucket.blob("target").rewrite(source, if_source_generation_match=1)


def test_a_moved_object_is_a_new_one_and_its_source_is_gone(bucket):
    source = bucket.blob("source")
    source.metadata = {"a": "1"}
    source.upload_from_string("content", content_type="text/plain")
    source.patch()
    bucket.blob("a/target").upload_from_string("replaced")
    moved = bucket.move_blob(source, "a/target", if_source_generation_match=source.generation)
    assert names(bucket) == ["a/target"]
    assert moved.download_as_bytes() == b"content"
    assert (moved.content_type, moved.metadata) == ("text/plain", {"a": "1"})
    assert (moved.generation > source.generation, moved.metageneration) == (True, 1)


@pytest.mark.parametrize(
    ("source", "target", "query", "status"),
    [
        ("source", "source", "", 400),
        ("absent", "target", "", 404),
        ("source", "target", "ifSourceGenerationMatch=1", 412),
        ("source", "there", "ifGenerationMatch=0", 412),
    ],
)
def test_a_move_that_is_refused_leaves_both(http, bucket, source, target, query, status):
    for name in ("source", "there"):
        bucket.blob(name).upload_from_string(name)
    path = f"/storage/v1/b/{bucket.name}/o/{source}/moveTo/o/{target}?{query}"
    assert http.post(path).status_code == status
    assert {name: bucket.blob(name).download_as_bytes() for name in names(bucket)} == {
        "source": b"source",
        "there": b"there",
    }


def test_a_composed_object_is_its_parts_and_has_no_md5(bucket):
    parts = [bucket.blob(f"part-{n}") for n in range(3)]
    for n, part in enumerate(parts):
        part.upload_from_string(bytes([n]) * 1000)
    whole = bucket.blob("whole")
    whole.content_type = "application/x-weights"
    whole.compose(parts)
    assert whole.download_as_bytes() == b"".join(bytes([n]) * 1000 for n in range(3))
    assert (whole.component_count, whole.md5_hash) == (3, None)
    assert bucket.get_blob("whole").content_type == "application/x-weights"
    with pytest.raises(refused.BadRequest, match="exceeds the maximum"):
        whole.compose(parts * 11)
    with pytest.raises(refused.NotFound):
        whole.compose([bucket.blob("absent")])


@pytest.mark.parametrize("asked", [True, False])
def test_a_compose_deletes_its_sources_where_that_is_asked(http, bucket, asked):
    for name in ("a", "b"):
        bucket.blob(name).upload_from_string(name)
    sources = [{"name": "a"}, {"name": "b"}]
    body = {"sourceObjects": sources, "deleteSourceObjects": asked}
    path = f"/storage/v1/b/{bucket.name}/o/a/compose"
    assert http.post(path, json=body).json()["componentCount"] == 2
    assert names(bucket) == (["a"] if asked else ["a", "b"])
    assert bucket.blob("a").download_as_bytes() == b"ab"


def test_a_file_is_adopted_without_a_copy(server, client, bucket, tmp_path):
    source = tmp_path / "model.safetensors"
    source.write_bytes(b"weights")
    server.call(server.storage.adopt_file, bucket.name, "m/model.safetensors", source)
    assert source.stat().st_nlink == 2
    blob = bucket.get_blob("m/model.safetensors")
    assert blob.download_as_bytes() == b"weights"
    given = server.call(
        server.storage.adopt_file, bucket.name, "again", source, crc32c=blob.crc32c, md5="as told"
    )
    assert (given.content.crc32c, given.content.md5) == (blob.crc32c, "as told")
    blob.delete()
    assert source.read_bytes() == b"weights"


def test_deleted_contents_leave_no_files(server, client, bucket):
    folder = server.storage.blobs.writer().path.parent
    before = len(list(folder.iterdir()))
    for content in ("first", "second"):
        bucket.blob("x").upload_from_string(content)
    with pytest.raises(refused.BadRequest):
        blob = bucket.blob("y")
        blob.md5_hash = "AAAAAAAAAAAAAAAAAAAAAA=="
        blob.upload_from_string("not empty")
    bucket.blob("x").delete()
    assert len(list(folder.iterdir())) == before
