"""The words by which a server's log tells its failure: pitfall -> expression, plainest first."""

from __future__ import annotations

_GS = r"(?:gs|s3|az)://"
_BUSY = r"(?:429|50[0234])"
_HUB = r"https://(?:[\w.-]+\.)?(?:huggingface|hf)\.co\b"
_STORAGE = r"https://storage\.googleapis\.com"
FAMILIES = (
    *(
        "apertus",
        "aya_",
        "cohere",
        "deepseek",
        "dots1",
        "ernie",
        "exaone",
        "falcon",
        "gemma",
        "glm",
    ),
    *("gpt_oss", "granite", "hunyuan", "internlm", "internvl", "jamba", "kimi", "lfm", "llama"),
    *("llava", "longcat", "mimo", "minicpm", "minimax", "ministral", "mistral", "mixtral"),
    *("molmo", "nemotron", "olmo", "ovis", "phi", "pixtral", "qwen", "seed_oss", "smollm"),
    *("smolvlm", "starcoder", "step3", "voxtral", "whisper"),
)
"""How the names of model types begin, as config.json and transformers write them."""

STORAGE = {
    "vpc-service-controls": (
        r"vpcServiceControlsUniqueIdentifier|prohibited by organization's policy"
    ),
    "requester-pays": r"requester pays bucket but no user project",
    "impersonation-refused": (
        r"iam\.serviceAccounts\.getAccessToken|"
        r"Unable to generate access token; IAM returned 403"
    ),
    "no-identity": r"Anonymous caller does not have storage\.",
    "metadata-server-silent": (
        r"(?:Compute Engine Metadata server unavailable|"
        r"Failed to retrieve http://(?:metadata\.google\.internal|169\.254\.169\.254)|"
        r"host='(?:metadata\.google\.internal|169\.254\.169\.254)', port=80\))"
        r"(?!.{0,600}(?:name resolution|NameResolutionError|Name or service not known))"
    ),
    "metadata-server-off": r"\d+-compute@developer\.gserviceaccount\.com does not have storage\.",
    "kms-key-refused": r"cloudkms\.cryptoKeyVersions\.use|Permission denied on Cloud KMS key",
    "bucket-viewer-missing": (
        r"does not have storage\.buckets\.get access|Permission 'storage\.buckets\.get' denied"
    ),
    "object-role-missing": (
        r"does not have storage\.objects\.\w+ access|Permission 'storage\.objects\.\w+' denied"
    ),
    "billing-off": r"billing account for the owning project is disabled|UserProjectAccountProblem",
    "api-off": r"has not been used in project \S+ before or it is disabled|accessNotConfigured",
    "uniform-access-off": r"412 GET \S+/storage/v1/b/",
    "bucket-missing": r"404 GET \S+/storage/v1/b/[^/?\s]+(\?|:|$)|specified bucket does not exist",
    "bucket-kind-unknown": r"S3 not supported|S3 files module not found|install .*\[s3\]",
    "storage-plugin-failed": (
        r"Error loading object storage plugin|GLIBC version should be at least"
    ),
    "ca-bundle-missing": r"CA bundle file not found",
    "certificate-refused": r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
    "gcs-client-failed": r"Failed to create GCS client|default credentials were not found",
    "storage-busy": (
        rf"{_BUSY} (?:GET|POST|HEAD) {_STORAGE}|"
        rf"{_BUSY} (?:Client|Server) Error: .{{0,80}}{_STORAGE}|"
        rf"'Request failed with status code', {_BUSY}\b"
    ),
    "storage-unreachable": (
        r"(?:storage\.googleapis\.com|www\.googleapis\.com).{0,200}"
        r"(?:timed out|Connection refused|Network is unreachable|Failed to establish)"
    ),
}
"""Identity, rights and the way to Cloud Storage."""

MODEL = {
    "gated-model": (
        r"GatedRepoError|Access to model \S+ is restricted|not in the authorized list|"
        r"access a gated repo"
    ),
    "sglang-multimodal": rf"Repo id must be in the form .*'{_GS}",
    "loader-asks-hub": rf"huggingface\.co/(?:api/models/)?(?:{_GS}|(?:gs|s3):/)",
    "model-not-on-hub": (
        r"is not a valid model identifier listed on|RepositoryNotFoundError: 40[14] |"
        r"HFValidationError: Repo id must .{0,200}: '/|Incorrect path_or_model_id: '(?!gs://)"
    ),
    "architecture-unknown": (
        r"Model architectures? .* (?:are|is) not supported for now|"
        r"Transformers does not recognize this architecture|"
        r"has no vLLM implementation and the Transformers implementation is not compatible|"
        r"`rope_scaling` must be a dictionary with two fields|"
        rf"KeyError: '(?:{'|'.join(FAMILIES)})\w*'"
    ),
    "gguf-unsupported": (
        r"GGUF model with architecture \S+ is not supported|"
        r"ValueError: Architecture \S+ not supported"
    ),
    "remote-code-refused": (
        r"contains custom code which must be executed|requires you to execute the |"
        r"pass the argument `trust_remote_code=True`|Failed to load the model config\. If"
    ),
    "module-missing": (
        r"ModuleNotFoundError: No module named|No module named '|"
        r"ImportError: Please install (?!vllm\[)"
    ),
    "packages-mismatched": (
        r"undefined symbol: |ImportError: cannot import name |"
        r"operator torchvision::\w+ does not exist|all_special_tokens_extended|"
        r"numpy\.core\.multiarray failed to import|"
        r"lib(?:cudart|cublas|cublasLt|cudnn|nccl|nvrtc|c10|torch)\w*\.so\S*: cannot open shared"
    ),
    "processor-missing": (
        r"Can't load (?:image processor|video processor|feature extractor|processor) for|"
        r"does not appear to have a file named (?:video_)?(?:pre)?processor_config\.json"
    ),
    "tokenizer-unreadable": (
        r"Couldn't instantiate the backend tokenizer|Can't load tokenizer for |"
        r"Tokenizer class \S+ does not exist|"
        r"untagged enum ModelWrapper|tokenizer .*(?:cannot|can't|could not) be loaded|"
        r"Unable to load vocabulary from file|Failed to load the tokenizer\. If|"
        r"Make sure that a Mistral tokenizer is present"
    ),
    "config-missing": (
        r"no config file found|Could not detect config format|Unrecognized model in |"
        r"does not appear to have a file named config\.json|"
        r"Invalid repository ID or local directory specified: '(?:/|\S*/model_streamer/)"
    ),
    "config-broken": r"config file at '[^']*' is not a valid JSON|JSONDecodeError",
    "merges-missing": r"merges\.txt\S*.*not found|No such file or directory: \S*merges\.txt",
    "weights-not-found": r"Cannot find any (?:safetensors )?model weights",
    "shard-broken": (
        r"File .*is truncated or empty\.|Corrupted File: |Corrupted Tensor|Unsupported dtype|"
        r"Error while deserializing header|incomplete metadata, file not fully covered|"
        r"End of file reached"
    ),
    "weights-of-another-model": (
        r"There is no module or parameter named |size mismatch for |"
        r"Attempted to load weight .* into parameter|KeyError: '(?:model\.|lm_head|layers\.)|"
        r"KeyError: '[\w.]+[._](?:weight|bias|scale|weight_packed|qweight|qzeros|weight_scale)'|"
        r"param_data\.shape == loaded_weight\.shape|"
        r"start \(\d+\) \+ length \(\d+\) exceeds dimension size"
    ),
    "weights-incomplete": r"weights were not initialized from checkpoint",
    "hub-token-wrong": r"Invalid credentials in Authorization header|Invalid user token",
    "hub-busy": (
        rf"429 Too Many Requests(?:: you have reached your| for url: {_HUB})|"
        rf"{_BUSY} (?:Client|Server) Error: .{{0,80}}{_HUB}|"
        rf"{_BUSY} [\w ]+' for url '{_HUB}"
    ),
    "hub-unreachable": (
        r"couldn't connect to 'https://huggingface\.co'|LocalEntryNotFoundError|"
        r"OfflineModeIsEnabled|"
        r"huggingface\.co.{0,200}(?:timed out|Failed to resolve|unreachable|Max retries)"
    ),
}
"""The model's files, and where they are looked for."""

ARGUMENTS = {
    "flag-removed": r"unrecognized arguments: ",
    "flag-ambiguous": r"ambiguous option: ",
    "load-format-unknown": (
        r"Load format `?\S+?`? is not supported|Unknown load_format|"
        r"invalid choice: 'runai_streamer"
    ),
    "flag-value": (
        r"error: argument \S+: |the following arguments are required|expected (?:one|at least one) "
        r"argument|chat template string .* appears path-like, but doesn't exist|"
        r"invalid (?:tool call|reasoning) parser: |requires --tool-call-parser|"
        r"must be greater than or equal to max_num_seqs|is greater than max_lora_rank"
    ),
    "gcs-support-missing": r"GCS files module not found|GCS not supported",
    "streamer-missing": r"install vllm\[runai\]|No module named 'runai_model_streamer'",
    "load-format": r"To load a model from .*'load_format' must be ",
    "sharded-on-gs": r"only pre-sharded checkpoints are currently supported",
    "loader-key-unknown": r"Unexpected extra config keys for runai_streamer",
    "weights-not-reloadable": r"Model reloading with `?\w+`? format",
    "memory-limit-below-tensor": r"Memory limit supplied: .*cannot be smaller than",
    "fd-limit": r"Increase process fd limit or decrease the concurrency level|Too many open files",
    "context-above-model": r"is greater than the derived max_model_len",
    "batch-below-context": r"max_num_batched_tokens \(\d+\) is smaller than max_model_len",
    "heads-not-divisible": (
        r"must be divisible by (?:the )?tensor parallel size|"
        r"AssertionError: \d+ is not divisible by \d{1,2}\b"
    ),
    "block-not-divisible": (
        r"is not divisible by weight quantization block|"
        r"_size_per_partition = \d+ is not divisible by min_thread|"
        r"caused by too large tensor parallel size|AssertionError: \d+ is not divisible by \d{3,}"
    ),
    "port-from-service": (
        r"appears to be a URI\. This may be caused by a Kubernetes service discovery|"
        r"invalid literal for int\(\) with base 10: 'tcp://"
    ),
    "quantization-unsupported": (
        r"quantization method \S+ is not supported|Unknown quantization method|"
        r"Quantization method specified in the model config .* does not match|"
        r"Quantization scheme is not supported for|is not supported for quantization method "
    ),
    "attention-backend-missing": (
        r"No valid attention backend found for |KV cache is not supported by the Triton "
    ),
}
"""What the server was asked for."""

MACHINE = {
    "too-few-gpus": (
        r"World size \(\d+\) is larger than the number of available GPUs|"
        r"number of required GPUs exceeds the total number of available|"
        r"Current node has no GPU available|"
        r"invalid device ordinal|Duplicate GPU detected"
    ),
    "dtype-not-on-gpu": r"Bfloat16 is only supported on GPUs with compute capability",
    "gpu-unsupported": (
        r"no kernel image is available for execution on the device|"
        r"is not compatible with the current PyTorch installation|"
        r"not supported on this GPU|only supports Ampere GPUs or newer|"
        r"type fp8\w+ not supported in this architecture|is not defined for option 'gpu-name'|"
        r"CUBLAS_STATUS_ARCH_MISMATCH"
    ),
    "driver-replaced": r"Driver/library version mismatch",
    "cuda-driver-mismatch": (
        r"Error 80[34]: |unsupported display driver / cuda driver combination|"
        r"forward compatibility was attempted on non supported HW"
    ),
    "fabric-not-ready": r"Error 802: |system not yet initialized",
    "driver-too-old": (
        r"NVIDIA driver on your system is too old|CUDA driver version is insufficient|"
        r"PTX was compiled with an unsupported toolchain"
    ),
    "driver-library-missing": r"libcuda\.so(?:\.1)?: cannot open shared object|libnvidia-ml\.so",
    "gpu-not-visible": (
        r"Failed to infer device type|No CUDA GPUs are available|Found no NVIDIA driver|"
        r"no CUDA-capable device is detected|NVML Shared Library Not Found|"
        r"NVIDIA-SMI has failed"
    ),
    "gpu-broken": (
        r"uncorrectable (?:NVLink|ECC) error|GPU has fallen off the bus|"
        r"illegal memory access was encountered|unspecified launch failure"
    ),
    "device-side-assert": r"device-side assert triggered",
    "gpu-memory-taken": (
        r"Free memory on device .*less than desired GPU memory utilization|"
        r"Error in memory profiling|Some GPUs may be occupied by other processes"
    ),
    "kv-cache-too-small": (
        r"larger than the available KV cache memory|No available memory for the cache blocks|"
        r"larger than the maximum number of tokens that can be stored in KV cache|"
        r"Not enough memory\. Please try to increase --mem-fraction-static"
    ),
    "gpu-memory-too-small": (
        r"(?:CUDA|HIP|NPU) (?:error: )?out of memory|OutOfMemoryError|"
        r"RESOURCE_EXHAUSTED: .*\bhbm\b|CUBLAS_STATUS_ALLOC_FAILED|"
        r"Cuda failure (?:\d+ )?'out of memory'"
    ),
    "cublas-failed": r"CUBLAS_STATUS_(?!SUCCESS|ALLOC_FAILED|ARCH_MISMATCH)[A-Z_]+",
    "shm-too-small": r"(creating|attaching to) shared memory segment|insufficient shared memory",
    "compiler-missing": (
        r"Failed to find C compiler|Could not find nvcc|ninja.*not found|"
        r"No such file or directory: '(?:ninja|gcc|nvcc)'|Python\.h: No such file|"
        r"nvcc: (?:command )?not found"
    ),
    "kernel-build-failed": (
        r"Ninja build failed|Error building extension '|\bnvcc fatal|ninja: build stopped"
    ),
    "broadcast-timeout": r"\[RunAI Streamer\]\[Distributed\].*broadcast timed out",
    "disk-full": r"No space left on device|os error 28|Disk quota exceeded",
    "folder-not-writable": r"Read-only file system|PermissionError: \[Errno 13\]",
    "port-in-use": r"[Aa]ddress already in use",
    "wrong-processor": r"exec format error",
    "assets-folder-race": r"FileExistsError: .*model_streamer",
    "host-memory-short": (
        r"Cannot allocate memory|std::bad_alloc|DefaultCPUAllocator: can't allocate"
    ),
    "threads-limit": (
        r"can't start new thread|pthread_create failed.*Resource temporarily unavailable"
    ),
    # Ray lists SIGKILL and SIGSEGV among what may have ended a worker: vllm-project/vllm#1111
    "process-killed": (
        r"died unexpectedly, exit code -9|exitcode: -9|[Ee]xit code: -9|"
        r"exited with code -9|"
        r"Failed core proc\(s\): \{[^}]*: -9\b|"
        r"^\S{0,80} ?Killed$|: line \d+: +\d+ Killed\b|[Ss]ignal 9 \(SIGKILL\)"
    ),
    "native-crash": (
        r"Segfault encountered|Segmentation fault|exit code -11|core dumped|"
        r"SIGSEGV(?! or (?:an)?other unexpected)|"
        r"Failed core proc\(s\): \{[^}]*: -11\b"
    ),
    "file-access-error": r"File access error",
    "name-not-resolved": (
        r"gaierror: |NameResolutionError|Failed to resolve '|Could not resolve host|"
        r"(?<!gai error: -3 - )Temporary failure in name resolution|"
        r"(?<!gai error: -2 - )Name or service not known"
    ),
    "gpus-cannot-talk": (
        r"NCCL (?:error|WARN.*(?:Call to|Connect to))|DistBackendError|ncclInternalError|"
        r"DistNetworkError: |DistStoreError: |Gloo connectFullMesh failed"
    ),
    "engine-start-timeout": (
        r"Timed out waiting for (?:engine|worker)|did not become ready within"
    ),
    "torch-compile-failed": r"(?:BackendCompilerFailed|InductorError): ",
}
"""GPUs, drivers, memory, disks: what the machine has."""

FATAL = {**STORAGE, **ARGUMENTS, **MODEL, **MACHINE}
"""What ends a server, the plainest causes first."""

PASSES = frozenset({"storage-busy", "hub-busy", "name-not-resolved"})
"""What may be over at the next start; the others end each start alike."""

BESIDE = {
    "probe-too-short": r"KeyboardInterrupt: terminated",
    "success-line-lies": r"\[RunAI Streamer\] Overall time to stream ",
    "distributed-fallback": r"fallback to non distributed streaming",
}
"""What a log may hold without being the cause."""
