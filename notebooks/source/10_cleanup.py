# %% [markdown] lang="en"
# # 10 · Clean up
#
# A forgotten GPU costs more than everything else in this workbook. This notebook lists what the workbook created, deletes exactly that, and lists again.
#
# **Objectives**
# - Review what will be deleted.
# - Delete it, or the whole project.
# - Verify that nothing is billed any more.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Lists and deletes what the workbook created, then verifies | The same project, location and names as before | Your project, bucket and model, unchanged | About 5 minutes, seconds in a rehearsal; afterwards only your bucket is billed |

# %% [markdown] lang="es"
# # 10 · Realiza una limpieza
#
# Una GPU olvidada cuesta más que todo lo demás de esta guía práctica. Este notebook enumera lo que creó la guía práctica, borra exactamente eso y vuelve a enumerar.
#
# **Objetivos**
# - Revisar lo que se va a borrar.
# - Borrarlo, o borrar el proyecto entero.
# - Verificar que ya no se cobre nada.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Enumera y borra lo que creó la guía práctica; luego verifica | El mismo proyecto, la misma ubicación y los mismos nombres que antes | Tu proyecto, tu bucket y tu modelo, sin cambios | Unos 5 minutos, segundos en un ensayo; después solo se cobra tu bucket |

# %% tags=["parameters"]
project_id: str = ""  # PROJECT_ID in the guide; empty keeps your saved choice
cluster_name: str = ""  # CLUSTER_NAME in the guide
namespace: str = ""  # NAMESPACE in the guide
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, exercises
from warmbook.steps import cleanup, overview

# %% [markdown] lang="en"
# ## Choose what to clean up
# Clusters and node pools with the workbook's label are listed wherever they are in the project; everything else is looked up by your settings. If you changed the project or the bucket between notebooks, run this notebook once for each.

# %% [markdown] lang="es"
# ## Elige qué limpiar
# Los clústeres y grupos de nodos con la etiqueta de la guía práctica se enumeran estén donde estén en el proyecto; lo demás se busca según tu configuración. Si cambiaste el proyecto o el bucket entre un notebook y otro, ejecuta este notebook una vez para cada uno.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "10")

# %% [markdown] lang="en"
# ## Predict
# Commit two predictions before anything is measured. Below each measurement, you see the result beside your prediction. You can skip this.

# %% [markdown] lang="es"
# ## Predice
# Confirma dos predicciones antes de medir. Debajo de cada medición ves el resultado junto a tu predicción. Puedes omitirlo.

# %% tags=["exercise"]
exercises.predict("10")

# %% [markdown] lang="en"
# ## Review what will be deleted
# Nothing is deleted yet. Each line names a resource and why it counts as the workbook's: a label on the cluster, node pool, Kubernetes object or bucket, or, for a role, the name of your service account. From a cluster that existed before, only the node pool and the objects of the workbook are deleted. Resources without such a label are listed and kept.
#
# Your bucket, your model, the enabled APIs and your own roles are kept.

# %% [markdown] lang="es"
# ## Revisa lo que se va a borrar
# Todavía no se borra nada. Cada línea nombra un recurso y por qué se considera de la guía práctica: una etiqueta en el clúster, el grupo de nodos, el objeto de Kubernetes o el bucket, o, si es un rol, el nombre de tu cuenta de servicio. De un clúster que ya existía se borran solo el grupo de nodos y los objetos de la guía práctica. Los recursos sin esa etiqueta se enumeran y se conservan.
#
# Tu bucket, tu modelo, las APIs habilitadas y tus propios roles se conservan.

# %%
plan = cleanup.inventory(settings, clients)
plan

# %% [markdown] lang="en"
# ## Delete the resources
# This cell does not ask for confirmation. GKE deletes the cluster with its nodes in about 4 minutes. Caches are disabled; Google keeps a disabled cache for another hour, and the bucket can't be deleted until then. The two roles on the bucket are revoked from the service account; other bindings don't change. If the cell is interrupted, run it again.

# %% [markdown] lang="es"
# ## Borra los recursos
# Esta celda no pide confirmación. GKE borra el clúster con sus nodos en unos 4 minutos. Las cachés se inhabilitan; Google conserva una caché inhabilitada durante una hora más, y hasta entonces no se puede borrar el bucket. Los dos roles sobre el bucket se le revocan a la cuenta de servicio; las demás vinculaciones no cambian. Si la celda se interrumpe, ejecútala otra vez.

# %% tags=["deletes-resource"] guide="G32 G33"
removed = cleanup.delete(settings, clients)
form.book.record("cleanup", removed.record())
exercises.see(removed, "10", deleted=len(removed.created))

# %% [markdown] lang="en"
# ## Delete the project
# If you created a project only for this workbook, delete the project instead: everything in it is deleted, including your bucket and model. After 30 days this can't be undone, and the ID can't be used again. This cell only shows the command.

# %% [markdown] lang="es"
# ## Borra el proyecto
# Si creaste un proyecto solo para esta guía práctica, borra el proyecto: se borra todo lo que contiene, incluidos tu bucket y tu modelo. Después de 30 días no se puede deshacer, y el ID no se puede volver a usar. Esta celda solo muestra el comando.

# %% guide="G31"
project_command = cleanup.delete_project(settings, clients)
project_command

# %% [markdown] lang="en"
# ## Verify the cleanup
# An empty list confirms that nothing you created is still being billed.

# %% [markdown] lang="es"
# ## Verifica la limpieza
# Una lista vacía confirma que ya no se cobra nada de lo que creaste.

# %%
left = cleanup.inventory(settings, clients)
exercises.see(left, "10", billed=left.billed)

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    left.created == (),
    "nothing that the workbook created is left",
    remedy="run the cell that deletes again; a resource that can't be deleted is named there",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.

# %% tags=["exercise"]
exercises.compare("10")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# It keeps the bucket, which contains your model, and the project. The list does not come from a file: clusters, node pools, caches and roles are looked up in Google Cloud each time, and only those with the workbook's label, or with the name of your service account, count as the workbook's. This also works from another computer, or if `workbook.yaml` is lost.
#
# </details>

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# Conserva el bucket, que contiene tu modelo, y el proyecto. La lista no sale de un archivo: cada vez se consultan en Google Cloud los clústeres, grupos de nodos, cachés y roles, y solo los que tienen la etiqueta de la guía práctica o el nombre de tu cuenta de servicio cuentan como suyos. Así funciona también desde otra computadora o si se pierde `workbook.yaml`.
#
# </details>

# %% [markdown] lang="en" guide="G34"
# ## What's next
# Topics in Google Cloud's documentation:
#
# - **Load Hugging Face models into Cloud Storage**: fill the bucket without local disk.
# - **Serve LLMs on GKE with GPUs**: autoscaling, gateways, other servers.
# - **GPUs available in GKE**: from one L4 to machines with eight large GPUs.
# - **GKE storage overview**: Cloud Storage FUSE, Hyperdisk ML, and when to use them.
# - **Workload Identity Federation for GKE**: the identity of notebook 5 in detail.
#
# The streamer's benchmarks and environment variables: [Run:ai Model Streamer](https://github.com/dsx-ai-factory/model-streamer).
#
# Next: go back to [1 · Choose your settings](01_settings.ipynb) and use a model of your own.

# %% [markdown] lang="es" guide="G34"
# ## ¿Qué sigue?
# Temas de la documentación de Google Cloud:
#
# - **Carga modelos de Hugging Face en Cloud Storage**: llena el bucket sin usar el disco local.
# - **Entrega LLMs en GKE con GPUs**: ajuste de escala automático, puertas de enlace, otros servidores.
# - **GPUs disponibles en GKE**: desde una L4 hasta máquinas con ocho GPUs grandes.
# - **Descripción general de GKE Storage**: Cloud Storage FUSE, Hyperdisk ML y cuándo usarlos.
# - **Federación de identidades para cargas de trabajo de GKE**: la identidad del notebook 5 en detalle.
#
# Las comparativas y variables de entorno del transmisor: [Run:ai Model Streamer](https://github.com/dsx-ai-factory/model-streamer).
#
# Siguiente: vuelve a [1 · Elige la configuración](01_settings.ipynb) y usa un modelo tuyo.
