import pytest

from warmbook.steps import cluster, identity, project, server, streaming


@pytest.fixture
def up_to(chosen, clients, quiet):
    """Carry out the guide up to a section, as the notebooks before it do."""

    def carry_out(section, settings=None):
        settings = settings or chosen
        project.enable_services(settings, clients, **quiet)
        if section == "project":
            return
        cluster.create(settings, clients, **quiet)
        cluster.create_node_pool(settings, clients, **quiet)
        if section == "cluster":
            return
        identity.create_namespace(settings, clients)
        identity.create_service_account(settings, clients)
        identity.grant_bucket_roles(settings, clients)
        if section == "identity":
            return
        server.deploy(settings, clients)
        server.wait_started(settings, clients, **quiet)
        if section == "server":
            return
        streaming.wait_available(settings, clients, **quiet)

    return carry_out
