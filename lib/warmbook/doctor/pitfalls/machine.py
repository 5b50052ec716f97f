"""Pitfalls of what the server runs on: GPUs, drivers, memory, disks, processes."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="too-few-gpus",
        symptom="«World size (…) is larger than the number of available GPUs (…) in this node».",
        cause="Tensor parallel size times pipeline parallel size is larger than the container's "
        "number of GPUs.",
        remedy="Set nvidia.com/gpu to --tensor-parallel-size times --pipeline-parallel-size, or "
        "lower these options.",
        source="vLLM's released source, 0.11.1: config/parallel.py",
    ),
    Pitfall(
        name="dtype-not-on-gpu",
        symptom="«Bfloat16 is only supported on GPUs with compute capability of at least 8.0».",
        cause="The GPU (a T4, V100 or P100) does not support the dtype of the weights.",
        remedy="Add --dtype=half, or choose an L4 or later GPU.",
        source="vLLM's released source, 0.11.1: platforms/cuda.py",
    ),
    Pitfall(
        name="gpu-unsupported",
        symptom="«no kernel image is available for execution on the device».",
        cause="The image was not built for this GPU: the GPU is too old or too new for it.",
        remedy="Use a release of the engine's own image that supports the GPU, or choose "
        "another GPU.",
        source="https://developer.nvidia.com/cuda-gpus",
    ),
    Pitfall(
        name="driver-replaced",
        symptom="«Failed to initialize NVML: Driver/library version mismatch».",
        cause="The node's driver was updated while in use: the kernel module is still the old "
        "version.",
        remedy="Drain the node: `kubectl drain NODE --ignore-daemonsets`, then delete it; the "
        "node pool creates a new one.",
        source="https://docs.nvidia.com/deploy/nvml-api/",
    ),
    Pitfall(
        name="driver-library-missing",
        symptom="«libcuda.so.1: cannot open shared object file».",
        cause="The container does not find the node's driver: it requests no GPU, or its "
        "LD_LIBRARY_PATH lacks /usr/local/nvidia/lib64.",
        remedy="Request nvidia.com/gpu under limits, and set "
        "LD_LIBRARY_PATH=/usr/local/nvidia/lib64.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/gpus",
    ),
    Pitfall(
        name="fabric-not-ready",
        symptom="«Error 802: system not yet initialized».",
        cause="The node's GPUs are connected by NVSwitch, and NVIDIA's fabric manager is not "
        "running or has not finished starting.",
        remedy="Wait a few minutes. If the error persists, drain the node (`kubectl drain NODE "
        "--ignore-daemonsets`) and delete it; the node pool creates a new one.",
        source="https://github.com/vllm-project/vllm/issues/16127",
    ),
    Pitfall(
        name="gpu-not-visible",
        symptom="«Failed to infer device type», or «No CUDA GPUs are available».",
        cause="The engine finds no GPU: the container requests none, the driver is missing, or "
        "the image is for another kind of accelerator.",
        remedy="Request nvidia.com/gpu under limits; in the Pod, `nvidia-smi` must list the "
        "GPU. For TPUs, use the TPU image.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/gpus",
    ),
    Pitfall(
        name="gpu-broken",
        symptom="An uncorrectable ECC error, «GPU has fallen off the bus», or an illegal memory "
        "access.",
        cause="The GPU failed, or a CUDA kernel of the engine accessed invalid memory.",
        remedy="Delete the node, so that the Pod starts on another. If the error occurs there "
        "too, choose another «vllm_version».",
        source="https://docs.nvidia.com/deploy/xid-errors/",
    ),
    Pitfall(
        name="device-side-assert",
        symptom="«CUDA error: device-side assert triggered».",
        cause="A CUDA kernel received an out-of-range value: usually token ids beyond the "
        "model's vocabulary (tokenizer and weights of different models) or positions "
        "beyond its context, otherwise a bug in this release of the engine.",
        remedy="Upload the tokenizer that belongs to the weights, and do not raise "
        "--max-model-len above the model's own. With CUDA_LAUNCH_BLOCKING=1 in the Pod's env, the "
        "log names the kernel; then try --enforce-eager, or another «vllm_version».",
        source="https://github.com/vllm-project/vllm/issues/11931",
    ),
    Pitfall(
        name="gpu-memory-taken",
        symptom="«Free memory on device … is less than desired GPU memory utilization».",
        cause="Another process uses memory of this GPU: a second server, a shared GPU, or a "
        "previous process that is still running.",
        remedy="Give each server a GPU of its own, or lower --gpu-memory-utilization.",
        source="vLLM's released source, 0.11.1: v1/worker/gpu_worker.py",
    ),
    Pitfall(
        name="gpu-memory-too-small",
        symptom="«torch.OutOfMemoryError: CUDA out of memory».",
        cause="Weights, KV cache and the engine's own allocations exceed the GPU memory.",
        remedy="Choose more or larger GPUs, a quantized model, or a lower «max_model_len»; "
        "notebook 03 and `warmbook size` show what fits.",
        source="https://docs.vllm.ai/en/latest/configuration/conserving_memory.html",
    ),
    Pitfall(
        name="cublas-failed",
        symptom="«CUDA error: CUBLAS_STATUS_… when calling …».",
        cause="NVIDIA's matrix library failed. NOT_INITIALIZED or INTERNAL_ERROR at "
        "cublasCreate: usually, the GPU's memory is full. INVALID_VALUE or NOT_SUPPORTED: "
        "usually, LD_LIBRARY_PATH loads another release of the library than PyTorch's own.",
        remedy="For full memory, lower --gpu-memory-utilization by 0.05, and check with `kubectl "
        "exec POD -- nvidia-smi` that no other process uses the GPU. For another release, set "
        "LD_LIBRARY_PATH to /usr/local/nvidia/lib64 only, and use the engine's image unchanged.",
        source="https://github.com/vllm-project/vllm/issues/18335 and 35608",
    ),
    Pitfall(
        name="compiler-missing",
        symptom="«Failed to find C compiler», or «Could not find nvcc».",
        cause="The engine compiles code when it starts, and the image has no compiler.",
        remedy="Use the engine's own image, or install gcc (and CUDA's nvcc, if the message "
        "names it) in yours.",
        source="https://docs.vllm.ai/en/latest/usage/troubleshooting.html",
    ),
    Pitfall(
        name="kernel-build-failed",
        symptom="«Ninja build failed», «nvcc fatal» or «Error building extension».",
        cause="The engine compiles GPU kernels when it starts (FlashInfer's, PyTorch's "
        "extensions), and the compilation failed, usually because the image's CUDA compiler is "
        "of another release than the package needs.",
        remedy="Use the engine's own image unchanged. The lines below «FAILED» name the file and "
        "the reason: if it is FlashInfer's sampler, set VLLM_USE_FLASHINFER_SAMPLER=0 in the "
        "Pod's env.",
        source="https://github.com/flashinfer-ai/flashinfer/issues/1532",
    ),
    Pitfall(
        name="torch-compile-failed",
        symptom="«BackendCompilerFailed» or «InductorError».",
        cause="torch.compile could not compile the model for this GPU, usually because of an "
        "error in this release of PyTorch or of the engine.",
        remedy="Add --enforce-eager, which disables torch.compile and CUDA graphs (answers get "
        "slower), or try another «vllm_version».",
        source="https://github.com/vllm-project/vllm/issues/28982",
    ),
    Pitfall(
        name="disk-full",
        symptom="«No space left on device».",
        cause="A directory that the server writes to is full: its cache, /tmp, /dev/shm, or a "
        "volume.",
        remedy="Mount a larger volume there, or request more ephemeral-storage. With the "
        "streamer, weights need no disk.",
        source="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    ),
    Pitfall(
        name="folder-not-writable",
        symptom="«Read-only file system», or «PermissionError» for a folder.",
        cause="The container can't write to the server's cache: a read-only root file system, "
        "or a directory owned by another user.",
        remedy="Mount an emptyDir there, or set HOME, HF_HOME and VLLM_CACHE_ROOT to one.",
        source="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
    ),
    Pitfall(
        name="port-in-use",
        symptom="«[Errno 98] address already in use».",
        cause="Another process in the Pod, or on the node with hostNetwork, uses the port.",
        remedy="Use another --port, also in the probes and the Service.",
        source="https://docs.python.org/3/library/errno.html",
    ),
    Pitfall(
        name="wrong-processor",
        symptom="«exec format error».",
        cause="The image is for another CPU architecture than the node's (amd64, arm64).",
        remedy="Use an image for the node's architecture, or select nodes by kubernetes.io/arch.",
        source="https://kubernetes.io/docs/concepts/containers/images/",
    ),
    Pitfall(
        name="host-memory-short",
        symptom="«Cannot allocate memory» or «std::bad_alloc».",
        cause="The container has too little host memory.",
        remedy="Request more memory for the Pod, or set «memory_limit» in "
        "--model-loader-extra-config.",
        source="https://github.com/run-ai/runai-model-streamer/issues/76",
    ),
    Pitfall(
        name="process-killed",
        symptom="«Killed», or «died unexpectedly, exit code -9»; the container exits with 1, "
        "and no OOMKilled is reported.",
        cause="The kernel killed one process of the server, usually for lack of memory; "
        "the container's main process survived, so the container status does not show it.",
        remedy="Request more memory for the Pod, or set «memory_limit» in "
        "--model-loader-extra-config.",
        source="https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/",
    ),
    Pitfall(
        name="threads-limit",
        symptom="«can't start new thread», or «pthread_create failed … Resource temporarily "
        "unavailable».",
        cause="The Pod has reached the node's limit of processes and threads per Pod.",
        remedy="Set OMP_NUM_THREADS to a small number, or raise the node pool's podPidsLimit.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/node-system-config",
    ),
    Pitfall(
        name="native-crash",
        symptom="«Segfault encountered», or exit code 139.",
        cause="Compiled code of the engine, the streamer or the driver crashed.",
        remedy="Try without «distributed», then another «vllm_version»; the lines below the "
        "crash name the library, for a bug report.",
        source="https://github.com/pytorch/pytorch (c10/util/signal_handler.cpp)",
    ),
    Pitfall(
        name="gpus-cannot-talk",
        symptom="«NCCL error», or «DistBackendError».",
        cause="The processes of several GPUs can't reach each other: /dev/shm, the network "
        "between nodes, or incompatible versions.",
        remedy="Mount an emptyDir with medium Memory at /dev/shm; NCCL_DEBUG=INFO logs more.",
        source="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html",
    ),
    Pitfall(
        name="name-not-resolved",
        symptom="«Temporary failure in name resolution», «Failed to resolve "
        "'storage.googleapis.com'» or «metadata.google.internal».",
        cause="DNS does not respond to the Pod: a network policy blocks port 53, the cluster's "
        "DNS is overloaded or being replaced, or the name does not exist.",
        remedy="Test it in the Pod: `kubectl exec POD -- getent hosts storage.googleapis.com`. "
        "Check the DNS Pods: `kubectl get pods -n kube-system -l k8s-app=kube-dns`. Allow port 53 "
        "over UDP and TCP, or enable NodeLocal DNSCache.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/nodelocal-dns-cache",
    ),
    Pitfall(
        name="engine-start-timeout",
        symptom="«Timed out waiting for engine …» or for workers.",
        cause="One of the server's processes did not start in time: a slow load, too few CPUs, "
        "or a process that waits for another.",
        remedy="Raise VLLM_ENGINE_READY_TIMEOUT_S, and request at least as many CPUs as there "
        "are processes.",
        source="https://docs.vllm.ai/en/latest/configuration/env_vars.html",
    ),
)
