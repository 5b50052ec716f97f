# %% [markdown] lang="en"
# # 9 · Compare loaders
#
# This notebook is optional. It measures how much faster the streamer is with *your* model on *your* machine, and verifies that it loads the same weights as the default loader.
#
# **Objectives**
# - Compare loaders with repeated, interleaved runs.
# - Verify that all loaders produce the same tokens.
# - Find the best value of a streamer setting, such as the concurrency.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Loads the model several times with each loader, compares times and answers | A server that was ready (notebook 7) | Measurements only; the server is restored | About 10 minutes of the server's machine, at most `compare_minutes`; 1 to 2 minutes in a rehearsal |

# %% [markdown] lang="es"
# # 9 · Compara los cargadores
#
# Este notebook es opcional. Mide cuánto más rápido es el transmisor con *tu* modelo en *tu* máquina y verifica que cargue los mismos pesos que el cargador predeterminado.
#
# **Objetivos**
# - Comparar los cargadores con ejecuciones repetidas e intercaladas.
# - Verificar que todos los cargadores produzcan los mismos tokens.
# - Encontrar el mejor valor de un ajuste del transmisor, como la concurrencia.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Carga el modelo varias veces con cada cargador y compara tiempos y respuestas | Un servidor que ya estuvo listo (notebook 7) | Solo mediciones; el servidor se restablece | Unos 10 minutos de la máquina del servidor, como máximo `compare_minutes`; de 1 a 2 minutos en un ensayo |

# %% tags=["parameters"]
compare_runs: str = ""  # how many times each loader loads the model
compare_tunable: str = ""  # streamer setting to tune: concurrency, chunk, memory_limit or grpc
compare_minutes: str = ""  # budget in minutes: no new round starts after it
compare_usd: str = ""  # budget in US dollars of machine time; 0 sets no limit
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor, exercises
from warmbook.steps import compare, overview

# %% [markdown] lang="en"
# ## Choose runs and budget
# Two loads of the same files can differ by a factor of two, so one run per loader proves nothing. Use at least five: the first starts with cold caches and is excluded, so four are compared.
#
# The comparison stops before a round would exceed `compare_minutes`, or `compare_usd` at the list price of `machine_type`.

# %% [markdown] lang="es"
# ## Elige las ejecuciones y el presupuesto
# Dos cargas de los mismos archivos pueden diferir en un factor de dos, así que una ejecución por cargador no prueba nada. Usa al menos cinco: la primera empieza con las cachés frías y se excluye, así que se comparan cuatro.
#
# La comparación se detiene antes de que una ronda exceda `compare_minutes`, o `compare_usd` según el precio de lista de `machine_type`.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "09")

# %% [markdown] lang="en"
# ## Run preflight checks
# The comparison uses the server's image, service account and GPU. The checks verify that they exist.

# %% [markdown] lang="es"
# ## Comprueba los requisitos previos
# La comparación usa la imagen, la cuenta de servicio y la GPU del servidor. Se verifica que existan.

# %%
preflight = doctor.examine(settings, clients, before="09")
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
exercises.predict("09")

# %% [markdown] lang="en"
# ## Run the loaders
# One Job runs all loads. While it runs, **the server is scaled to zero** and the Job uses its GPU; afterwards, its replica count is restored.
#
# - `download`: download to the node's disk, then vLLM's default loader. This is the reference.
# - `streamer`: Run:ai Model Streamer, as your server uses it.
# - `distributed`: the same with `{"distributed": true}`; only with several GPUs.
# - `fuse`: the default loader on a Cloud Storage FUSE mount; not in a rehearsal.
# - `fastsafetensors`: after a download, with vLLM 0.20.0 or later.
# - `tensorizer`: the same, with one GPU. The conversion of the model is not counted.
#
# The order changes in each round. The measured time is that of vLLM's loader, plus the download.

# %% [markdown] lang="es"
# ## Ejecuta los cargadores
# Un solo Job hace todas las cargas. Mientras se ejecuta, **el servidor se escala a cero** y el Job usa su GPU; después se restablece su cantidad de réplicas.
#
# - `download`: descarga al disco del nodo y luego el cargador predeterminado de vLLM. Es la referencia.
# - `streamer`: Run:ai Model Streamer, como lo usa tu servidor.
# - `distributed`: lo mismo con `{"distributed": true}`; solo con varias GPUs.
# - `fuse`: el cargador predeterminado sobre un bucket montado con Cloud Storage FUSE; no en un ensayo.
# - `fastsafetensors`: después de una descarga, con vLLM 0.20.0 o posterior.
# - `tensorizer`: igual, con una sola GPU. La conversión del modelo no se cuenta.
#
# El orden cambia en cada ronda. El tiempo medido es el del cargador de vLLM, más la descarga.

# %% tags=["creates-resource"]
served = form.book.measurements().get("served")
compared = compare.by_loader(settings, clients, served=served)
form.book.record("comparison", compared.record())
exercises.see(compared, "09", fastest=compared.fastest, gain=compared.gain)

# %% [markdown] lang="en"
# ## Interpret the runs
# Each point is a run; the hollow one is the first. A loader is recommended only if each of its runs was faster than each run of the others; if the ranges overlap, the difference may be chance. The card states how often chance alone would produce such a result: with four runs, once in 70 comparisons.

# %% [markdown] lang="es"
# ## Interpreta las ejecuciones
# Cada punto es una ejecución; el hueco es la primera. Un cargador se recomienda solo si cada una de sus ejecuciones fue más rápida que cada una de los demás; si los rangos se superponen, la diferencia puede deberse al azar. La tarjeta indica con qué frecuencia el azar produciría ese resultado: con cuatro ejecuciones, una vez de cada 70 comparaciones.

# %%
compared.plot()

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    len(compared.runs) > 1,
    "at least two loaders completed",
    remedy="see the reasons in the card above; raise compare_minutes if the budget ended it",
)

# %% [markdown] lang="en"
# ## Compare the answers
# Some vLLM releases loaded corrupted weights with distributed streaming, without any error. Each loader therefore answered a fixed set of prompts with greedy decoding. The card compares the tokens with those of the reference, and shows each difference with its prompt. The reference answers twice: if its own answers differ, the comparison is not conclusive.
#
# The row `server` has your server's answers from notebook 7. The server compiles the model and the Job does not, so a few different tokens are due to rounding. The rehearsal's quick engine does not answer.

# %% [markdown] lang="es"
# ## Compara las respuestas
# Algunas versiones de vLLM cargaron pesos dañados con la transmisión distribuida, sin ningún error. Por eso cada cargador respondió un conjunto fijo de prompts con decodificación voraz (greedy). La tarjeta compara los tokens con los de la referencia y muestra cada diferencia con su prompt. La referencia responde dos veces: si sus propias respuestas difieren, la comparación no es concluyente.
#
# La fila `server` tiene las respuestas de tu servidor del notebook 7. El servidor compila el modelo y el Job no, así que unos pocos tokens distintos se deben al redondeo. El motor rápido del ensayo no responde.

# %%
form.book.record("parity", compared.parity.record())
form.book.record("reference", compared.reference)
form.book.record("served", compared.served)
compared.parity

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    compared.parity.equal or compared.parity.declined,
    "each loader produces the same tokens, or the engine says why it produces none",
    remedy="do not serve with the loader that differs: choose another vLLM release, or remove "
    "distributed, and compare again",
    pitfall="weights-corrupted",
)

# %% [markdown] lang="en"
# ## Tune the streamer
# More parallel reads help until the network, the CPU or the bucket is the limit. This cell reads the weights into host memory with 1 to 32 parallel reads. It reports the number above which more parallel reads are not clearly faster; use it as `concurrency` in notebook 6.
#
# `compare_tunable` selects another setting: `chunk` (bytes per request), `memory_limit` (host memory for data in flight) or `grpc`. In a rehearsal, `make rehearse SHAPE="--latency-ms 30 --stream-mib-s 135"` limits each read to a typical rate of object storage.

# %% [markdown] lang="es"
# ## Ajusta el transmisor
# Más lecturas en paralelo ayudan hasta que el límite es la red, la CPU o el bucket. Esta celda lee los pesos a la memoria del host con 1 a 32 lecturas en paralelo. Informa el número a partir del cual más lecturas ya no son claramente más rápidas; úsalo como `concurrency` en el notebook 6.
#
# `compare_tunable` selecciona otro ajuste: `chunk` (bytes por solicitud), `memory_limit` (memoria del host para los datos en tránsito) o `grpc`. En un ensayo, `make rehearse SHAPE="--latency-ms 30 --stream-mib-s 135"` limita cada lectura a una velocidad típica del almacenamiento de objetos.

# %% tags=["creates-resource", "optional"]
tuned = compare.by_tunable(settings, clients)
tuned

# %% [markdown] lang="en"
# The best value is where the curve stops falling. Higher values use more memory and connections without a gain.

# %% [markdown] lang="es"
# El mejor valor está donde la curva deja de bajar. Valores mayores usan más memoria y conexiones sin ninguna ganancia.

# %%
tuned.plot()

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    tuned.runs,
    "the streamer read the weights at least once",
    remedy="see the Job's events with kubectl, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.

# %% tags=["exercise"]
exercises.compare("09")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# Usually there is no clear difference: with enough parallel reads, the network or the processor is the limit, whatever the size of a request. Larger chunks need fewer requests but more memory, because each parallel read holds one chunk. Change a default only if each run with the new value is faster than each run without it.
#
# </details>
#
# Next: [10 · Clean up](10_cleanup.ipynb)

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# Por lo general no hay una diferencia clara: con suficientes lecturas en paralelo, el límite es la red o el procesador, sea cual sea el tamaño de una solicitud. Los fragmentos más grandes necesitan menos solicitudes, pero más memoria, porque cada lectura en paralelo retiene un fragmento. Cambia un valor predeterminado solo si cada ejecución con el nuevo es más rápida que cada una sin él.
#
# </details>
#
# Siguiente: [10 · Realiza una limpieza](10_cleanup.ipynb)
