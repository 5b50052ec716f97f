# %% [markdown] lang="en"
# # 4 · Create the cluster
#
# From here on, Google Cloud costs money until notebook 10. A rehearsal goes through the same states, faster.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Looks for the GPU in your region, creates the cluster, adds a GPU node pool if it is Standard | Notebook 2; quota for one GPU | A running cluster with Workload Identity Federation | About 5 minutes, 3 more for a pool; in a rehearsal, seconds. A cluster fee per hour, and a Standard pool bills its GPU from now on |

# %% [markdown] lang="es"
# # 4 · Crea el clúster
#
# De aquí al notebook 10, Google Cloud cuesta dinero. Un ensayo pasa por los mismos estados, más rápido.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Busca la GPU en tu región, crea el clúster y le agrega un grupo de nodos con GPU si es Standard | El notebook 2; cuota para una GPU | Un clúster en ejecución con Workload Identity Federation | Unos 5 minutos, y 3 más para un grupo de nodos; en un ensayo, segundos. Una tarifa por hora de clúster, y un grupo Standard cobra su GPU desde ya |

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
from warmbook import SettingsForm, check, connect, doctor
from warmbook.steps import cluster

# %% [markdown] lang="en"
# ## Autopilot or Standard
# In an **Autopilot** cluster you never make a node: when the vLLM Pod asks for a GPU, GKE brings a machine that has one, and takes it away when the Pod is gone. The cluster is regional, so `location` is a region. It is the simpler choice, and the default.
#
# In a **Standard** cluster you choose the machines yourself: one small node for the cluster's own Pods, and a node pool with the GPU. It is zonal here, as in the guide, so `location` is a zone. Choose it when the GPU machine must be there before the Pod asks, and remember that it costs while it waits.

# %% [markdown] lang="es"
# ## Autopilot o Standard
# En un clúster de **Autopilot** nunca creas nodos: cuando el Pod de vLLM pide una GPU, GKE trae una máquina que la tiene y se la lleva cuando el Pod ya no está. El clúster es regional, así que `location` es una región. Es la opción más sencilla, y la predeterminada.
#
# En un clúster de **Standard** eliges tú las máquinas: un nodo pequeño para los Pods del propio clúster y un grupo de nodos con la GPU. Aquí es zonal, como en la guía, así que `location` es una zona. Elígelo si la máquina con GPU debe estar lista antes de que el Pod la pida, y recuerda que cuesta también mientras espera.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %% [markdown] lang="en"
# ## Ask before you build
# A cluster takes minutes, so the doctor asks first what could spoil it: the APIs of notebook 2, your permissions, the quota for as many GPUs as `gpu_count` times the Pods need, in the region and over all regions, and whether the bucket is near. GPUs that your cluster holds already count as yours. A line marked ✗ is worth mending now, while nothing is billed yet.

# %% [markdown] lang="es"
# ## Pregunta antes de construir
# Un clúster tarda minutos, así que el doctor pregunta primero qué podría estropearlo: las APIs del notebook 2, tus permisos, la cuota para tantas GPUs como pide `gpu_count` por cada Pod, en la región y en el total de todas las regiones, y si el bucket queda cerca. Las GPUs que tu clúster ya tiene cuentan como tuyas. Una línea marcada con ✗ conviene arreglarla ahora, cuando todavía no se cobra nada.

# %%
examined = doctor.examine(settings, clients, before="04")
examined

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    examined,
    "nothing stands in the way of this notebook",
    remedy="do what the lines marked ✗ say, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Look for the GPU
# Not every zone has every GPU, and a project may use only as many as its quota allows, which in a new project may be none. Both are cheaper to learn now than from a Pod that stays Pending.
#
# The card shows the zones of your region that offer the GPU, and how much of the regional quota is left. It cannot show one thing: whether a machine is free at this moment. A zone that is sold out tells so only when a node is asked for.

# %% [markdown] lang="es"
# ## Busca la GPU
# No todas las zonas tienen todas las GPUs, y un proyecto solo puede usar las que permite su cuota, que en un proyecto nuevo puede ser ninguna. Ambas cosas salen más baratas si las sabes ahora y no por un Pod que se queda en Pending.
#
# La tarjeta muestra las zonas de tu región que ofrecen la GPU y cuánto queda de la cuota regional. Hay algo que no puede mostrar: si en este momento hay una máquina libre. Una zona agotada solo lo dice cuando se le pide un nodo.

# %%
offer = cluster.gpu_offer(settings, clients)
offer

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    offer.zones,
    "the region has the GPU",
    remedy="choose another region in the form, near a bucket with the model, or another GPU",
    pitfall="gpu-not-offered",
)

# %% [markdown] lang="en"
# ## Create the cluster
# GKE starts a Kubernetes control plane for you. The line below the cell counts the minutes; you should end at RUNNING after about 5 in the cloud, and after seconds in a rehearsal. The cell only waits: if you interrupt it, GKE goes on, and running it again picks up the same cluster. A Standard cluster gets the add-on by which Pods mount buckets, too: it is off there by default, and notebook 9 compares such a mount.

# %% [markdown] lang="es"
# ## Crea el clúster
# GKE pone en marcha un plano de control de Kubernetes para ti. La línea bajo la celda cuenta los minutos; deberías terminar en RUNNING después de unos 5 en la nube, y en segundos si es un ensayo. La celda solo espera: si la interrumpes, GKE sigue, y al ejecutarla otra vez retoma el mismo clúster. Un clúster de Standard recibe además el complemento con el que los Pods montan buckets: allí viene desactivado, y el notebook 9 compara un bucket montado así.

# %% tags=["creates-resource"] guide="G09 G10"
created = cluster.create(settings, clients)
created

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    created.status in {"RUNNING", "RECONCILING"},
    "the cluster runs",
    remedy="wait a minute, then run the cell above again",
)

# %% [markdown] lang="en"
# One more line of the card deserves a look: the **workload identity pool**. It is what lets Pods sign in to Google Cloud without a key. Autopilot always has it; a Standard cluster has it because it was asked for, with `--workload-pool`. A cluster of yours that was there before and lacks it can't be used until you turn it on.

# %% [markdown] lang="es"
# Hay otra línea de la tarjeta que merece atención: el **grupo de identidades para cargas de trabajo**. Es lo que permite que los Pods accedan a Google Cloud sin una clave. Autopilot siempre lo tiene; un clúster de Standard lo tiene porque se pidió, con `--workload-pool`. Un clúster tuyo que ya existía y no lo tiene no servirá hasta que lo actives.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    created.workload_pool,
    "Pods of the cluster can have an identity in Google Cloud",
    remedy="turn on Workload Identity Federation for the cluster, or choose another name for it",
    pitfall="wif-off",
)

# %% [markdown] lang="en"
# ## Add the GPU nodes
# For Autopilot this cell does nothing and says so: the node comes with the Pod, in notebook 6.
#
# For Standard it creates the pool `g2-gpu-pool` with one machine. Compared with the guide's command it says two things more. It asks for `gpu_count` GPUs, and it asks GKE to install the GPU driver, because the API's own default is documented as installing none, and then the node would have a GPU that no Pod can use. Which driver, `gpu_driver` says: `auto` is GKE's default one where the CUDA in the server's image runs on it, else the latest. vLLM's images hold CUDA 13 from 0.20.0 on, which needs driver 580; the default was 535 in September 2026.
#
# Expect about 3 minutes in the cloud. If GKE reports that the zone has no machines left, that is no fault of yours: delete the pool and try later, or begin again in another zone.
#
# `spot` makes it a pool of Spot machines, a good third cheaper: Google may take such a machine back at any time, with 30 seconds' notice. That suits a trial; a service needs replicas, or a fallback on ordinary machines.

# %% [markdown] lang="es"
# ## Agrega los nodos con GPU
# En Autopilot, esta celda no hace nada y te lo dice: el nodo llega con el Pod, en el notebook 6.
#
# En Standard, crea el grupo de nodos `g2-gpu-pool` con una máquina. Comparada con el comando de la guía, dice dos cosas más. Pide `gpu_count` GPUs y le pide a GKE que instale el controlador de la GPU, porque, según su documentación, lo predeterminado en la API es no instalar ninguno, y entonces el nodo tendría una GPU que ningún Pod puede usar. Cuál, lo dice `gpu_driver`: `auto` es el predeterminado de GKE si el CUDA de la imagen del servidor funciona con él; si no, el más reciente. Las imágenes de vLLM llevan CUDA 13 desde la 0.20.0, que necesita el controlador 580; el predeterminado era el 535 en septiembre de 2026.
#
# Calcula unos 3 minutos en la nube. Si GKE informa que en la zona ya no quedan máquinas, no es culpa tuya: borra el grupo y prueba más tarde, o vuelve a empezar en otra zona.
#
# `spot` lo convierte en un grupo de máquinas Spot, más de un tercio más baratas: Google puede retirar una de esas máquinas en cualquier momento, con 30 segundos de aviso. Para una prueba está bien; un servicio necesita réplicas, o máquinas comunes de respaldo.

# %% tags=["creates-resource"] guide="G11"
pool = cluster.create_node_pool(settings, clients)
pool

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    pool.ready,
    "a Pod that asks for a GPU can get a node",
    remedy="wait a minute, then run the cell above again",
)

# %% [markdown] lang="en"
# Next: [5 · Give the Pods an identity](05_identity.ipynb)

# %% [markdown] lang="es"
# Siguiente: [5 · Da una identidad a los Pods](05_identity.ipynb)
