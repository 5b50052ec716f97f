"""Run by the engine's interpreter: ask a model one question, through vLLM.

vLLM is imported at once; the model's folder comes as a line on the standard input when it is
there.
"""

from __future__ import annotations

import os
import sys

QUESTION, ANSWER = "What is the capital of Japan?", "Tokyo"
"""Answered with a margin that the rounding of no processor's bfloat16 takes away."""


def main() -> None:
    """Exit with what the model said unless it knows the answer."""
    os.environ |= {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_HOST_IP": "127.0.0.1",
        "VLLM_NO_USAGE_STATS": "1",
    }
    from vllm import LLM, SamplingParams

    if not (folder := sys.stdin.readline().rstrip("\n")):
        sys.exit("there is no model to try")
    llm = LLM(folder, enforce_eager=True, max_model_len=1024)
    greedy = SamplingParams(temperature=0, max_tokens=24)
    (told,) = llm.chat([{"role": "user", "content": QUESTION}], greedy)
    if ANSWER not in told.outputs[0].text:
        sys.exit(f"asked {QUESTION!r}, the model said {told.outputs[0].text!r}")


if __name__ == "__main__":
    main()
