"""The exercises of notebooks 06 to 10, around the server; their Spanish is in the .po."""

from __future__ import annotations

from collections.abc import Mapping

from ...texts import marked
from .question import Exercises, Explanation, Question

SERVING: Mapping[str, Exercises] = {
    "06": Exercises(
        (
            Question(
                "changes",
                marked("changes to the manifest"),
                marked("In how many places does the workbook change the guide's manifest?"),
                marked(
                    "The card has the reason of each change: a newer release, the number of GPUs, "
                    "or the memory and disk that the model needs."
                ),
            ),
            Question(
                "rejected_flag",
                marked("rejected flag"),
                marked("Which of the guide's flags would stop your release of vLLM at the start?"),
                marked(
                    "vLLM 0.17 removed --disable-log-requests: with this flag, a newer server "
                    "exits before it reads the weights."
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
                    "Size divided by rate. On Google Cloud, the machine's network sets the rate; "
                    "in a rehearsal, this machine's disk and processor do."
                ),
                unit=marked("seconds"),
            ),
            Question(
                "load_share",
                marked("share of the load"),
                marked("What percentage of the whole cold start is the load of the weights?"),
                marked(
                    "Node, image, imports, compilation and warm-up do not depend on the loader. "
                    "After streaming, they are the larger part of the cold start."
                ),
                unit="%",
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
                unit="%",
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
                    "fast AWS disk, vLLM's default loader took six times as long as the streamer."
                ),
                unit=marked("times"),
            ),
        ),
        Explanation(
            marked(
                "In the form, change the compare tunable to chunk and run the last measurement "
                "again. Is there a clear difference between the sizes, and what does a larger "
                "chunk cost?"
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
                    "The cluster counts as one: its nodes, Pods and namespace are deleted with it. "
                    "The roles on the bucket and the cache are outside of the cluster."
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
"""By the notebook's number."""
