# %% [markdown] lang="en"
# # 4 · Create a GKE cluster with GPUs
#
# On Google Cloud, billing starts here and ends in notebook 10. A rehearsal shows the same states, faster.
#
# **Objectives**
# - Choose between Autopilot and Standard.
# - Find a zone and a quota for the GPU.
# - Create the cluster with Workload Identity Federation and, for Standard, a GPU node pool.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Checks GPU zones and quota, creates the cluster and the node pool | Notebook 2; quota for the GPUs | A running cluster | About 5 minutes, 3 more for a node pool; seconds in a rehearsal. A cluster fee per hour; a Standard node pool bills its GPU from now on |

# %% [markdown] lang="es"
# # 4 · Crea un clúster de GKE con GPUs
#
# En Google Cloud, el cobro empieza aquí y termina en el notebook 10. Un ensayo muestra los mismos estados, más rápido.
#
# **Objetivos**
# - Elegir entre Autopilot y Standard.
# - Encontrar una zona y una cuota para la GPU.
# - Crear el clúster con la federación de identidades para cargas de trabajo y, en Standard, un grupo de nodos con GPU.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Comprueba las zonas y la cuota de la GPU; crea el clúster y el grupo de nodos | El notebook 2; cuota para las GPUs | Un clúster en ejecución | Unos 5 minutos, y 3 más para un grupo de nodos; segundos en un ensayo. Una tarifa por hora de clúster; un grupo de nodos de Standard cobra su GPU desde ahora |

# %% tags=["parameters"]
location: str = ""  # region for Autopilot, zone for Standard; where the bucket is
mode: str = ""  # autopilot or standard
cluster_name: str = ""  # CLUSTER_NAME in the guide
gpu: str = ""  # GPU type, such as nvidia-l4
gpu_count: str = ""  # GPUs of one Pod
machine_type: str = ""  # machine type of the Standard GPU node pool
spot: str = ""  # true: Spot VMs for the GPUs
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor, exercises
from warmbook.steps import cluster, overview

# %% [markdown] lang="en"
# ## Choose Autopilot or Standard
# **Autopilot** (default): GKE provisions a GPU node when the vLLM Pod requests a GPU, and removes it when the Pod is gone. The cluster is regional, so `location` is a region.
#
# **Standard**: you choose the machines, one small node for system Pods and a node pool with the GPU. The cluster is zonal, as in the guide, so `location` is a zone. The GPU node is ready before the Pod requests it, and is billed while it waits.

# %% [markdown] lang="es"
# ## Elige Autopilot o Standard
# **Autopilot** (predeterminado): GKE aprovisiona un nodo con GPU cuando el Pod de vLLM solicita una y lo quita cuando el Pod ya no está. El clúster es regional, así que `location` es una región.
#
# **Standard**: tú eliges las máquinas, un nodo pequeño para los Pods del sistema y un grupo de nodos con la GPU. El clúster es zonal, como en la guía, así que `location` es una zona. El nodo con GPU está listo antes de que el Pod lo solicite y se cobra mientras espera.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "04")

# %% [markdown] lang="en"
# ## Run preflight checks
# The checks cover the APIs, your permissions, the GPU quota in the region and over all regions (`gpu_count` times the number of Pods), and the location of the bucket. GPUs that your cluster already uses count as available.

# %% [markdown] lang="es"
# ## Comprueba los requisitos previos
# Se comprueban las APIs, tus permisos, la cuota de GPU en la región y en todas las regiones (`gpu_count` por la cantidad de Pods) y la ubicación del bucket. Las GPUs que tu clúster ya usa cuentan como disponibles.

# %%
preflight = doctor.examine(settings, clients, before="04")
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
exercises.predict("04")

# %% [markdown] lang="en"
# ## Check GPU quota and availability
# Not every zone offers every GPU, and a new project may have a quota of zero. The card lists the zones of your region that offer the GPU, and the remaining quota. It can't show whether a machine is free right now: a stockout shows only when a node is requested.

# %% [markdown] lang="es"
# ## Comprueba la cuota y la disponibilidad de la GPU
# No todas las zonas ofrecen todas las GPUs, y un proyecto nuevo puede tener una cuota de cero. La tarjeta enumera las zonas de tu región que ofrecen la GPU y la cuota restante. No puede mostrar si hay una máquina libre en este momento: el agotamiento solo se ve al solicitar un nodo.

# %%
offer = cluster.gpu_offer(settings, clients)
exercises.see(offer, "04", zones=len(offer.zones))

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    offer.zones,
    "the region offers the GPU",
    remedy="choose another region near a bucket with the model, or another GPU",
    pitfall="gpu-not-offered",
)

# %% [markdown] lang="en"
# ## Create the cluster
# GKE creates the control plane; the status becomes `RUNNING` after about 5 minutes (seconds in a rehearsal). You can interrupt the cell: GKE continues, and running the cell again waits for the same cluster. A Standard cluster also gets the Cloud Storage FUSE CSI driver, which notebook 9 uses.

# %% [markdown] lang="es"
# ## Crea el clúster
# GKE crea el plano de control; el estado pasa a `RUNNING` en unos 5 minutos (segundos en un ensayo). Puedes interrumpir la celda: GKE continúa, y si la ejecutas otra vez, espera al mismo clúster. Un clúster de Standard recibe además el controlador de CSI de Cloud Storage FUSE, que usa el notebook 9.

# %% tags=["creates-resource"] guide="G09 G10"
created = cluster.create(settings, clients)
created

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    created.status in {"RUNNING", "RECONCILING"},
    "the cluster is running",
    remedy="wait a minute, then run the cell above again",
)

# %% [markdown] lang="en"
# The **workload identity pool** lets Pods authenticate to Google Cloud without a key. Autopilot always has it; a new Standard cluster gets it with `--workload-pool`. If your existing cluster lacks it, enable it first.

# %% [markdown] lang="es"
# El **grupo de identidades para cargas de trabajo** permite que los Pods se autentiquen en Google Cloud sin una clave. Autopilot siempre lo tiene; un clúster de Standard nuevo lo recibe con `--workload-pool`. Si tu clúster ya existía y no lo tiene, habilítalo primero.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    created.workload_pool,
    "the cluster has Workload Identity Federation",
    remedy="enable Workload Identity Federation for the cluster, or choose another cluster name",
    pitfall="wif-off",
)

# %% [markdown] lang="en"
# ## Create the GPU node pool
# For Autopilot, this cell does nothing. For Standard, it creates the node pool `g2-gpu-pool` with one machine. It adds two options to the guide's command: the number of GPUs (`gpu_count`) and the GPU driver, which the API does not install by default. With the driver version `auto`, GKE installs its default version if the image's CUDA version runs on it, or else the latest version.
#
# If GKE reports a stockout, delete the node pool and try later, or use another zone. With `spot`, machines cost about a third less, and Google can reclaim them with 30 seconds' notice.

# %% [markdown] lang="es"
# ## Crea el grupo de nodos con GPU
# En Autopilot, esta celda no hace nada. En Standard, crea el grupo de nodos `g2-gpu-pool` con una máquina. Agrega dos opciones al comando de la guía: la cantidad de GPUs (`gpu_count`) y el controlador de GPU, que la API no instala de forma predeterminada. Con la versión `auto`, GKE instala su versión predeterminada del controlador si la versión de CUDA de la imagen funciona con ella; si no, la más reciente.
#
# Si GKE informa que la zona está agotada, borra el grupo de nodos y prueba más tarde, o usa otra zona. Con `spot`, las máquinas cuestan alrededor de un tercio menos, y Google puede reclamarlas con 30 segundos de aviso.

# %% tags=["creates-resource"] guide="G11"
pool = cluster.create_node_pool(settings, clients)
exercises.see(pool, "04", gpu_node=pool.node_comes_with)

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    pool.ready,
    "a Pod that requests a GPU can get a node",
    remedy="wait a minute, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.

# %% tags=["exercise"]
exercises.compare("04")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# Fewer zones offer an H100 than an L4, and a new project usually has no quota for it. Without quota the Pod stays `Pending`: no node is provisioned, and nothing is billed for the GPU. The checks show this in seconds; without them, notebook 6 would wait for a node that never comes.
#
# </details>
#
# Next: [5 · Configure Workload Identity Federation for GKE](05_identity.ipynb)

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# Hay menos zonas con H100 que con L4, y un proyecto nuevo normalmente no tiene cuota para ella. Sin cuota, el Pod se queda en `Pending`: no se aprovisiona ningún nodo y no se cobra nada por la GPU. Las comprobaciones lo muestran en segundos; sin ellas, el notebook 6 esperaría un nodo que nunca llega.
#
# </details>
#
# Siguiente: [5 · Configura la federación de identidades para cargas de trabajo de GKE](05_identity.ipynb)
