# %% [markdown] lang="en"
# # 10 · Delete what you created
#
# A forgotten GPU costs more than everything else in this book. This notebook asks the cloud what the workbook made, deletes exactly that, and then looks again.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Lists what the workbook created, deletes it, proves that it is gone | The same project, location and names as before | Your project, your bucket and your model, as they were | About 5 minutes in the cloud, seconds in a rehearsal; after that nothing costs any more but your bucket |

# %% [markdown] lang="es"
# # 10 · Borra lo que creaste
#
# Una GPU olvidada cuesta más que todo lo demás de este cuaderno. Este notebook le pregunta a la nube qué creó el cuaderno, borra exactamente eso y vuelve a mirar.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Enumera lo que creó el cuaderno, lo borra y comprueba que ya no está | El mismo proyecto, la misma ubicación y los mismos nombres que antes | Tu proyecto, tu bucket y tu modelo, como estaban | Unos 5 minutos en la nube, segundos en un ensayo; después ya no cuesta nada, salvo tu bucket |

# %% tags=["parameters"]
project_id: str = ""  # PROJECT_ID in the guide; empty keeps your saved choice
cluster_name: str = ""  # CLUSTER_NAME in the guide
namespace: str = ""  # NAMESPACE in the guide
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect
from warmbook.steps import cleanup

# %% [markdown] lang="en"
# ## Say where to look
# The workbook finds things where your choices point. Clusters and node pools of the same project with the workbook's label are listed wherever they are. If you changed the project or the bucket on the way, come back once for each of them.

# %% [markdown] lang="es"
# ## Di dónde buscar
# El cuaderno encuentra las cosas donde apuntan tus opciones. Los clústeres y grupos de nodos del mismo proyecto con la etiqueta del cuaderno se enumeran estén donde estén. Si por el camino cambiaste el proyecto o el bucket, vuelve una vez por cada cambio.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %% [markdown] lang="en"
# ## See what would go
# Nothing is deleted yet. Each line names a thing and the proof that the workbook made it: a label on the cluster, on its GPU node pool, on Kubernetes objects, or on the bucket for its caches; for a role, the name of your service account. A cluster that you had before keeps running; only the node pool and the objects of this book are taken out of it. What may be yours without such a proof is listed, and stays until you delete it by hand.
#
# Your bucket and your model stay in any case. So do the APIs and your own roles on the project; they cost nothing.

# %% [markdown] lang="es"
# ## Mira qué se borraría
# Todavía no se borra nada. Cada línea nombra algo y la prueba de que lo creó el cuaderno: una etiqueta en el clúster, en su grupo de nodos con GPU, en los objetos de Kubernetes o, para las cachés, en el bucket; si es un rol, el nombre de tu cuenta de servicio. Un clúster que ya tenías sigue en ejecución; de él salen solo el grupo de nodos y los objetos de este cuaderno. Lo que quizá sea tuyo sin esa prueba se enumera y se queda hasta que lo borres a mano.
#
# Tu bucket y tu modelo se quedan en todo caso. También las APIs y tus roles en el proyecto, que no cuestan nada.

# %%
plan = cleanup.inventory(settings, clients)
plan

# %% [markdown] lang="en"
# ## Delete it
# The cluster goes with its nodes and everything that runs in it; GKE needs about 4 minutes for it. Caches are disabled, which ends their service; Google keeps a disabled cache for another hour, during which it could be resumed, and the bucket can't be deleted before it is gone. The two roles on the bucket are taken back from the service account, in the workbook's own cluster from those of all its namespaces, and from nobody else.
#
# If the cell is interrupted, run it again: it takes up where GKE is.

# %% [markdown] lang="es"
# ## Bórralo
# El clúster se va con sus nodos y con todo lo que se ejecuta en él; GKE necesita unos 4 minutos. Las cachés se inhabilitan y dejan de servir; Google conserva una caché inhabilitada durante una hora más, en la que se podría reanudar, y hasta que desaparece no se puede borrar el bucket. Los dos roles sobre el bucket se le quitan a la cuenta de servicio, en el clúster del propio cuaderno a las de todos sus espacios de nombres, y a nadie más.
#
# Si la celda se interrumpe, ejecútala otra vez: continúa donde esté GKE.

# %% tags=["deletes-resource"] guide="G32 G33"
removed = cleanup.delete(settings, clients)
form.book.record("cleanup", removed.record())
removed

# %% [markdown] lang="en"
# ## Or delete the whole project
# If you made a project only for this book, deleting it is the surest way: everything in it goes, your bucket and the model included. It can't be undone after 30 days, and the ID can never be used again. That is too much for a cell, so here is only the command, for you to copy.

# %% [markdown] lang="es"
# ## O borra el proyecto entero
# Si creaste un proyecto solo para este cuaderno, borrarlo es lo más seguro: se va todo lo que contiene, incluidos tu bucket y el modelo. Pasados 30 días no hay vuelta atrás, y el ID no se puede volver a usar jamás. Es demasiado para una celda, así que aquí está solo el comando, para que lo copies.

# %% guide="G31"
project_command = cleanup.delete_project(settings, clients)
project_command

# %% [markdown] lang="en"
# ## Look again
# The last cell of the book asks the cloud once more. An empty list is the proof that nothing goes on costing money.

# %% [markdown] lang="es"
# ## Vuelve a mirar
# La última celda del cuaderno le pregunta a la nube una vez más. Una lista vacía es la prueba de que nada sigue costando dinero.

# %%
left = cleanup.inventory(settings, clients)
left

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    left.created == (),
    "nothing that the workbook created is left",
    remedy="run the cell that deletes again; what resists is named there, for the console",
)

# %% [markdown] lang="en" guide="G34"
# ## What's next
# Topics of Google Cloud's documentation that continue from here; search for them by these names:
#
# - **Load Hugging Face models into Cloud Storage**: fill your bucket without a detour over your own disk.
# - **Serve LLMs on GKE with GPUs**: autoscaling, gateways, other servers.
# - **GPUs available in GKE**: from one L4 to machines with eight large GPUs.
# - **GKE storage overview**: Cloud Storage FUSE, Hyperdisk ML, and when they suit better than streaming.
# - **Workload Identity Federation for GKE**: the identity of notebook 5, in all its forms.
#
# The streamer's own pages have its benchmarks and every environment variable: [Run:ai Model Streamer](https://github.com/dsx-ai-factory/model-streamer).
#
# Next: go back to [1 · Choose the model and its place](01_settings.ipynb), and take a model of your own.

# %% [markdown] lang="es" guide="G34"
# ## ¿Qué sigue?
# Temas de la documentación de Google Cloud que continúan desde aquí; búscalos por estos nombres:
#
# - **Carga modelos de Hugging Face en Cloud Storage**: llena tu bucket sin dar un rodeo por tu propio disco.
# - **Entrega LLMs en GKE con GPUs**: ajuste de escala automático, puertas de enlace, otros servidores.
# - **GPUs disponibles en GKE**: desde una L4 hasta máquinas con ocho GPUs grandes.
# - **Descripción general de GKE Storage**: Cloud Storage FUSE, Hyperdisk ML y cuándo convienen más que transmitir.
# - **Federación de identidades para cargas de trabajo de GKE**: la identidad del notebook 5, en todas sus formas.
#
# Las páginas del propio transmisor tienen sus comparativas y todas sus variables de entorno: [Run:ai Model Streamer](https://github.com/dsx-ai-factory/model-streamer).
#
# Siguiente: vuelve a [1 · Elige el modelo y su lugar](01_settings.ipynb) y toma un modelo tuyo.
