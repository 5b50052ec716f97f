# %% [markdown] lang="en"
# # 9 · Compare the loaders, and their answers
#
# This notebook is optional. It answers two questions that no brochure can answer for you: how much faster is the streamer with *your* model on *your* machine, and does it load the same weights as the slow way?
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Loads the model several times by each loader, holds the times and the answers side by side | A server that was ready (notebook 7) | Nothing but figures; the server comes back | About 10 minutes of the server's own machine on Google Cloud, at most `compare_minutes`; 1 to 2 minutes in a rehearsal |

# %% [markdown] lang="es"
# # 9 · Compara los cargadores y sus respuestas
#
# Este notebook es opcional. Responde dos preguntas que ningún folleto puede responder por ti: ¿cuánto más rápido es el transmisor con *tu* modelo en *tu* máquina? ¿Y carga los mismos pesos que el camino lento?
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Carga el modelo varias veces con cada cargador y pone lado a lado los tiempos y las respuestas | Un servidor que ya estuvo listo (notebook 7) | Solo cifras; el servidor vuelve | Unos 10 minutos de la propia máquina del servidor en Google Cloud, como máximo `compare_minutes`; de 1 a 2 minutos en un ensayo |

# %% tags=["parameters"]
compare_runs: str = ""  # how many times each loader loads the model
compare_tunable: str = ""  # streamer setting to tune: concurrency, chunk, memory_limit or grpc
compare_minutes: str = ""  # budget in minutes: no new round starts after it
compare_usd: str = ""  # budget in US dollars of machine time; 0 sets no limit
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor
from warmbook.steps import compare

# %% [markdown] lang="en"
# ## Choose how long it may take
# Two loads of the same files can differ by a factor of two, so one run of each proves nothing. Five runs are the least that allow a conclusion: the first is set apart, because it meets cold caches, and four are compared.
#
# The budget is kept: no round begins that would end after `compare_minutes`. With `compare_usd` you set a limit in dollars, by the list price of `machine_type`.

# %% [markdown] lang="es"
# ## Elige cuánto puede durar
# Dos cargas de los mismos archivos pueden diferir en un factor de dos, así que una sola de cada una no prueba nada. Cinco es el mínimo que permite una conclusión: la primera se deja aparte, porque encuentra las cachés frías, y se comparan cuatro.
#
# El presupuesto se respeta: no empieza ninguna ronda que vaya a terminar después de `compare_minutes`. Con `compare_usd` pones un límite en dólares, según el precio de lista de `machine_type`.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %% [markdown] lang="en"
# ## See what is there
# The comparison borrows the server's image, its service account and its GPU. The doctor says whether they are there.

# %% [markdown] lang="es"
# ## Mira qué hay
# La comparación toma prestadas la imagen del servidor, su cuenta de servicio y su GPU. El doctor dice si están.

# %%
examined = doctor.examine(settings, clients, before="09")
examined

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    examined,
    "nothing stands in the way of this notebook",
    remedy="do what the lines marked ✗ say, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Load by each loader, in turn
# One Job does it all, on one machine. While it runs **the server rests**: its GPU is lent to the Job, so that no second one has to be found or paid. Afterwards the server starts again; in production, choose your hour.
#
# The Job imports vLLM once, and then forks a fresh process for each load:
#
# - `download`: the files are copied to the node's disk, eight at once, and read from there by vLLM's default loader. This is the reference.
# - `streamer`: the Run:ai Model Streamer, from the bucket into memory, as your server does it.
# - `distributed`: the same with `{"distributed": true}`, where several GPUs share the model. With one GPU it changes nothing, so it is left out.
# - `fuse`: vLLM's default loader on a bucket that Cloud Storage FUSE mounts. Not in a rehearsal, nor in a cluster without the add-on.
# - `fastsafetensors`: after a download, where the image has it, as vLLM's do from 0.20.0 on.
# - `tensorizer`: the same, with one GPU. It reads a format of its own, so the Job first converts the model on the node's disk, if there is room for two and a half copies. The card tells the seconds of that, and does not count them. The converted file never lies in the bucket: in its place the original is downloaded and timed, though a converted file can be somewhat larger.
#
# The order changes with each round, so that no loader always profits from what the one before it warmed up. Measured is what vLLM's loader takes, plus the download.

# %% [markdown] lang="es"
# ## Carga con cada cargador, por turnos
# Un solo Job lo hace todo, en una sola máquina. Mientras se ejecuta, **el servidor descansa**: le presta su GPU al Job, para no tener que encontrar ni pagar otra. Después, el servidor arranca de nuevo; en producción, elige bien la hora.
#
# El Job importa vLLM una sola vez y bifurca un proceso nuevo para cada carga:
#
# - `download`: los archivos se copian al disco del nodo, ocho a la vez, y de ahí los lee el cargador predeterminado de vLLM. Es la referencia.
# - `streamer`: Run:ai Model Streamer, del bucket a la memoria, como lo hace tu servidor.
# - `distributed`: lo mismo con `{"distributed": true}`, cuando varias GPUs comparten el modelo. Con una sola GPU no cambia nada, así que se omite.
# - `fuse`: el cargador predeterminado de vLLM sobre un bucket montado con Cloud Storage FUSE. No en un ensayo ni en un clúster sin el complemento.
# - `fastsafetensors`: después de una descarga, si la imagen lo tiene, como las de vLLM desde la 0.20.0.
# - `tensorizer`: igual, con una sola GPU. Lee un formato propio, así que el Job convierte primero el modelo en el disco del nodo, si caben dos copias y media. La tarjeta dice cuántos segundos tomó eso, y no los cuenta. El archivo convertido nunca está en el bucket: en su lugar se descarga y se cronometra el original, aunque uno convertido puede ser algo más grande.
#
# El orden cambia en cada ronda, para que ningún cargador aproveche siempre lo que calentó el anterior. Se mide lo que tarda el cargador de vLLM, más la descarga.

# %% tags=["creates-resource"]
served = form.book.measurements().get("served")
compared = compare.by_loader(settings, clients, served=served)
form.book.record("comparison", compared.record())
compared

# %% [markdown] lang="en"
# ## Read the runs
# Each point is a run, the hollow one the first. Where two clouds of points overlap, chance may decide between them, and nothing is recommended. A recommendation means that each run of the best was faster than each run of the others. The card says how often chance alone would do that with your number of runs: with four, once in 70 comparisons. With fewer than four it recommends nothing.

# %% [markdown] lang="es"
# ## Lee las cargas
# Cada punto es una carga; el hueco es la primera. Donde dos nubes de puntos se cruzan, puede decidir el azar, y no se recomienda nada. Una recomendación quiere decir que cada carga del mejor fue más rápida que cada carga de los demás. La tarjeta dice con qué frecuencia lo lograría el azar por sí solo con tu número de cargas: con cuatro, una vez de cada 70 comparaciones. Con menos de cuatro no recomienda nada.

# %%
compared.plot()

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    len(compared.runs) > 1,
    "at least two loaders came to their end",
    remedy="see the reasons in the card above; raise compare_minutes in the form if the budget "
    "ended it",
)

# %% [markdown] lang="en"
# ## See whether the answers are the same
# A fast load is worth nothing if it loads something else. Several releases of vLLM with distributed streaming brought damaged weights into memory, without any error: the server was healthy, and its text was garbage.
#
# So each loader also answered a fixed set of prompts, greedily, and the card holds the tokens against the reference's, one by one. The reference answers twice: a machine that does not repeat itself proves nothing, and the card says so. A difference is shown with its prompt and its place, and with the reports that are known for your release.
#
# The row `server` holds what your running server had answered in notebook 7, before it lent its GPU. It is compiled and the Job is not, so the two may round otherwise: a few different tokens are shown and not judged; where most first tokens differ, the weights are corrupted. The reference is kept too, so that notebook 7 can judge the next start at once.
#
# The rehearsal's quick engine answers nothing, and says that too.

# %% [markdown] lang="es"
# ## Mira si las respuestas son las mismas
# Una carga rápida no sirve de nada si carga otra cosa. Con la transmisión distribuida, varias versiones de vLLM llevaron a la memoria pesos dañados, sin ningún error: el servidor estaba sano y su texto no tenía sentido.
#
# Por eso cada cargador respondió también un conjunto fijo de prompts, con las palabras más probables, y la tarjeta compara sus tokens uno por uno con los de la referencia. La referencia responde dos veces: una máquina que no se repite no prueba nada, y la tarjeta lo dice. Si hay una diferencia, la muestra con su prompt y su lugar, junto con los informes que se conocen de tu versión.
#
# La fila `server` muestra lo que tu servidor había respondido en el notebook 7, antes de prestar su GPU. Él está compilado y el Job no, así que pueden redondear distinto: unos pocos tokens distintos se muestran y no se juzgan; si la mayoría de los primeros tokens difiere, los pesos están dañados. La referencia también se guarda, para que el notebook 7 pueda juzgar enseguida el próximo arranque.
#
# El motor rápido del ensayo no responde nada, y también lo dice.

# %%
form.book.record("parity", compared.parity.record())
form.book.record("reference", compared.reference)
form.book.record("served", compared.served)
compared.parity

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    compared.parity.equal or compared.parity.declined,
    "each loader brings the same tokens, or the engine says why it answers none",
    remedy="do not serve with the loader that differs: choose another vLLM release, or leave "
    "out distributed, and compare again",
    pitfall="weights-corrupted",
)

# %% [markdown] lang="en"
# ## Find the knee of the concurrency, or of another tunable
# The streamer reads with several readers at once, eight by default from object storage. More of them help until something else binds: the network, the processor, the bucket. This cell reads the weights into the host's memory with 1 to 32 readers, in turn as above, and says from which number on no more are clearly faster. That number is worth writing into `concurrency`, in notebook 6.
#
# `compare_tunable` in the form chooses something else to try: `chunk`, the bytes of a request; `memory_limit`, the host memory for what is under way; `grpc` instead of HTTP, which a rehearsal can't show. With the default of eight and chunks of 8 MiB most models do well: change them only for a difference that the card calls clear.
#
# Unshaped, a rehearsal is limited by this machine, and more readers may gain nothing. `make rehearse SHAPE="--latency-ms 30 --stream-mib-s 135"` gives each reader the pace of a stream from object storage.

# %% [markdown] lang="es"
# ## Encuentra el codo de la concurrencia, o de otro ajuste
# El transmisor lee con varios lectores a la vez; desde el almacenamiento de objetos son ocho, si no se indica otra cosa. Más lectores ayudan hasta que el límite es otro: la red, el procesador, el bucket. Esta celda lee los pesos a la memoria del host con 1 a 32 lectores, por turnos como antes, y dice a partir de qué número ya no son claramente más rápidos. Ese número merece ir a `concurrency`, en el notebook 6.
#
# Con `compare_tunable`, en el formulario, eliges probar otra cosa: `chunk`, los bytes de cada solicitud; `memory_limit`, la memoria del host para lo que está en camino; `grpc` en lugar de HTTP, que un ensayo no puede mostrar. Con ocho lectores y bloques de 8 MiB, los valores predeterminados, a la mayoría de los modelos les va bien: cámbialos solo por una diferencia que la tarjeta llame clara.
#
# Sin dar forma a la red, un ensayo está limitado por esta máquina, y más lectores quizá no ganen nada. Con `make rehearse SHAPE="--latency-ms 30 --stream-mib-s 135"`, cada lector va al ritmo de una transmisión desde el almacenamiento de objetos.

# %% tags=["creates-resource", "optional"]
tuned = compare.by_tunable(settings, clients)
tuned

# %% [markdown] lang="en"
# ## Read the curve
# A time that no longer falls marks the knee. More than that costs memory and connections, and brings nothing.

# %% [markdown] lang="es"
# ## Lee la curva
# El codo está donde el tiempo deja de bajar. Más que eso cuesta memoria y conexiones, y no aporta nada.

# %%
tuned.plot()

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    tuned.runs,
    "the streamer read the weights at least once",
    remedy="see the Job's events with kubectl, then run the cell above again",
)

# %% [markdown] lang="en"
# Next: [10 · Delete what you created](10_cleanup.ipynb)

# %% [markdown] lang="es"
# Siguiente: [10 · Borra lo que creaste](10_cleanup.ipynb)
