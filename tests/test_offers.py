from warmbook import offers


def test_the_cloud_offers_projects_places_and_models(rehearsal):
    asked = offers.ask("rehearsal-project", "nvidia-l4", "autopilot")
    assert asked.missing == {}
    assert asked.values["project_id"] == ("rehearsal-project",)
    assert "us-central1" in asked.values["location"]
    assert asked.values["model_uri"] == ("gs://rehearsal-project-models/tiny",)


def test_standard_clusters_are_offered_zones(rehearsal):
    asked = offers.ask("rehearsal-project", "nvidia-l4", "standard")
    assert "us-central1-a" in asked.values["location"]


def test_what_can_not_be_asked_is_told_and_stops_nothing(rehearsal):
    disabled = rehearsal.sandbox.cloud.project.services
    rehearsal.call(lambda: disabled.discard("compute.googleapis.com"))
    asked = offers.ask("rehearsal-project", "nvidia-l4", "autopilot")
    assert "compute.googleapis.com is off" in asked.missing["location"]
    assert asked.values["model_uri"]


def test_without_a_project_only_projects_are_offered(rehearsal):
    assert set(offers.ask("", "nvidia-l4", "autopilot").values) == {"project_id"}
