# %% [markdown] lang="en"
# # 8 · Enable Anywhere Cache and scale out
#
# This notebook is optional. Anywhere Cache (now called Rapid Cache) keeps a copy of bucket data in one zone. It helps when many Pods in that zone load at the same time; a single load may not get faster.
#
# **Objectives**
# - Start several replicas and measure their cold starts.
# - Create a cache in the zone of the Pods and verify that it serves them.
# - Autoscale on vLLM's queue size.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Scales out, reads the weights without and with a cache, autoscales if `max_replicas` is set | A ready server (notebook 7); GPU quota to scale | A cache that is billed until notebook 10 | The cache: minutes to hours, seconds in a rehearsal. Each new Pod needs one more GPU |

# %% [markdown] lang="es"
# # 8 · Habilita Anywhere Cache y escala
#
# Este notebook es opcional. Anywhere Cache («caché en cualquier lugar» en la guía, hoy Rapid Cache) conserva en una zona una copia de los datos del bucket. Ayuda cuando muchos Pods de esa zona cargan a la vez; una sola carga puede no ser más rápida.
#
# **Objetivos**
# - Iniciar varias réplicas y medir sus inicios en frío.
# - Crear una caché en la zona de los Pods y verificar que los atienda.
# - Ajustar la escala según el tamaño de la cola de vLLM.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Escala, lee los pesos sin caché y con ella, ajusta la escala si se define `max_replicas` | Un servidor listo (notebook 7); cuota de GPU para escalar | Una caché que se cobra hasta el notebook 10 | La caché: de minutos a horas, segundos en un ensayo. Cada Pod nuevo necesita otra GPU |

# %% tags=["parameters"]
replicas: str = ""  # Pods of the Deployment
zone: str = ""  # zone that the Pods run in
cache_scope: str = ""  # zone or region: where to create caches
max_replicas: str = ""  # upper limit for autoscaling by queue size; 0: no autoscaling
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor, exercises
from warmbook.steps import autoscaling, cache, overview, scaling, streaming

# %% [markdown] lang="en"
# ## Choose zone and replicas
# A cache serves only its own zone.
#
# - **Standard (zonal) cluster**: create the cache in that zone.
# - **Regional cluster**, such as Autopilot: either create a cache in each zone (`cache_scope` = region), each billed, or keep the Pods in one zone (`zone`, a `nodeSelector` in the manifest) with one cache.
#
# If you change `zone` here, run notebook 6 again. Set `replicas` to 2 or more to measure simultaneous loads; each replica needs a GPU, or memory and a core in a rehearsal.

# %% [markdown] lang="es"
# ## Elige la zona y las réplicas
# Una caché atiende solo a su propia zona.
#
# - **Clúster de Standard (zonal)**: crea la caché en esa zona.
# - **Clúster regional**, como el de Autopilot: crea una caché en cada zona (`cache_scope` = region), cada una con su cobro, o mantén los Pods en una zona (`zone`, un `nodeSelector` en el manifiesto) con una sola caché.
#
# Si cambias `zone` aquí, vuelve a ejecutar el notebook 6. Fija `replicas` en 2 o más para medir cargas simultáneas; cada réplica necesita una GPU, o memoria y un núcleo en un ensayo.

# %% guide="G28" jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "08")

# %% [markdown] lang="en"
# ## Run preflight checks
# If the bucket already has a cache, the checks report whether it is running and whether your Pods are in its zone. The card after them compares the zones of the Pods with the zones of the caches, and marks each Pod without a cache or outside the chosen zone.

# %% [markdown] lang="es"
# ## Comprueba los requisitos previos
# Si el bucket ya tiene una caché, se informa si está en ejecución y si tus Pods están en su zona. La tarjeta que sigue compara las zonas de los Pods con las de las cachés, y marca cada Pod sin caché o fuera de la zona elegida.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    doctor.examine(settings, clients, before="08"),
    "all preflight checks passed",
    remedy="follow the remedies on the lines marked ✗, then run this cell again",
)

# %% guide="G27 G28" tags=["optional"]
zones = cache.zones(settings, clients)
zones

# %% [markdown] lang="en"
# ## Scale out
# The Deployment is scaled to `replicas` Pods, and the cell waits until each is ready. With 1 (the default), it returns immediately. A Pod without a GPU stays Pending, and the cell shows why. The picture shows the cold start of each Pod as a row.

# %% [markdown] lang="es"
# ## Escala el Deployment
# El Deployment se escala a `replicas` Pods, y la celda espera hasta que cada uno esté listo. Con 1 (el valor predeterminado), termina de inmediato. Un Pod sin GPU se queda en Pending, y la celda muestra por qué. La imagen muestra el inicio en frío de cada Pod en una fila.

# %% tags=["creates-resource", "optional"]
scaled = scaling.scale(settings, clients)
scaled

# %% tags=["optional"]
starts = streaming.cold_start(settings, clients)
starts.plot()

# %% [markdown] lang="en"
# ## Read the weights without the cache
# A small process beside each server reads the weights again with the streamer, over the node's network, and discards them. No Pod restarts. One Pod reads alone, then all read together, `compare_runs` times in turn.
#
# If reading together takes longer, the Pods share a limit: the region's bandwidth quota or, in a rehearsal, this machine. The card estimates from how many Pods on this happens.

# %% [markdown] lang="es"
# ## Lee los pesos sin la caché
# Un proceso pequeño junto a cada servidor vuelve a leer los pesos con el transmisor, por la red del nodo, y los descarta. Ningún Pod se reinicia. Un Pod lee solo y luego leen todos juntos, `compare_runs` veces por turnos.
#
# Si la lectura conjunta tarda más, los Pods comparten un límite: la cuota de ancho de banda de la región o, en un ensayo, esta máquina. La tarjeta estima a partir de cuántos Pods ocurre.

# %% tags=["optional"]
before = scaling.read(settings, clients)
before

# %% tags=["exercise"]
exercises.predict("08")

# %% [markdown] lang="en"
# ## Create the cache
# The zone must lie within the bucket's location, and a bucket has at most one cache per zone. You pay for data written to the cache, stored in it and read from it; data that is not read for a day is evicted.
#
# The cell waits for half a minute at most: in Google's tests a cache took 6 to 39 minutes to create, and its documentation allows up to 48 hours. A label on the bucket marks the cache, so that notebook 10 disables it.

# %% [markdown] lang="es"
# ## Crea la caché
# La zona debe estar dentro de la ubicación del bucket, y un bucket tiene como máximo una caché por zona. Pagas por los datos que se escriben en la caché, se almacenan y se leen de ella; los que no se leen durante un día se expulsan.
#
# La celda espera medio minuto como máximo: en las pruebas de Google, crear una caché tardó de 6 a 39 minutos, y su documentación permite hasta 48 horas. Una etiqueta en el bucket marca la caché, para que el notebook 10 la inhabilite.

# %% tags=["creates-resource", "optional"] guide="G29"
made = cache.create(settings, clients)
made

# %% guide="G30" tags=["optional"]
state = cache.describe(settings, clients)
state

# %% [markdown] lang="en"
# ## Read the weights with the cache
# A `running` cache is not full yet: it stores data as Pods in its zone read it. The first read still comes from the bucket and is shown separately. If the cache is still being created, run this cell again later.
#
# Google measured in October 2026: with six simultaneous loads, a cache reduced the load time from 13–17 s to 10–13 s; with one or two, the time hardly changed. The card reports a difference only if every read with the cache was faster than every read without it.

# %% [markdown] lang="es"
# ## Lee los pesos con la caché
# Una caché en `running` todavía no está llena: almacena los datos a medida que los Pods de su zona los leen. La primera lectura todavía viene del bucket y se muestra por separado. Si la caché aún se está creando, ejecuta esta celda más tarde.
#
# Google midió en octubre de 2026: con seis cargas simultáneas, una caché redujo el tiempo de carga de 13–17 s a 10–13 s; con una o dos, casi no cambió. La tarjeta informa una diferencia solo si cada lectura con caché fue más rápida que cada lectura sin ella.

# %% tags=["optional"]
after = scaling.read(settings, clients, before=before)
form.book.record("replicas", after.record())
exercises.see(after, "08", with_cache=after.cache_effect)

# %% [markdown] lang="en"
# The picture shows each read as a point: one Pod alone and all together, without and with the cache.

# %% [markdown] lang="es"
# La imagen muestra cada lectura como un punto: un Pod solo y todos juntos, sin la caché y con ella.

# %% tags=["optional"]
after.plot()

# %% [markdown] lang="en"
# ## Verify cache hits
# Cloud Monitoring counts the bytes that each zone read from its cache and from the bucket, some minutes late. In Google's tests, some caches were `running` but served nothing for more than an hour. If the hit rate rises from one measurement to the next, the cache is filling.

# %% [markdown] lang="es"
# ## Verifica los aciertos de caché
# Cloud Monitoring cuenta los bytes que cada zona leyó de su caché y del bucket, con unos minutos de retraso. En las pruebas de Google, algunas cachés en `running` no sirvieron nada durante más de una hora. Si la tasa de aciertos sube de una medición a la siguiente, la caché se está llenando.

# %% tags=["optional"]
hits = cache.hits(settings, clients, since=after.begun)
form.book.record("cache_hits", hits.record())
exercises.see(hits, "08", hit_share=hits.hit_percent)

# %% [markdown] lang="en"
# ## Configure autoscaling on the queue size
# By default, this cell does nothing. If `max_replicas` is greater than `replicas`, it creates a HorizontalPodAutoscaler (HPA) for vLLM's queue size (`vllm:num_requests_waiting`). It then sends requests until the HPA adds a Pod, and measures how long this and the Pod's cold start take.
#
# On Google Cloud, the Custom Metrics Stackdriver Adapter must be installed in the cluster once; the folded command does it. `python -m warmbook manifest --autoscaling` prints the objects.

# %% [markdown] lang="es"
# ## Configura el ajuste de escala automático según la cola
# De forma predeterminada, esta celda no hace nada. Si `max_replicas` es mayor que `replicas`, crea un HorizontalPodAutoscaler (HPA) para el tamaño de la cola de vLLM (`vllm:num_requests_waiting`). Luego envía solicitudes hasta que el HPA agrega un Pod, y mide cuánto tardan esto y el inicio en frío del Pod.
#
# En Google Cloud, el Custom Metrics Stackdriver Adapter se instala una vez en el clúster; el comando plegado lo hace. `python -m warmbook manifest --autoscaling` imprime los objetos.

# %% tags=["creates-resource", "optional"]
loaded = autoscaling.by_queue(settings, clients)
loaded

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    state.caches and not zones.astray,
    "the bucket has a cache, and each Pod runs in the chosen zone",
    remedy="run the cells above again; the zone must lie within the bucket's location",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.

# %% tags=["exercise"]
exercises.compare("08")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# The share rises: each part that was read once is in the cache, so further reads are hits. The counts of Cloud Monitoring are some minutes late, so the second measurement may still show the first. A Pod in another zone gets nothing from this cache: it reads from the bucket, and its zone is listed with 0 % hits.
#
# </details>
#
# Next: [9 · Compare loaders](09_compare.ipynb), optional, or [10 · Clean up](10_cleanup.ipynb)

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# La proporción sube: cada parte que se leyó una vez está en la caché, así que las lecturas siguientes son aciertos. Los datos de Cloud Monitoring llegan con unos minutos de retraso, de modo que la segunda medición todavía puede mostrar la primera. Un Pod de otra zona no obtiene nada de esta caché: lee del bucket, y su zona figura con 0 % de aciertos.
#
# </details>
#
# Siguiente: [9 · Compara los cargadores](09_compare.ipynb), opcional, o [10 · Realiza una limpieza](10_cleanup.ipynb)
