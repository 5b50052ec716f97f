import struct

import pytest


@pytest.mark.parametrize("faults", [("weights-flipped",)])
def test_what_is_read_in_parts_is_damaged_and_a_whole_download_is_not(rehearsal, chosen, clients):
    bucket = clients.storage.bucket(chosen.bucket_name)
    for blob in bucket.list_blobs(prefix=f"{chosen.model_path}/"):
        whole = blob.download_as_bytes()
        assert len(whole) == blob.size
        parts = blob.download_as_bytes(start=0, end=blob.size - 1, checksum=None)
        start, end = blob.size // 3, blob.size // 2
        middle = blob.download_as_bytes(start=start, end=end, checksum=None)
        assert middle == parts[start : end + 1]
        differ = [at for at, (one, two) in enumerate(zip(whole, parts, strict=True)) if one != two]
        if not blob.name.endswith(".safetensors"):
            assert not differ
            continue
        begins = 8 + struct.unpack("<Q", whole[:8])[0]
        assert differ == list(range(begins + 1, len(whole), 2**20))
        assert all(whole[at] ^ parts[at] == 0x40 for at in differ)
