"""What GKE fills into a cluster or node pool that the request leaves open; refuses nothing.

Source: GKE API v1, Cluster and NodePool; the values are those of clusters made with defaults.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timezone

from google.cloud import container_v1

from .capacity import zones_of
from .cluster_rules import DEFAULT_MACHINE_TYPE, DEFAULT_VERSION, VERSIONS

ZONES_PER_CLUSTER = 3
_API = "https://container.googleapis.com/v1"
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_Driver = container_v1.GPUDriverInstallationConfig


def now() -> str:
    """Return the time as GKE writes it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def instant() -> str:
    """Return the time as GKE writes it in operations, to the microsecond."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fill_cluster(cluster: container_v1.Cluster, project_id: str, location: str) -> None:
    """Complete a new cluster, which becomes PROVISIONING."""
    wanted = cluster.initial_cluster_version
    version = wanted if wanted in VERSIONS else DEFAULT_VERSION
    cluster.status = container_v1.Cluster.Status.PROVISIONING
    cluster.location = cluster.zone = location
    zones = zones_of(location)[:ZONES_PER_CLUSTER] or (location,)
    cluster.locations = cluster.locations or zones
    cluster.self_link = f"{_API}/projects/{project_id}/locations/{location}/clusters/{cluster.name}"
    cluster.id, cluster.etag = secrets.token_hex(32), secrets.token_hex(16)
    cluster.create_time = now()
    cluster.initial_cluster_version = version
    cluster.current_master_version = cluster.current_node_version = version
    cluster.network = cluster.network or "default"
    cluster.subnetwork = cluster.subnetwork or "default"
    cluster.logging_service = cluster.logging_service or "logging.googleapis.com/kubernetes"
    cluster.monitoring_service = (
        cluster.monitoring_service or "monitoring.googleapis.com/kubernetes"
    )
    cluster.ip_allocation_policy.use_ip_aliases = True
    if not cluster.release_channel.channel:
        cluster.release_channel.channel = container_v1.ReleaseChannel.Channel.REGULAR
    if cluster.autopilot.enabled:
        cluster.workload_identity_config.workload_pool = f"{project_id}.svc.id.goog"
        cluster.vertical_pod_autoscaling.enabled = True
    _fill_addons(cluster)
    _fill_pools(cluster)


def _fill_addons(cluster: container_v1.Cluster) -> None:
    """Complete the add-ons: Cloud Storage FUSE is on in Autopilot, off in Standard unless asked."""
    addons = cluster.addons_config
    if "horizontal_pod_autoscaling" not in addons:
        addons.horizontal_pod_autoscaling = container_v1.HorizontalPodAutoscaling()
    if "http_load_balancing" not in addons:
        addons.http_load_balancing = container_v1.HttpLoadBalancing()
    if "network_policy_config" not in addons:
        addons.network_policy_config.disabled = True
    if "kubernetes_dashboard" not in addons:
        addons.kubernetes_dashboard.disabled = True
    if cluster.autopilot.enabled:
        addons.gcs_fuse_csi_driver_config.enabled = True


def _fill_pools(cluster: container_v1.Cluster) -> None:
    if not cluster.node_pools:
        count = cluster.initial_node_count or 1
        pool = container_v1.NodePool(name="default-pool", initial_node_count=count)
        pool.config = cluster.node_config
        cluster.node_pools.append(pool)
    for pool in cluster.node_pools:
        fill_pool(pool, cluster)
        pool.status = container_v1.NodePool.Status.PROVISIONING
    cluster.node_config = cluster.node_pools[0].config
    count_nodes(cluster)


def fill_pool(pool: container_v1.NodePool, cluster: container_v1.Cluster) -> None:
    """Complete a new node pool, which becomes PROVISIONING."""
    pool.status = container_v1.NodePool.Status.PROVISIONING
    pool.self_link = f"{cluster.self_link}/nodePools/{pool.name}"
    pool.etag = secrets.token_hex(16)
    pool.version = pool.version if pool.version in VERSIONS else cluster.current_master_version
    pool.locations = pool.locations or cluster.locations
    pool.max_pods_constraint.max_pods_per_node = pool.max_pods_constraint.max_pods_per_node or 110
    pool.pod_ipv4_cidr_size = pool.pod_ipv4_cidr_size or 24
    if "management" not in pool:
        pool.management = container_v1.NodeManagement(auto_upgrade=True, auto_repair=True)
    if "upgrade_settings" not in pool:
        pool.upgrade_settings = container_v1.NodePool.UpgradeSettings(max_surge=1)
    _fill_config(pool.config, federated=bool(cluster.workload_identity_config.workload_pool))


def _fill_config(config: container_v1.NodeConfig, *, federated: bool) -> None:
    config.machine_type = config.machine_type or DEFAULT_MACHINE_TYPE
    config.disk_size_gb = config.disk_size_gb or 100
    config.disk_type = config.disk_type or "pd-balanced"
    config.image_type = config.image_type or "COS_CONTAINERD"
    config.service_account = config.service_account or "default"
    config.oauth_scopes = config.oauth_scopes or _SCOPES
    config.metadata.setdefault("disable-legacy-endpoints", "true")
    if "shielded_instance_config" not in config:
        config.shielded_instance_config.enable_integrity_monitoring = True
    if federated and not config.workload_metadata_config.mode:
        mode = container_v1.WorkloadMetadataConfig.Mode.GKE_METADATA
        config.workload_metadata_config.mode = mode
    for accelerator in config.accelerators:
        driver = accelerator.gpu_driver_installation_config
        if not driver.gpu_driver_version:
            driver.gpu_driver_version = _Driver.GPUDriverVersion.DEFAULT


def mark_running(cluster: container_v1.Cluster, host: str, ca_certificate: str) -> None:
    """Note where a cluster's Kubernetes API answers; the cluster becomes RUNNING."""
    cluster.endpoint = host
    cluster.master_auth.cluster_ca_certificate = ca_certificate
    control_plane = cluster.control_plane_endpoints_config
    control_plane.ip_endpoints_config.enabled = True
    control_plane.ip_endpoints_config.enable_public_endpoint = True
    control_plane.ip_endpoints_config.public_endpoint = host
    control_plane.dns_endpoint_config.allow_external_traffic = False
    for pool in cluster.node_pools:
        pool.status = container_v1.NodePool.Status.RUNNING
    cluster.status = container_v1.Cluster.Status.RUNNING


def count_nodes(cluster: container_v1.Cluster) -> None:
    """Set the cluster's number of nodes to what its pools ask for."""
    counts = (pool.initial_node_count * len(pool.locations) for pool in cluster.node_pools)
    cluster.current_node_count = sum(counts)


def server_config() -> container_v1.ServerConfig:
    """Return the versions and node images that GKE offers."""
    channels = [
        container_v1.ServerConfig.ReleaseChannelConfig(
            channel=channel, default_version=DEFAULT_VERSION, valid_versions=VERSIONS
        )
        for channel in (
            container_v1.ReleaseChannel.Channel.RAPID,
            container_v1.ReleaseChannel.Channel.REGULAR,
            container_v1.ReleaseChannel.Channel.STABLE,
        )
    ]
    return container_v1.ServerConfig(
        default_cluster_version=DEFAULT_VERSION,
        valid_master_versions=VERSIONS,
        valid_node_versions=VERSIONS,
        default_image_type="COS_CONTAINERD",
        valid_image_types=["COS_CONTAINERD", "UBUNTU_CONTAINERD"],
        channels=channels,
    )
