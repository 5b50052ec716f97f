"""The exercises of notebooks 01 to 05, before there is a server; their Spanish is in the .po."""

from __future__ import annotations

from collections.abc import Mapping

from ...texts import marked
from .question import Exercises, Explanation, Question

PREPARATION: Mapping[str, Exercises] = {
    "01": Exercises(
        (
            Question(
                "own_settings",
                marked("settings of your own"),
                marked(
                    "In the review of your settings, how many will have a source other than the "
                    "default?"
                ),
                marked(
                    "The defaults follow the guide. Only project, location and model differ for "
                    "everyone; a rehearsal sets them in the environment."
                ),
            ),
            Question(
                "longest_part",
                marked("longest part"),
                marked("Which part of a cold start takes longest once the weights are streamed?"),
                marked(
                    "Estimated for the guide's log line (15 GiB at 1.1 GiB/s), with the other "
                    "parts as Google measured them in October 2026. Streaming shortens the load "
                    "only; vLLM then takes longest."
                ),
                choices={
                    "machine": marked("The GPU node and the image"),
                    "weights": marked("The load of the weights"),
                    "vllm": marked("vLLM: imports, compilation and warm-up"),
                },
            ),
        ),
        Explanation(
            marked(
                "In the form, change the location to another region and run the review of your "
                "settings again; then change it back. What else would have to change with it?"
            )
        ),
    ),
    "02": Exercises(
        (
            Question(
                "disabled_apis",
                marked("disabled APIs"),
                marked("How many of the nine APIs are still disabled in your project?"),
                marked(
                    "In a new project, most of them are disabled. In a project that was prepared "
                    "before, all are enabled, and this notebook changes nothing."
                ),
                unit=marked("APIs"),
            ),
            Question(
                "policy_role",
                marked("role for the IAM policy"),
                marked("Which role lets you change the IAM policy of the bucket?"),
                marked(
                    "Of the four, only Storage Admin has storage.buckets.setIamPolicy. Without it, "
                    "notebook 5 fails with a 403."
                ),
                choices={
                    "roles/container.admin": "roles/container.admin",
                    "roles/storage.admin": "roles/storage.admin",
                    "roles/compute.viewer": "roles/compute.viewer",
                    "roles/iam.serviceAccountUser": "roles/iam.serviceAccountUser",
                },
            ),
        ),
        Explanation(
            marked(
                "Run the cell that enables the guide's APIs once more. What does its card show "
                "now, and why is it safe to run a step twice?"
            )
        ),
    ),
    "03": Exercises(
        (
            Question(
                "weights",
                marked("size of the weights"),
                marked(
                    "How large are the weights? In bfloat16, each parameter has 2 bytes, and the "
                    "model's name usually has the number of parameters."
                ),
                marked(
                    "Parameters times bytes per parameter. The streamer reads every byte of every "
                    "safetensors file in the folder."
                ),
                unit="GiB",
            ),
            Question(
                "shortest_load",
                marked("shortest possible load"),
                marked(
                    "How long does the load take at best on the machine of the chosen GPU? A "
                    "g2-standard-16 has a network of 32 Gbps, about 3.7 GiB/s."
                ),
                marked(
                    "Size divided by the lowest rate on the path: network, parallel reads, or the "
                    "bus into the GPU. No loader can be faster."
                ),
                unit=marked("seconds"),
            ),
        ),
        Explanation(
            marked(
                "In the form, double the max model length, run the cells of the GPU memory "
                "again, then change it back. Which part of the picture grew, which did not, and "
                "why?"
            )
        ),
    ),
    "04": Exercises(
        (
            Question(
                "zones",
                marked("zones with the GPU"),
                marked("How many zones of your region offer the GPU?"),
                marked(
                    "A region has three or more zones, but not each of them has each GPU. A "
                    "regional cluster can use all that have it."
                ),
                unit=marked("zones"),
            ),
            Question(
                "gpu_node",
                marked("creation of the GPU node"),
                marked("When is the GPU node created, in the mode that you chose?"),
                marked(
                    "Autopilot provisions a node when a Pod requests a GPU. A Standard node pool "
                    "gets its node at once, and the node is billed while it waits."
                ),
                choices={
                    "cluster": marked("Together with the cluster"),
                    "pool": marked("With the GPU node pool, in this notebook"),
                    "pod": marked("When a Pod requests a GPU, in notebook 6"),
                },
            ),
        ),
        Explanation(
            marked(
                "In the form, change the GPU to nvidia-h100-80gb, run the cells up to the card of "
                "the GPU's zones and quota, then change it back. Which zones are left, and what "
                "happens to the server's Pod where the quota is 0?"
            )
        ),
    ),
    "05": Exercises(
        (
            Question(
                "roles",
                marked("roles on the bucket"),
                marked("How many roles on the bucket does the Pod's service account need?"),
                marked(
                    "One for the bucket itself (bucketViewer), one for its files. With a role on "
                    "the files alone, the first request fails with a 403."
                ),
                unit=marked("roles"),
            ),
            Question(
                "first_permission",
                marked("first permission"),
                marked("Which permission does the streamer's first request to the bucket need?"),
                marked(
                    "The streamer reads the bucket, then the list of files, then the files. The "
                    "permission in the first 403 of a log shows which of them failed."
                ),
                choices={
                    "storage.objects.get": "storage.objects.get",
                    "storage.objects.list": "storage.objects.list",
                    "storage.buckets.get": "storage.buckets.get",
                },
            ),
        ),
        Explanation(
            marked(
                "In the form, change the object role to objectViewer and run the cells from the "
                "form on. Which requests of the test Pod succeed, and which role is safer on a "
                "shared bucket?"
            )
        ),
    ),
}
"""By the notebook's number."""
