# %% [markdown] lang="en"
# # 8 · Put a cache beside the Pods
#
# This notebook is optional. Anywhere Cache, which Google now calls Rapid Cache, keeps a copy of what was read from a bucket in one zone. It helps when many Pods of that zone load at once; a single load need not get any faster.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Starts more Pods, lets one alone and all at once read the weights again, asks for a cache in their zone, reads again | A server that is ready (notebook 7); quota for more GPUs if you scale | A cache that goes on costing until notebook 10 | The cache: minutes to hours in the cloud, seconds in a rehearsal. Each new Pod is one more cold start and one more GPU |

# %% [markdown] lang="es"
# # 8 · Pon una caché junto a los Pods
#
# Este notebook es opcional. Anywhere Cache, que hoy Google llama Rapid Cache, conserva en una zona una copia de lo que se leyó de un bucket. Ayuda cuando muchos Pods de esa zona cargan a la vez; una carga sola no tiene por qué ser más rápida.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Inicia más Pods, hace que uno solo y todos a la vez lean los pesos de nuevo, pide una caché en su zona y vuelve a leer | Un servidor listo (notebook 7); cuota para más GPUs si escalas | Una caché que sigue costando hasta el notebook 10 | La caché: de minutos a horas en la nube, segundos en un ensayo. Cada Pod nuevo es otro inicio en frío y otra GPU |

# %% tags=["parameters"]
replicas: str = ""  # Pods of the Deployment
zone: str = ""  # zone that the Pods run in
cache_scope: str = ""  # zone or region: where to create caches
max_replicas: str = ""  # upper limit for autoscaling by queue length; 0: no autoscaling
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor
from warmbook.steps import autoscaling, cache, scaling, streaming

# %% [markdown] lang="en"
# ## Choose where, and how many
# A cache serves only its own zone, so the question is where your Pods run.
#
# - A **Standard cluster** as in the guide lives in one zone: the cache belongs there.
# - A **regional cluster**, such as Autopilot, may put Pods into any zone of the region. Then either ask for a cache in every zone (`cache_scope` = region), and pay for each; or hold the Pods in one zone (`zone`, which becomes a `nodeSelector` in the manifest), and pay for one. The second is cheaper, if your service can live with one zone.
#
# If you set `zone` only now, run notebook 6 once more: it is the manifest that holds the Pods. Raise `replicas` to 2 or more to see what several loads at once do to each other; each replica takes a GPU. In a rehearsal each takes memory and a core of this machine instead.

# %% [markdown] lang="es"
# ## Elige dónde y cuántos
# Una caché atiende solo a su propia zona, así que la pregunta es dónde se ejecutan tus Pods.
#
# - Un **clúster de Standard** como el de la guía vive en una sola zona: ahí va la caché.
# - Un **clúster regional**, como el de Autopilot, puede poner Pods en cualquier zona de la región. Entonces tienes dos opciones: pedir una caché en cada zona (`cache_scope` = region) y pagar todas, o mantener los Pods en una zona (`zone`, que en el manifiesto se convierte en un `nodeSelector`) y pagar una. Lo segundo es más barato, si tu servicio tolera estar en una sola zona.
#
# Si eliges `zone` a estas alturas, vuelve a ejecutar el notebook 6: es el manifiesto lo que mantiene los Pods en su zona. Sube `replicas` a 2 o más para ver cómo se afectan varias cargas simultáneas; cada réplica toma una GPU. En un ensayo, cada una toma memoria y un núcleo de esta máquina.

# %% guide="G28" jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %% [markdown] lang="en"
# ## See what is there, and where the Pods run
# A cache serves only the zone it is in. If the bucket has one already, the doctor tells whether it runs, and whether your Pods are beside it.
#
# The nodes carry their zone as a label. The second card puts the zones of your Pods beside those where your choices ask for a cache. It marks a Pod that would be left without one, and a Pod that does not run in the zone you chose for it.

# %% [markdown] lang="es"
# ## Mira qué hay y dónde se ejecutan los Pods
# Una caché atiende solo a la zona donde está. Si el bucket ya tiene una, el doctor dice si está en marcha y si tus Pods están a su lado.
#
# Los nodos llevan su zona en una etiqueta. La segunda tarjeta pone las zonas de tus Pods junto a aquellas donde tus opciones piden una caché. Marca el Pod que se quedaría sin ninguna, y el que no se ejecuta en la zona que elegiste para él.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    doctor.examine(settings, clients, before="08"),
    "nothing stands in the way of this notebook",
    remedy="do what the lines marked ✗ say, then run this cell again",
)

# %% guide="G27 G28" tags=["optional"]
zones = cache.zones(settings, clients)
zones

# %% [markdown] lang="en"
# ## Start more Pods
# Here is the case the cache is made for: several nodes of one zone that load the same weights. The Deployment is brought to `replicas` Pods, and the cell waits until each of them is ready. With 1, as by default, it finds what it wants at once. A Pod that finds no GPU stays Pending, and the cell says why.
#
# The picture shows each Pod's cold start as a row of its own, from its creation to its readiness.

# %% [markdown] lang="es"
# ## Inicia más Pods
# Este es el caso para el que existe la caché: varios nodos de una zona que cargan los mismos pesos. El Deployment se lleva a `replicas` Pods y la celda espera hasta que cada uno esté listo. Con 1, el valor predeterminado, lo encuentra hecho de inmediato. Un Pod que no encuentra GPU se queda en Pending, y la celda dice por qué.
#
# La imagen muestra el inicio en frío de cada Pod en su propia fila, desde que se crea hasta que está listo.

# %% tags=["creates-resource", "optional"]
scaled = scaling.scale(settings, clients)
scaled

# %% tags=["optional"]
starts = streaming.cold_start(settings, clients)
starts.plot()

# %% [markdown] lang="en"
# ## Read the weights again: one Pod, then all at once
# Beside each server a small process reads the weights once more, with the streamer and through the node's own network, into memory and out again. No Pod is restarted. First one alone, then all at the same time, `compare_runs` times in turn; the server shares its network with them meanwhile.
#
# If all at once take longer than one alone, they share something that is too small: the region's quota, or in a rehearsal this machine. The card tells from how many Pods on that is to be expected.

# %% [markdown] lang="es"
# ## Lee los pesos otra vez: un Pod, luego todos a la vez
# Junto a cada servidor, un proceso pequeño lee los pesos una vez más, con el transmisor y por la propia red del nodo, hasta la memoria y sin guardarlos. Ningún Pod se reinicia. Primero uno solo, después todos al mismo tiempo, `compare_runs` veces por turnos; mientras tanto el servidor comparte con ellos su red.
#
# Si todos a la vez tardan más que uno solo, comparten algo que se queda corto: la cuota de la región o, en un ensayo, esta máquina. La tarjeta dice a partir de cuántos Pods hay que contar con ello.

# %% tags=["optional"]
before = scaling.read(settings, clients)
before

# %% [markdown] lang="en"
# ## Ask for the cache
# The zone must lie within the bucket's own location, and a bucket has at most one cache per zone. You pay for what is written into it, for what it keeps, and for what is read from it, but for no machine; what nobody reads is dropped after a day.
#
# The cell waits half a minute at most. In Google's tests a cache took 6 to 39 minutes to be made, and its documentation allows up to 48 hours; it goes on by itself. The bucket gets a label that says who made the cache, so that notebook 10 can disable it.

# %% [markdown] lang="es"
# ## Pide la caché
# La zona debe estar dentro de la ubicación del propio bucket, y un bucket tiene como máximo una caché por zona. Pagas por lo que se escribe en ella, por lo que guarda y por lo que se lee de ella, pero no por una máquina; lo que nadie lee se descarta al cabo de un día.
#
# La celda espera medio minuto, no más. En las pruebas de Google, crear una caché tomó de 6 a 39 minutos, y su documentación habla de hasta 48 horas; el proceso sigue por su cuenta. El bucket recibe una etiqueta que dice quién creó la caché, para que el notebook 10 pueda inhabilitarla.

# %% tags=["creates-resource", "optional"] guide="G29"
made = cache.create(settings, clients)
made

# %% guide="G30" tags=["optional"]
state = cache.describe(settings, clients)
state

# %% [markdown] lang="en"
# ## Read again, beside the cache
# First `creating`, then `running`; and running does not mean full. The cache takes in data as Pods of its zone read it, so the first read comes from the bucket still and is shown apart. If the cache is still being created, the card says so: run this cell again later.
#
# Expect little for a single load. What Google measured in October 2026: with six loads at once, a cache shortened them from 13 to 17 s down to 10 to 13 s; with one or two, it changed little. The card claims a difference only when every read with the cache was faster than every one without.

# %% [markdown] lang="es"
# ## Vuelve a leer, ahora junto a la caché
# Primero `creating`, luego `running`; y que esté en marcha no quiere decir que esté llena. La caché incorpora datos a medida que los Pods de su zona los leen, así que la primera lectura todavía viene del bucket y se muestra aparte. Si la caché aún se está creando, la tarjeta lo dice: ejecuta esta celda más tarde.
#
# Espera poco de una carga sola. Lo que midió Google en octubre de 2026: con seis cargas a la vez, una caché las acortó de entre 13 y 17 s a entre 10 y 13 s; con una o dos, cambió poco. La tarjeta solo afirma una diferencia cuando cada lectura con caché fue más rápida que todas las lecturas sin ella.

# %% tags=["optional"]
after = scaling.read(settings, clients, before=before)
form.book.record("replicas", after.record())
after

# %% [markdown] lang="en"
# ## See that the cache served them
# Seconds alone prove nothing about a cache; bytes do. Cloud Monitoring counts what each zone read from its cache and what came from the bucket, some minutes late. Google saw caches that were `running` and served nothing for more than an hour.
#
# What came from the bucket is what the cache could take in meanwhile, so a share that rises from one measurement to the next is a cache that fills. How many bytes it holds, the Cloud console says in «Bytes in cache», once an hour.

# %% [markdown] lang="es"
# ## Comprueba que la caché los atendió
# Los segundos por sí solos no dicen nada de una caché; los bytes, sí. Cloud Monitoring cuenta lo que cada zona leyó de su caché y lo que vino del bucket, con unos minutos de retraso. Google vio cachés en estado `running` que no sirvieron nada durante más de una hora.
#
# Lo que vino del bucket es lo que la caché pudo incorporar entretanto: si la parte servida crece de una medición a la siguiente, la caché se está llenando. Cuántos bytes guarda lo dice la consola de Cloud en «Bytes in cache», una vez por hora.

# %% tags=["optional"]
hits = cache.hits(settings, clients, since=after.begun)
form.book.record("cache_hits", hits.record())
hits

# %% [markdown] lang="en"
# ## Let the load decide how many
# If you choose `max_replicas` above `replicas`, this cell lets a HorizontalPodAutoscaler watch vLLM's own queue, `vllm:num_requests_waiting`, and sends requests until so many wait that it asks for another Pod. The card tells how long that took, and how long the new Pod then needed: a scale-up is a cold start, and each second saved there is a second in which people wait less. By default nothing happens.
#
# On Google Cloud the metric reaches the autoscaler over the Custom Metrics Stackdriver Adapter, which you install once in the cluster: the first lines of the folded command do it. `python -m warmbook manifest --autoscaling` prints the two objects.

# %% [markdown] lang="es"
# ## Deja que la carga decida cuántos
# Si eliges `max_replicas` mayor que `replicas`, esta celda hace que un HorizontalPodAutoscaler vigile la propia cola de vLLM, `vllm:num_requests_waiting`, y envía solicitudes hasta que esperan tantas que pide otro Pod. La tarjeta dice cuánto tardó en pedirlo y cuánto necesitó después el Pod nuevo: escalar es un inicio en frío, y cada segundo que se ahorra ahí es un segundo menos de espera para la gente. De forma predeterminada no pasa nada.
#
# En Google Cloud, la métrica llega al autoscaler por medio del Custom Metrics Stackdriver Adapter, que se instala una sola vez en el clúster: lo hacen las primeras líneas del comando plegado. `python -m warmbook manifest --autoscaling` imprime los dos objetos.

# %% tags=["creates-resource", "optional"]
loaded = autoscaling.by_queue(settings, clients)
loaded

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    state.caches and not zones.astray,
    "the bucket has a cache, and each Pod runs in the zone that was chosen for it",
    remedy="run the cells above again; the zone must lie within the bucket's location",
)

# %% [markdown] lang="en"
# Next: [9 · Compare the loaders](09_compare.ipynb), which is optional, or [10 · Delete what you created](10_cleanup.ipynb)

# %% [markdown] lang="es"
# Siguiente: [9 · Compara los cargadores](09_compare.ipynb), que es opcional, o [10 · Borra lo que creaste](10_cleanup.ipynb)
