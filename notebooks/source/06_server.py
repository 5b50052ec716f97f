# %% [markdown] lang="en"
# # 6 · Deploy vLLM
#
# One Deployment defines the server: image, model, GPU and service account. You review it, apply it, and watch the node, the image and the container start.
#
# **Objectives**
# - Size the server.
# - Read the manifest, and see where and why it differs from the guide's.
# - Deploy it and wait until its container runs.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Shows the manifest, creates the Deployment, waits for the container | Notebooks 3, 4 and 5 | vLLM starting in a Pod with a GPU | Several minutes for the GPU node and the image; seconds in a rehearsal once its engine is built. The GPU is billed from the node's arrival |

# %% [markdown] lang="es"
# # 6 · Implementa vLLM
#
# Un solo Deployment define el servidor: imagen, modelo, GPU y cuenta de servicio. Lo revisas, lo aplicas y observas cómo arrancan el nodo, la imagen y el contenedor.
#
# **Objetivos**
# - Dimensionar el servidor.
# - Leer el manifiesto y ver dónde y por qué difiere del de la guía.
# - Implementarlo y esperar hasta que su contenedor se ejecute.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Muestra el manifiesto, crea el Deployment y espera al contenedor | Los notebooks 3, 4 y 5 | vLLM en pleno arranque, en un Pod con GPU | Varios minutos para el nodo con GPU y la imagen; segundos en un ensayo si su motor ya está creado. La GPU se cobra desde que llega el nodo |

# %% tags=["parameters"]
inference_server: str = ""  # vllm or sglang
vllm_version: str = ""  # vLLM release, 0.11.1 or later
tensor_parallel_size: str = ""  # GPUs that share one copy of the model
max_model_len: str = ""  # context length in tokens, prompt and answer together; 0: the model's own
concurrency: str = ""  # parallel reads of the streamer
replicas: str = ""  # Pods of the Deployment
zone: str = ""  # zone that the Pods run in
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor, exercises
from warmbook.steps import overview, server

# %% [markdown] lang="en"
# ## Size the server
# For a model that fits one GPU, keep the defaults.
#
# - `tensor_parallel_size`: GPUs that share one copy of the model. For a model too large for one GPU, set it and `gpu_count` to 2, 4 or 8.
# - `max_model_len`: context length. Its KV cache must fit the GPU memory that the weights leave free; notebook 3 shows the longest context that fits.
# - `concurrency`: parallel reads of the streamer (8 by default). In the streamer's benchmark on Amazon S3, 32 was fastest; notebook 9 measures yours.
# - `vllm_version`: 0.11.1 or later; the image of 0.11.0 can't read Cloud Storage.
# - `inference_server`: vLLM, or SGLang, whose container installs the streamer's Cloud Storage part first. A rehearsal runs vLLM only.

# %% [markdown] lang="es"
# ## Dimensiona el servidor
# Si el modelo cabe en una GPU, conserva los valores predeterminados.
#
# - `tensor_parallel_size`: GPUs que comparten una copia del modelo (paralelismo de tensores). Si el modelo es demasiado grande para una GPU, fija este valor y `gpu_count` en 2, 4 u 8.
# - `max_model_len`: longitud del contexto. Su caché KV debe caber en la memoria de la GPU que dejan libre los pesos; el notebook 3 muestra el contexto más largo que cabe.
# - `concurrency`: lecturas en paralelo del transmisor (8 de forma predeterminada). En las pruebas del transmisor con Amazon S3, 32 fue el valor más rápido; el notebook 9 mide el tuyo.
# - `vllm_version`: 0.11.1 o posterior; la imagen de 0.11.0 no puede leer de Cloud Storage.
# - `inference_server`: vLLM, o SGLang, cuyo contenedor instala primero la parte del transmisor para Cloud Storage. Un ensayo solo ejecuta vLLM.

# %% guide="G19 G20 G21" jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "06")

# %% [markdown] lang="en"
# ## Run preflight checks
# The next cells provision a GPU node, billed by the minute. The checks verify the model's files, the cluster and its GPU driver, the service account, its roles on the bucket (including bindings with a wrong namespace or project number), and the quota.

# %% [markdown] lang="es"
# ## Comprueba los requisitos previos
# Las celdas siguientes aprovisionan un nodo con GPU, que se cobra por minuto. Se verifican los archivos del modelo, el clúster y su controlador de GPU, la cuenta de servicio, sus roles sobre el bucket (incluidas las vinculaciones con un espacio de nombres o un número de proyecto equivocado) y la cuota.

# %%
preflight = doctor.examine(settings, clients, before="06")
preflight

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    preflight,
    "all preflight checks passed",
    remedy="follow the remedies on the lines marked ✗, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Predict
# Commit two predictions before anything is measured. Below each measurement, you see the result beside your prediction. You can skip this.

# %% [markdown] lang="es"
# ## Predice
# Confirma dos predicciones antes de medir. Debajo de cada medición ves el resultado junto a tu predicción. Puedes omitirlo.

# %% tags=["exercise"]
exercises.predict("06")

# %% [markdown] lang="en"
# ## Review the manifest
# Nothing is deployed yet. The card lists each line that differs from the guide's manifest, with the reason; the whole YAML is folded below.
#
# - `serviceAccountName`: the account of notebook 5, which has access to the bucket.
# - `--load-format=runai_streamer` with `--model=gs://…`: stream instead of download.
# - `--model-loader-extra-config={"distributed":true}`: several GPUs share the reads. Omitted with one GPU, and for releases that load corrupted weights with it.
# - `startupProbe`: ten and a half minutes to load, compile and warm up; more for very large models.
# - `requests`: memory for the streamer's buffer and the server.
# - `/dev/shm`: shared memory for several GPUs.
# - `nodeSelector`: a node with your GPU; Autopilot provisions it.

# %% [markdown] lang="es"
# ## Revisa el manifiesto
# Todavía no se implementa nada. La tarjeta enumera cada línea que difiere del manifiesto de la guía, con el motivo; debajo está plegado el YAML completo.
#
# - `serviceAccountName`: la cuenta del notebook 5, que tiene acceso al bucket.
# - `--load-format=runai_streamer` con `--model=gs://…`: transmitir en lugar de descargar.
# - `--model-loader-extra-config={"distributed":true}`: varias GPUs se reparten las lecturas. Se omite con una sola GPU y en las versiones que cargan pesos dañados con esta opción.
# - `startupProbe`: diez minutos y medio para cargar, compilar y calentar; más si el modelo es muy grande.
# - `requests`: memoria para el búfer del transmisor y el servidor.
# - `/dev/shm`: memoria compartida para varias GPUs.
# - `nodeSelector`: un nodo con tu GPU; Autopilot lo aprovisiona.

# %% [markdown] lang="en"
# **Where the guide is out of date:** vLLM 0.17 removed `--disable-log-requests`, and a server that is started with it exits immediately. The flag is omitted for newer releases. `python -m warmbook lint FILE` finds this and more in any manifest; `python -m warmbook manifest --as-in-the-guide` prints the guide's own.
#
# GKE Inference Quickstart generates manifests for other models and GPUs.

# %% [markdown] lang="es"
# **Donde la guía quedó desactualizada:** vLLM 0.17 quitó `--disable-log-requests`, y un servidor que la recibe termina de inmediato. La opción se omite en las versiones más nuevas. `python -m warmbook lint FILE` encuentra esto y más en cualquier manifiesto; `python -m warmbook manifest --as-in-the-guide` imprime el de la guía.
#
# La herramienta Inicio rápido de GKE Inference genera manifiestos para otros modelos y GPUs.

# %% guide="G18 G23"
manifest = server.manifest(settings, clients)
exercises.see(
    manifest,
    "06",
    changes=len(manifest.departures),
    rejected_flag=manifest.rejected_flag,
)

# %% [markdown] lang="en"
# ## Create the Deployment
# A changed Deployment is updated; an unchanged one is left alone. A rolling update starts the new Pod first, so it needs a second GPU. Where GPUs are scarce (Standard, Spot, several GPUs per Pod), the manifest sets `Recreate`: the old Pod stops first, and the service is down until the new one is ready.

# %% [markdown] lang="es"
# ## Crea el Deployment
# Un Deployment que cambió se actualiza; uno sin cambios queda como está. Una actualización progresiva inicia primero el Pod nuevo, así que necesita una segunda GPU. Donde las GPUs escasean (Standard, Spot, varias GPUs por Pod), el manifiesto define `Recreate`: primero se detiene el Pod anterior, y el servicio no está disponible hasta que el nuevo esté listo.

# %% tags=["creates-resource"] guide="G22"
deployed = server.deploy(settings, clients, needs=manifest.needs)
deployed

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    deployed.exists,
    "the Deployment exists",
    remedy="run the cell above again; if the service account is missing, run notebook 05",
)

# %% [markdown] lang="en"
# ## Wait for the container
# The line below the cell shows the stages:
#
# 1. **Pending**: no node has a free GPU. Autopilot, or the node pool, adds one in one to three minutes.
# 2. **Pulling**: the node downloads the image, many gigabytes.
# 3. **Running**: the vLLM process has started. The weights stream about a minute later (notebook 7).
#
# If a Pod cannot recover by waiting (no quota, stockout, image not found), the wait ends immediately and names the cause. You can interrupt the cell; the Pod continues. In a rehearsal, the image is an environment with a CPU build of the same vLLM.

# %% [markdown] lang="es"
# ## Espera al contenedor
# La línea bajo la celda muestra las etapas:
#
# 1. **Pending**: ningún nodo tiene una GPU libre. Autopilot, o el grupo de nodos, agrega uno en uno a tres minutos.
# 2. **Descarga**: el nodo descarga la imagen, de muchos gigabytes.
# 3. **En ejecución**: arrancó el proceso de vLLM. Los pesos se transmiten alrededor de un minuto después (notebook 7).
#
# Si un Pod no puede recuperarse esperando (sin cuota, zona agotada, imagen no encontrada), la espera termina de inmediato e indica la causa. Puedes interrumpir la celda; el Pod continúa. En un ensayo, la imagen es un entorno con el mismo vLLM compilado para CPU.

# %%
started = server.wait_started(settings, clients)
started

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    started.running,
    "the server's container is running",
    remedy="run the cell above again; it names what the Pod waits for",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.

# %% tags=["exercise"]
exercises.compare("06")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# The new line is `--model-loader-extra-config={"concurrency":32}`. More parallel reads help only until something else is the limit: the machine's network, its processor, or the bucket. Above that, 32 readers share the same rate and use more memory and connections. Notebook 9 measures where your limit is.
#
# </details>
#
# Next: [7 · Verify the deployment and measure the cold start](07_streaming.ipynb)

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# La línea nueva es `--model-loader-extra-config={"concurrency":32}`. Más lecturas en paralelo ayudan solo hasta que el límite es otro: la red de la máquina, su procesador o el bucket. A partir de ahí, 32 lectores comparten la misma velocidad y usan más memoria y conexiones. El notebook 9 mide dónde está tu límite.
#
# </details>
#
# Siguiente: [7 · Verifica la implementación y mide el inicio en frío](07_streaming.ipynb)
