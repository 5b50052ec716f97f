# %% [markdown] lang="en"
# # 3 · Check the model weights
#
# A wrong path surfaces twenty minutes later, in the log of a Pod on an expensive GPU node. This notebook reads the file headers in the bucket first and reports what the streamer and vLLM will do with them.
#
# **Objectives**
# - Upload a model, if it is not in the bucket yet.
# - Find files that would stop the server.
# - Verify that the model fits the GPU memory, and estimate the load time.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Uploads a model if you name one, then inspects the folder and sizes the GPU | The bucket; for an upload, safetensors files | A model that loads | Seconds; an upload depends on your network; storage is billed per GiB and month |

# %% [markdown] lang="es"
# # 3 · Comprueba los pesos del modelo
#
# Una ruta equivocada se nota veinte minutos después, en los registros de un Pod que corre en un costoso nodo con GPU. Este notebook lee antes los encabezados de los archivos del bucket e informa qué harán con ellos el transmisor y vLLM.
#
# **Objetivos**
# - Subir un modelo, si todavía no está en el bucket.
# - Encontrar archivos que detendrían al servidor.
# - Verificar que el modelo quepa en la memoria de la GPU y estimar el tiempo de carga.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Sube un modelo si indicas uno; luego inspecciona la carpeta y dimensiona la GPU | El bucket; para subir, archivos safetensors | Un modelo que se puede cargar | Segundos; subir depende de tu red; el almacenamiento se cobra por GiB y por mes |

# %% tags=["parameters"]
model_uri: str = ""  # gs://BUCKET_NAME/PATH_TO_MODEL
model_source: str = ""  # local folder or hf://ORG/NAME to upload first; empty: no upload
gpu: str = ""  # GPU type, such as nvidia-l4
gpu_count: str = ""  # GPUs of one Pod
tensor_parallel_size: str = ""  # GPUs that share one copy of the model
max_model_len: str = ""  # context length in tokens, prompt and answer together; 0: the model's own
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor, exercises
from warmbook.steps import explore, overview, sizing, upload, weights

# %% [markdown] lang="en"
# ## Choose the model
# If the model is already in the bucket, as the guide assumes, leave `model_source` empty. To upload it first, enter `hf://ORG/NAME` for a model on Hugging Face, or a local folder that contains `config.json` and the safetensors files.

# %% [markdown] lang="es"
# ## Elige el modelo
# Si el modelo ya está en el bucket, como supone la guía, deja `model_source` vacío. Para subirlo antes, escribe `hf://ORG/NAME` si está en Hugging Face, o una carpeta local que contenga `config.json` y los archivos safetensors.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "03")

# %% [markdown] lang="en"
# ## Run preflight checks
# The checks verify that the bucket exists near the cluster, and that you may read it and write to it. This takes a second. Without it, a missing permission can end an upload with a 403 after an hour.

# %% [markdown] lang="es"
# ## Comprueba los requisitos previos
# Se verifica que el bucket exista cerca del clúster y que puedas leerlo y escribir en él. Tarda un segundo. Sin esta comprobación, un permiso que falta puede terminar una subida con un error 403 al cabo de una hora.

# %%
preflight = doctor.examine(settings, clients, before="03")
preflight

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    preflight,
    "all preflight checks passed",
    remedy="follow the remedies on the lines marked ✗, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Upload the model
# Without a source, this cell does nothing. With one, it uploads the files that serving needs: weights, configuration, tokenizer and chat templates. Sub-folders such as `original/` are skipped.
#
# Large files are uploaded in parts with checksums, several at a time. `config.json` is uploaded last, so a partial upload is never mistaken for a complete model. If the upload stops, run the cell again: it resumes mid-file, based on the parts already in the bucket. Notebook 10 does not delete an uploaded model.

# %% [markdown] lang="es"
# ## Sube el modelo
# Sin un origen, esta celda no hace nada. Con uno, sube los archivos que hacen falta para entregar el modelo: pesos, configuración, tokenizador y plantillas de chat. Las subcarpetas como `original/` se omiten.
#
# Los archivos grandes se suben en partes con sumas de comprobación, varias a la vez. `config.json` se sube al final; así nunca se confunde un modelo a medio subir con uno completo. Si la subida se detiene, ejecuta la celda otra vez: continúa a la mitad del archivo, según las partes que ya están en el bucket. El notebook 10 no borra un modelo que subiste.

# %% [markdown] lang="en"
# **From Hugging Face.** Each part is streamed from Hugging Face to the bucket, without local disk. The revision (`hf://ORG/NAME@REVISION`) is resolved to a commit first, and each large file is verified against Hugging Face's SHA-256 checksum. For a gated model, accept its terms on its page, and run `hf auth login` or set `HF_TOKEN` before you start Jupyter. In a rehearsal, try `hf://HuggingFaceTB/SmolLM2-135M-Instruct`.
#
# **Unfinished uploads** are billed as storage. The card of a later run shows them with the command that aborts them; the lifecycle rule `AbortIncompleteMultipartUpload` does so automatically.

# %% [markdown] lang="es"
# **Desde Hugging Face.** Cada parte pasa de Hugging Face al bucket sin usar el disco local. La revisión (`hf://ORG/NAME@REVISION`) se resuelve primero en un commit, y cada archivo grande se verifica con la suma SHA-256 de Hugging Face. Si el modelo es restringido, acepta sus condiciones en su página y ejecuta `hf auth login`, o define `HF_TOKEN` antes de iniciar Jupyter. En un ensayo, prueba `hf://HuggingFaceTB/SmolLM2-135M-Instruct`.
#
# **Las subidas sin terminar** se cobran como almacenamiento. La tarjeta de una ejecución posterior las muestra con el comando que las anula; la regla de ciclo de vida `AbortIncompleteMultipartUpload` lo hace automáticamente.

# %% tags=["creates-resource"]
uploaded = upload.model(settings, clients)
uploaded

# %% tags=["exercise"]
exercises.predict("03")

# %% [markdown] lang="en"
# ## Inspect the weights
# vLLM first downloads the small files (`config.json`, tokenizer) into the Pod. The streamer then lists the folder, one level deep, and streams **every** `*.safetensors` file in it, without reading the index. If the folder contains a second copy of the weights, the copy is streamed too.
#
# Each safetensors file begins with a **header** that lists its tensors. Two short reads per file reveal truncated files, git-lfs pointers, missing shards and unsupported dtypes. `python -m warmbook weights gs://…` runs the same inspection in a terminal.
#
# In the picture, each column is a **layer** of the model; the columns at the ends are tensors outside the layers, such as the embedding. Several GPUs split each layer. The streamer's buffer must hold the largest tensor whole.

# %% [markdown] lang="es"
# ## Inspecciona los pesos
# vLLM descarga primero al Pod los archivos pequeños (`config.json`, tokenizador). Después, el transmisor enumera la carpeta, un solo nivel, y transmite **todos** los archivos `*.safetensors`, sin leer el índice. Si la carpeta contiene una segunda copia de los pesos, también la transmite.
#
# Cada archivo safetensors empieza con un **encabezado** que enumera sus tensores. Dos lecturas cortas por archivo revelan archivos truncados, punteros de git-lfs, fragmentos que faltan y dtypes no admitidos. `python -m warmbook weights gs://…` hace la misma inspección en una terminal.
#
# En la imagen, cada columna es una **capa** del modelo; las columnas de los extremos son tensores fuera de las capas, como el embedding. Varias GPUs se reparten cada capa. El búfer del transmisor debe alojar entero el tensor más grande.

# %%
model = weights.inspect(settings, clients)
exercises.see(model, "03", weights=model.gib)

# %%
model.plot()

# %% [markdown] lang="en"
# Two checks follow. Without `config.json`, vLLM stops with "no config file found". With a bucket in another region, every start reads all the weights across regions, which is slower and billed per GiB.

# %% [markdown] lang="es"
# Siguen dos comprobaciones. Sin `config.json`, vLLM se detiene con el mensaje «no config file found». Con un bucket en otra región, cada arranque lee todos los pesos de una región a otra: es más lento y se cobra por GiB.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    model.whole,
    "the model in the bucket is complete",
    remedy="follow the remedies on the lines marked ✗ above, then run the cell again",
)

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    model.near,
    "the bucket is in the region of the cluster",
    remedy="choose the bucket's region, or copy the model to a bucket near the cluster",
)

# %% [markdown] lang="en"
# ## Check the GPU memory
# GPU memory must hold the weights, the **KV cache** of one request with `max_model_len` tokens, and what vLLM allocates while it runs. The first two follow from the files; the third is an estimate, shown as a range. If the result depends on it, the card says "may fit".
#
# The picture shows the memory of **one** GPU. The striped part is the estimate; the pale part is free. If the KV cache or the striped part extends past the red band, vLLM may reject `max_model_len`; its log then names the longest context that fits.
#
# Example: gemma-2-9b-it has 17.2 GiB of weights, so one L4 (24 GB) has too little left for its full 8192 tokens. Several GPUs can share a model only if their number divides its attention heads.

# %% [markdown] lang="es"
# ## Comprueba la memoria de la GPU
# La memoria de la GPU debe alojar los pesos, la **caché KV** de una solicitud de `max_model_len` tokens y lo que vLLM asigna mientras se ejecuta. Lo primero y lo segundo salen de los archivos; lo tercero es una estimación y se muestra como un rango. Si el resultado depende de él, la tarjeta dice «puede caber».
#
# La imagen muestra la memoria de **una** GPU. La parte rayada es la estimación; la parte pálida está libre. Si la caché KV o la parte rayada pasan la franja roja, vLLM puede rechazar `max_model_len`; entonces sus registros indican el contexto más largo que cabe.
#
# Ejemplo: gemma-2-9b-it tiene 17.2 GiB de pesos, así que a una L4 (24 GB) le queda demasiado poco para sus 8192 tokens completos. Varias GPUs solo pueden compartir un modelo si su número divide sus cabezas de atención.

# %%
fit = sizing.size_up(settings, clients, seen=model.seen)
exercises.see(fit, "03", shortest_load=fit.shortest_load_s)

# %%
fit.plot()

# %% [markdown] lang="en"
# ## Estimate the load time
# The machine's network sets the shortest possible load (blue). For comparison, the picture shows the rate of the guide's log line and rates that Google measured with other models and machines.
#
# If the model does not fit, the notebook stops here, before you pay for a cluster. If it may fit, the notebook continues.

# %% [markdown] lang="es"
# ## Estima el tiempo de carga
# La red de la máquina fija la carga más corta posible (azul). Para comparar, la imagen muestra la velocidad de la línea de registro de la guía y las que Google midió con otros modelos y máquinas.
#
# Si el modelo no cabe, el notebook se detiene aquí, antes de que pagues un clúster. Si puede caber, el notebook continúa.

# %%
fit.plot_load()

# %% [markdown] lang="en"
# Move the sliders to see what limits the load and how long the whole cold start would take. Both are estimates. The times of the other phases are Google's measurements of October 2026 or, after notebook 7, your own.

# %% [markdown] lang="es"
# Mueve los controles para ver qué limita la carga y cuánto tardaría todo el inicio en frío. Ambos son estimaciones. Los tiempos de las demás fases son los que Google midió en octubre de 2026 o, después del notebook 7, los tuyos.

# %%
explore.cold_start(
    settings, weight_bytes=model.seen.streamed_bytes, measured=form.book.measurements()
)

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    fit.possible,
    "the model can run on the chosen GPUs",
    remedy="choose more or larger GPUs, or a smaller max_model_len",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.

# %% tags=["exercise"]
exercises.compare("03")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# Only the KV cache grew, to twice its size: it keeps two vectors per token, layer and KV head, so it is proportional to `max_model_len` (models with sliding windows grow less). The weights do not depend on the context. A request with a longer context takes memory from other requests, or does not fit at all.
#
# </details>
#
# Next: [4 · Create a GKE cluster with GPUs](04_cluster.ipynb)

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# Solo creció la caché KV, al doble: guarda dos vectores por token, capa y cabeza KV, así que es proporcional a `max_model_len` (en los modelos con ventanas deslizantes crece menos). Los pesos no dependen del contexto. Una solicitud con un contexto más largo les quita memoria a otras solicitudes o no cabe en absoluto.
#
# </details>
#
# Siguiente: [4 · Crea un clúster de GKE con GPUs](04_cluster.ipynb)
