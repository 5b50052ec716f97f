from warmbook.cloud import roles


def test_the_principal_has_the_number_first_and_the_id_in_the_pool(settings):
    assert roles.principal(settings, "415104041262") == (
        "principal://iam.googleapis.com/projects/415104041262/locations/global/"
        "workloadIdentityPools/my-project.svc.id.goog/subject/ns/vllm/sa/vllm-streamer"
    )
