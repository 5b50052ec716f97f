"""The exercises of the ten notebooks, in English; their Spanish is with the other texts."""

from __future__ import annotations

from collections.abc import Mapping

from ...texts import marked
from .question import Exercises, Explanation, Question

SECONDS, GIB, PERCENT, TIMES = marked("seconds"), "GiB", "%", marked("times")

EXERCISES: Mapping[str, Exercises] = {
    "01": Exercises(
        (
            Question(
                "own_settings",
                marked("settings of your own"),
                marked("How many of the settings have another value than their default here?"),
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
                    "Estimated for the guide's log line (15 GiB at 1.1 GiB/s), with the other parts "
                    "as Google measured them in October 2026. Streaming shortens the load only; "
                    "vLLM then takes longest."
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
                    "Only Storage Admin has storage.buckets.setIamPolicy. Notebook 5 fails with a "
                    "403 without it."
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
                unit=GIB,
            ),
            Question(
                "shortest_load",
                marked("shortest possible load"),
                marked(
                    "How long does the load take at best on the machine of the chosen GPU? A "
                    "g2-standard-16 has a network of 32 Gbps, about 3.7 GiB/s."
                ),
                marked(
                    "Size divided by the rate of the slowest part on the way: network, "
                    "connections, or the bus into the GPU. No loader can be faster."
                ),
                unit=SECONDS,
            ),
        ),
        Explanation(
            marked(
                "In the form, double max_model_len, run the cells of the GPU memory again, then "
                "change it back. Which part of the picture grew, which did not, and why?"
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
                "the GPU's zones and quota, then change it back. What would happen to the server's "
                "Pod with this GPU?"
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
                    "One for the bucket itself (bucketViewer), one for its files. A role on the "
                    "files alone ends in a 403 at the first request."
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
    "06": Exercises(
        (
            Question(
                "changes",
                marked("changes to the manifest"),
                marked("In how many places does the workbook change the guide's manifest?"),
                marked(
                    "Each change has its reason in the card: a newer release, the number of GPUs, "
                    "or the memory and disk that the model needs."
                ),
            ),
            Question(
                "rejected_flag",
                marked("rejected flag"),
                marked("Which of the guide's flags would stop your release of vLLM at the start?"),
                marked(
                    "vLLM 0.17 removed --disable-log-requests: a newer server that gets it exits "
                    "before it reads a byte of the weights."
                ),
                choices={
                    "--load-format": "--load-format",
                    "--disable-log-requests": "--disable-log-requests",
                    "--tensor-parallel-size": "--tensor-parallel-size",
                    "none": marked("None of them"),
                },
            ),
        ),
        Explanation(
            marked(
                "In the form, change concurrency to 32 and run the cell of the manifest again, "
                "without deploying it; then change it back. Which line is new, and when would 32 "
                "not be faster than 8?"
            )
        ),
    ),
    "07": Exercises(
        (
            Question(
                "load_time",
                marked("load of the weights"),
                marked(
                    "How long does the streamer take to load the weights? In the guide: 15 GiB in "
                    "13.4 seconds."
                ),
                marked(
                    "Size divided by rate. On Google Cloud, the machine's network sets the rate; in "
                    "a rehearsal, this machine's disk and processor do."
                ),
                unit=SECONDS,
            ),
            Question(
                "load_share",
                marked("share of the load"),
                marked("What percentage of the whole cold start is the load of the weights?"),
                marked(
                    "Node, image, imports, compilation and warm-up do not depend on the loader. "
                    "After streaming, they are the larger part of the cold start."
                ),
                unit=PERCENT,
            ),
        ),
        Explanation(
            marked(
                "Move the slider of the network to twice its rate. By how much does the whole cold "
                "start get shorter, and why is it not half as long?"
            )
        ),
    ),
    "08": Exercises(
        (
            Question(
                "hit_share",
                marked("bytes from the cache"),
                marked(
                    "After all reads with the cache, what percentage of the bytes that Cloud "
                    "Monitoring counts came from the cache?"
                ),
                marked(
                    "The first read of each part comes from the bucket and fills the cache; each "
                    "later read is a hit. With more reads, the share rises."
                ),
                unit=PERCENT,
            ),
            Question(
                "with_cache",
                marked("reads with the cache"),
                marked("How will the reads with the cache compare with those you just measured?"),
                marked(
                    "A cache helps where many Pods share a limit, such as the region's bandwidth. "
                    "With a few Pods, each Pod's own network is the limit, with or without a cache."
                ),
                choices={
                    "faster": marked("Clearly faster"),
                    "same": marked("No clear difference"),
                },
            ),
        ),
        Explanation(
            marked(
                "Run the cell that reads the weights with the cache once more, then the one that "
                "counts the hits. What happens to the share of the cache, and what would happen "
                "with a Pod in another zone?"
            )
        ),
    ),
    "09": Exercises(
        (
            Question(
                "fastest",
                marked("fastest loader"),
                marked("Which loader will have the shortest median time here?"),
                marked(
                    "The streamer moves each byte once and reads in parallel. Other loaders also "
                    "write the files to disk and read them back, which is slower unless the disk "
                    "is as fast as the network."
                ),
                choices={
                    "download": marked("download: to disk, then vLLM's default loader"),
                    "streamer": marked("streamer: Run:ai Model Streamer"),
                    "distributed": marked("distributed: the streamer, shared by several GPUs"),
                    "fuse": marked("fuse: the default loader on a Cloud Storage FUSE mount"),
                    "fastsafetensors": marked("fastsafetensors: after a download"),
                    "tensorizer": marked("tensorizer: after a download and a conversion"),
                },
            ),
            Question(
                "gain",
                marked("download against streamer"),
                marked("How many times as long as the streamer does the download take (median)?"),
                marked(
                    "The factor depends on disk and network. In the streamer's own benchmark on a "
                    "fast AWS disk, the load was six times faster."
                ),
                unit=TIMES,
            ),
        ),
        Explanation(
            marked(
                "In the form, change compare_tunable to chunk and run the last measurement again. "
                "Is there a clear difference between the sizes, and what does a larger chunk cost?"
            )
        ),
    ),
    "10": Exercises(
        (
            Question(
                "deleted",
                marked("deleted resources"),
                marked("How many resources will the cleanup delete?"),
                marked(
                    "The cluster counts as one: its nodes, Pods and namespace go with it. The "
                    "roles on the bucket and the cache are outside of the cluster."
                ),
                unit=marked("resources"),
            ),
            Question(
                "billed",
                marked("billed after the cleanup"),
                marked("What does Google still bill after the cleanup?"),
                marked(
                    "The bucket and the model are yours and are kept: storage is billed per GiB "
                    "and month. A cluster that existed before is kept too, and billed."
                ),
                choices={
                    "nothing": marked("Nothing"),
                    "bucket": marked("The storage of the bucket"),
                    "cluster": marked("The bucket and a cluster"),
                },
            ),
        ),
        Explanation(
            marked(
                "Run the last list of this notebook again. Which resources does it keep, and how "
                "does it know which ones are the workbook's?"
            )
        ),
    ),
}
"""The exercises of each notebook, by its number."""
