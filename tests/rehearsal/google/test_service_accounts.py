"""IAM's answer for the service account of the nodes, as plain REST calls."""

from __future__ import annotations

from typing import Any

import pytest

ACCOUNT = "123456789012-compute@developer.gserviceaccount.com"


def path(project: str = "demo-project", account: str = ACCOUNT) -> str:
    return f"/v1/projects/{project}/serviceAccounts/{account}"


@pytest.mark.parametrize("project", ["demo-project", "123456789012", "-"])
def test_the_nodes_account_comes_with_compute_engine(running: Any, project: str) -> None:
    running.cloud.project.enable(["iam.googleapis.com"])
    absent = running.get(path(project))
    assert absent.status_code == 404
    assert absent.json()["error"]["message"].endswith(f"{ACCOUNT} does not exist.")
    running.cloud.project.enable(["compute.googleapis.com"])
    assert running.get(path(project)).json()["email"] == ACCOUNT


def test_no_other_account_is_there_and_none_while_the_api_is_off(running: Any) -> None:
    running.cloud.project.enable(["compute.googleapis.com"])
    off = running.get(path()).json()["error"]
    assert off["details"][0]["reason"] == "SERVICE_DISABLED"
    running.cloud.project.enable(["iam.googleapis.com"])
    assert running.get(path(account="mine@demo-project.iam.gserviceaccount.com")).status_code == 404
