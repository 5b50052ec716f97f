# %% [markdown] lang="en"
# # 6 · Deploy the server
#
# One object, a Deployment, says it all: which image, which model, which GPU, which account. You read it first, then send it, and then see a node, an image and a container come, in this order.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Shows the manifest, creates the Deployment, waits until its container runs | Notebooks 3, 4 and 5 | vLLM starting in a Pod with a GPU | Several minutes in the cloud: a GPU node, then an image of many GB; in a rehearsal, seconds once its engine is built. The GPU is billed from the node's arrival |

# %% [markdown] lang="es"
# # 6 · Implementa el servidor
#
# Un solo objeto, un Deployment, lo dice todo: qué imagen, qué modelo, qué GPU, qué cuenta. Primero lo lees, luego lo envías y después ves llegar un nodo, una imagen y un contenedor, en ese orden.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Muestra el manifiesto, crea el Deployment y espera hasta que su contenedor se ejecute | Los notebooks 3, 4 y 5 | vLLM en pleno arranque, en un Pod con GPU | Varios minutos en la nube: un nodo con GPU y luego una imagen de muchos GB; en un ensayo, segundos si su motor ya está armado. La GPU se cobra desde que llega el nodo |

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
from warmbook import SettingsForm, check, connect, doctor
from warmbook.steps import server

# %% [markdown] lang="en"
# ## Size the server
# For a model that fits one GPU the defaults will do. These are the choices that people change:
#
# - `vllm_version`: 0.11.1 or later. The image of 0.11.0 lacks the part of the streamer that reads Cloud Storage, so the form refuses it.
# - `gpu_count` and `tensor_parallel_size`: how many GPUs the Pod gets, and over how many of them one copy of the model is split. For a model too big for one GPU, raise both to the same number, 2, 4 or 8.
# - `max_model_len`: the longest prompt and answer together. GPU memory that the weights leave free holds this context. With 8192 tokens, gemma-2-9b-it needs more than an L4 is likely to have left; with 4096 it may fit. Notebook 3 names the context that surely does.
# - `concurrency`: how many readers the streamer starts, 8 unless you say otherwise. In the streamer's own benchmark on Amazon S3, 32 was best. Its releases differ in what they make of the number, so measure before you believe in one.
# - `gpu_driver`: `auto` has the node run GKE's latest GPU driver where the image's CUDA needs it, by one line in the node selector. `default` leaves the driver to the node pool.
# - `spot`: Spot machines cost a good third less, and Google may take them back at any time. With `replicas` above 1 a service survives that; with one Pod it is away until the next node has come and loaded.
# - `inference_server`: vLLM as in the guide, or SGLang, which reads the same bucket with the same streamer. Its image lacks the streamer's part for Cloud Storage, so its container installs that first. A rehearsal can show its manifest, but runs vLLM only.

# %% [markdown] lang="es"
# ## Dale tamaño al servidor
# Si el modelo cabe en una GPU, bastan los valores predeterminados. Estas son las opciones que la gente cambia:
#
# - `vllm_version`: 0.11.1 o posterior. A la imagen de 0.11.0 le falta la parte del transmisor que lee de Cloud Storage, así que el formulario la rechaza.
# - `gpu_count` y `tensor_parallel_size`: cuántas GPUs recibe el Pod y entre cuántas se reparte una copia del modelo (el paralelismo de tensores). Si el modelo es demasiado grande para una GPU, sube los dos al mismo número: 2, 4 u 8.
# - `max_model_len`: lo más largo que pueden ser la pregunta y la respuesta juntas. La memoria de la GPU que los pesos dejan libre guarda ese contexto. Con 8192 tokens, gemma-2-9b-it necesita más de lo que es probable que quede en una L4; con 4096 puede caber. El notebook 3 nombra el contexto que cabe con seguridad.
# - `concurrency`: cuántos lectores inicia el transmisor; 8 si no dices otra cosa. En las pruebas del propio transmisor con Amazon S3, el mejor valor fue 32. No todas sus versiones hacen lo mismo con ese número: mide antes de creer en alguno.
# - `gpu_driver`: `auto` hace que el nodo use el controlador de GPU más reciente de GKE si el CUDA de la imagen lo necesita, con una línea en el selector de nodos. `default` deja el controlador al grupo de nodos.
# - `spot`: las máquinas Spot cuestan más de un tercio menos, y Google puede retirarlas en cualquier momento. Con `replicas` mayor que 1, un servicio lo resiste; con un solo Pod, se ausenta hasta que llegue otro nodo y cargue el modelo.
# - `inference_server`: vLLM, como en la guía, o SGLang, que lee el mismo bucket con el mismo transmisor. A su imagen le falta la parte del transmisor para Cloud Storage, así que su contenedor la instala primero. Un ensayo puede mostrar su manifiesto, pero solo ejecuta vLLM.

# %% guide="G19 G20 G21" jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %% [markdown] lang="en"
# ## Look once more before the GPU
# What follows brings a machine that is paid by the minute. So the doctor goes through what earlier notebooks left: the model's files, the cluster and its driver, the account, its roles on the bucket, and the quota for the GPUs. Roles that are bound to another namespace, or with the project's ID where its number belongs, look right in a list and give nothing; they are told by name.

# %% [markdown] lang="es"
# ## Mira una vez más antes de la GPU
# Lo que sigue trae una máquina que se paga por minuto. Por eso el doctor repasa lo que dejaron los notebooks anteriores: los archivos del modelo, el clúster y su controlador, la cuenta, sus roles sobre el bucket y la cuota de GPUs. Un rol otorgado a otro espacio de nombres, o con el ID del proyecto donde va su número, parece correcto en una lista y no da nada; aquí se llama por su nombre.

# %%
examined = doctor.examine(settings, clients, before="06")
examined

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    examined,
    "nothing stands in the way of this notebook",
    remedy="do what the lines marked ✗ say, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Read the manifest
# Nothing is sent yet. The card starts from the guide's manifest, names every line in which this one differs, and why; the whole YAML is folded under it. `python -m warmbook manifest --as-in-the-guide` prints the guide's own. What to look for:
#
# - `serviceAccountName` ties the Pod to the account of notebook 5, and so to the bucket.
# - `--model=gs://…` and `--load-format=runai_streamer` are the whole switch from downloading to streaming.
# - `--model-loader-extra-config={"distributed":true}` lets several GPUs share the reading. With one GPU it changes nothing and is left out; where a release is known to corrupt weights with it, it is switched off. No space may follow its colon: YAML would then read a map instead of a text.
# - `startupProbe` gives the server 30 s and then 60 tries of 10 s, ten and a half minutes in all, and more for a very large model. Loading, compiling and warming up must end by then, or Kubernetes starts the container over.
# - `requests` name the memory that the streamer's buffer and the server take. Without them a Pod may land on a machine where its load is killed halfway.
# - `/dev/shm` in memory is where the processes of several GPUs meet; it counts as the Pod's memory.
# - `nodeSelector` asks for a node with your GPU; on Autopilot it is this line, with `nvidia.com/gpu`, that makes the node come.
#
# **Where the guide is behind:** `--disable-log-requests` is gone since vLLM 0.17, and a server that is given it stops at once. It is left out for newer releases, which don't log requests anyway. `python -m warmbook lint FILE` finds this, and more, in a manifest that somebody else wrote.
#
# GKE Inference Quickstart can generate more such manifests, for other models and GPUs.

# %% [markdown] lang="es"
# ## Lee el manifiesto
# Todavía no se envía nada. La tarjeta parte del manifiesto de la guía y nombra cada línea en la que este difiere, con el motivo; debajo guarda plegado el YAML completo. `python -m warmbook manifest --as-in-the-guide` imprime el de la guía. En qué fijarte:
#
# - `serviceAccountName` une el Pod con la cuenta del notebook 5 y, por ella, con el bucket.
# - `--model=gs://…` y `--load-format=runai_streamer` son todo el cambio entre descargar y transmitir.
# - `--model-loader-extra-config={"distributed":true}` permite que varias GPUs se repartan la lectura. Con una sola GPU no cambia nada y se omite; si se sabe que una versión corrompe los pesos con esa opción, se desactiva. Después de los dos puntos no debe ir un espacio: YAML leería un mapa en vez de un texto.
# - `startupProbe` le da al servidor 30 s y luego 60 intentos de 10 s, diez minutos y medio en total, y más si el modelo es muy grande. Para entonces tienen que haber terminado la carga, la compilación y el calentamiento; si no, Kubernetes reinicia el contenedor desde cero.
# - `requests` pide la memoria que ocupan el búfer del transmisor y el servidor. Sin eso, un Pod puede caer en una máquina donde la carga muere a la mitad.
# - `/dev/shm` en memoria es donde se encuentran los procesos de varias GPUs; cuenta como memoria del Pod.
# - `nodeSelector` pide un nodo con tu GPU; en Autopilot, es esta línea, junto con `nvidia.com/gpu`, la que hace venir al nodo.
#
# **Donde la guía se quedó atrás:** `--disable-log-requests` desapareció en vLLM 0.17, y un servidor que la recibe se detiene de inmediato. Se omite en las versiones más nuevas, que de todos modos no registran las solicitudes. `python -m warmbook lint FILE` encuentra esto, y más, en un manifiesto escrito por otra persona.
#
# La herramienta Inicio rápido de GKE Inference puede generar más manifiestos como este, para otros modelos y otras GPUs.

# %% guide="G18 G23"
manifest = server.manifest(settings, clients)
manifest

# %% [markdown] lang="en"
# ## Send it
# The cluster takes the Deployment in a moment; all that is slow comes after. If one is there already, it is brought to the choices of the form, and an unchanged one is left in peace. A change starts a new Pod **before** the old one ends, so for a while it needs a second GPU. Where GPUs are scarce, in a Standard pool, on Spot or with several GPUs per Pod, the manifest says `Recreate`: the old Pod ends first, and the service is away until the new one has loaded.

# %% [markdown] lang="es"
# ## Envíalo
# El clúster acepta el Deployment en un instante; lo lento viene después. Si ya hay uno, se ajusta a lo que dice el formulario, y si nada cambió, queda como está. Un cambio inicia un Pod nuevo **antes** de que termine el anterior, así que por un rato necesita una segunda GPU. Donde las GPUs escasean (en un grupo de nodos de Standard, con Spot o con varias GPUs por Pod), el manifiesto dice `Recreate`: primero termina el Pod anterior, y el servicio se ausenta hasta que el nuevo haya cargado.

# %% tags=["creates-resource"] guide="G22"
deployed = server.deploy(settings, clients, needs=manifest.needs)
deployed

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    deployed.exists,
    "the cluster has the Deployment",
    remedy="run the cell above again; if the service account is missing, run notebook 05",
)

# %% [markdown] lang="en"
# ## Wait for the container
# Watch the line under the cell go through these stages:
#
# 1. **Pending**: no node has a free GPU. Autopilot, or the pool of a Standard cluster, brings one in one to three minutes.
# 2. **Scheduled, pulling**: the node downloads the image. It holds the GPU libraries, many gigabytes, and takes minutes on a node that never had it.
# 3. **Running**: vLLM's own process has started. Weights begin to flow about a minute later; that is notebook 7.
#
# A Pod that stays at stage 1 lacks quota, or the zone is sold out; an image that can't be found is a release that does not exist. The cell shows the cluster's own word for it, and stops where waiting would not help. You may also interrupt it: the Pod goes on without it.
#
# In a rehearsal the node is imitated, and the "image" is an environment with a CPU build of the same vLLM, which runs the container's own command.

# %% [markdown] lang="es"
# ## Espera al contenedor
# Mira cómo la línea bajo la celda pasa por estas etapas:
#
# 1. **Pending**: ningún nodo tiene una GPU libre. Autopilot, o el grupo de nodos de un clúster de Standard, trae uno en uno a tres minutos.
# 2. **Programado, descargando**: el nodo descarga la imagen. Contiene las bibliotecas de la GPU, muchos gigabytes, y tarda minutos en un nodo que nunca la tuvo.
# 3. **En ejecución**: arrancó el proceso de vLLM. Los pesos empiezan a fluir más o menos un minuto después; eso es el notebook 7.
#
# Si un Pod se queda en la etapa 1, falta cuota o la zona está agotada; si no se encuentra la imagen, esa versión no existe. La celda muestra lo que dice el propio clúster y se detiene cuando esperar no sirve. También puedes interrumpirla: el Pod sigue sin ella.
#
# En un ensayo, el nodo es imitado y la «imagen» es un entorno con el mismo vLLM compilado para CPU, que ejecuta el mismo comando del contenedor.

# %%
started = server.wait_started(settings, clients)
started

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    started.running,
    "the server's container runs",
    remedy="run the cell above again; it names what the Pod waits for",
)

# %% [markdown] lang="en"
# Next: [7 · Watch the weights stream](07_streaming.ipynb)

# %% [markdown] lang="es"
# Siguiente: [7 · Observa cómo se transmiten los pesos](07_streaming.ipynb)
