import pytest

from warmbook.model.disk import allocatable_bytes, boot_disk_gb


def test_a_default_node_has_the_allocatable_disk_that_gke_documents():
    """`kubectl describe node` of GKE nodes with 100 GB: 47060071478, in many public listings."""
    assert allocatable_bytes(100) == pytest.approx(47_060_071_478, abs=1024)


@pytest.mark.parametrize("needed", [1, 47 * 10**9, 50 * 10**9, 150 * 10**9, 2 * 10**12])
def test_the_disk_that_is_named_is_the_smallest_that_suffices(needed):
    disk_gb = boot_disk_gb(needed)
    assert allocatable_bytes(disk_gb) >= needed
    assert disk_gb == 100 or allocatable_bytes(disk_gb - 10) < needed
