# %% [markdown] lang="en"
# # 7 · Verify the deployment and measure the cold start
#
# The container is running. Now you wait until the server is ready, read the streaming rate from its log, query the model, and see where the rest of the time went.
#
# **Objectives**
# - Verify that the streamer read every byte of the weights.
# - Query the model.
# - Break the cold start down into phases.
# - Detect corrupted weights.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Waits for the server, measures the stream and the phases, queries the model | The Deployment of notebook 6 | Your measurements in `workbook.yaml`; the server keeps running | 2 to 5 minutes; one or two in a rehearsal. The GPU is billed while the Pod exists |

# %% [markdown] lang="es"
# # 7 · Verifica la implementación y mide el inicio en frío
#
# El contenedor está en ejecución. Ahora esperas a que el servidor esté listo, lees la velocidad de transmisión en sus registros, consultas el modelo y ves en qué se fue el resto del tiempo.
#
# **Objetivos**
# - Verificar que el transmisor haya leído todos los bytes de los pesos.
# - Consultar el modelo.
# - Descomponer el inicio en frío en fases.
# - Detectar pesos dañados.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Espera al servidor, mide la transmisión y las fases, consulta el modelo | El Deployment del notebook 6 | Tus mediciones en `workbook.yaml`; el servidor sigue en ejecución | De 2 a 5 minutos; uno o dos en un ensayo. La GPU se cobra mientras exista el Pod |

# %% tags=["parameters"]
model_uri: str = ""  # gs://BUCKET_NAME/PATH_TO_MODEL
namespace: str = ""  # NAMESPACE in the guide
question: str = "What is the capital of Japan?"  # prompt to send to the model
temperature: str = ""  # of the prompt box: 0 (default) for the most likely answer, up to 2
max_tokens: str = ""  # of the prompt box: maximum tokens of an answer, default 64
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor, exercises
from warmbook.steps import explore, overview, server_tokens, streaming

# %% [markdown] lang="en"
# ## Choose the deployment
# The namespace identifies the server; the model address determines how many bytes the streamer must read.

# %% [markdown] lang="es"
# ## Elige la implementación
# El espacio de nombres identifica al servidor; la dirección del modelo determina cuántos bytes debe leer el transmisor.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "07")

# %% [markdown] lang="en"
# ## Run preflight checks
# A Pod that is not ready looks the same whether the weights are loading or access is denied. The checks therefore verify the cluster, the service account and its roles again.

# %% [markdown] lang="es"
# ## Comprueba los requisitos previos
# Un Pod que no está listo se ve igual si los pesos se están cargando o si el acceso está denegado. Por eso se verifican otra vez el clúster, la cuenta de servicio y sus roles.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    doctor.examine(settings, clients, before="07"),
    "all preflight checks passed",
    remedy="follow the remedies on the lines marked ✗, then run this cell again",
)

# %% tags=["exercise"]
exercises.predict("07")

# %% [markdown] lang="en"
# ## Wait until the server is ready
# vLLM imports its libraries, streams the weights, compiles the model and captures CUDA graphs; then `/health` responds and the Pod is ready. While the weights stream, the line below the cell shows the percentage.
#
# If the container exits, the cell reads its last log and names the root cause. Most frequent are a missing role on the bucket (403, notebook 5), a folder without weights (notebook 3), and too little GPU memory for `max_model_len` (notebook 6).

# %% [markdown] lang="es"
# ## Espera a que el servidor esté listo
# vLLM importa sus bibliotecas, transmite los pesos, compila el modelo y captura los grafos de CUDA; entonces `/health` responde y el Pod está listo. Mientras se transmiten los pesos, la línea bajo la celda muestra el porcentaje.
#
# Si el contenedor termina, la celda lee sus últimos registros e indica la causa raíz. Las más frecuentes: falta un rol sobre el bucket (403, notebook 5), una carpeta sin pesos (notebook 3) y muy poca memoria de GPU para `max_model_len` (notebook 6).

# %% guide="G24"
ready = streaming.wait_available(settings, clients)
ready

# %% [markdown] lang="en"
# ## List the Pods and versions
# Kubernetes adds random letters to `vllm-streamer-deployment` at each start; the card shows the Pod's full name. The tag of the image names only the vLLM release, so the versions of vLLM and the streamer are read from the Pod itself.

# %% [markdown] lang="es"
# ## Enumera los Pods y las versiones
# Kubernetes agrega letras aleatorias a `vllm-streamer-deployment` en cada arranque; la tarjeta muestra el nombre completo del Pod. La etiqueta de la imagen solo nombra la versión de vLLM, así que las versiones de vLLM y del transmisor se leen del propio Pod.

# %% guide="G25"
pods = streaming.list_pods(settings, clients)
pods

# %%
versions = streaming.versions(settings, clients)
form.book.record("versions", versions.record())
versions

# %% [markdown] lang="en"
# ## Measure the stream
# The guide verifies the stream with this line of the Pod's log:
#
# `[RunAI Streamer] Overall time to stream 15.0 GiB of all files: 13.4s, 1.1 GiB/s`
#
# Newer streamer releases also log the device (`of all files to cpu: 13.4s`). From 0.15.1 on, the line must be enabled, which the manifest does. Up to 0.16, it also appears after a load that **failed**. This cell therefore adds up the bytes of all GPUs and compares them with the files in the bucket. If the line is missing, the cell uses vLLM's `Model loading took`.
#
# In a rehearsal, the bytes are real, but the seconds say nothing about Cloud Storage.

# %% [markdown] lang="es"
# ## Mide la transmisión
# La guía verifica la transmisión con esta línea de los registros del Pod:
#
# `[RunAI Streamer] Overall time to stream 15.0 GiB of all files: 13.4s, 1.1 GiB/s`
#
# Las versiones más nuevas del transmisor también registran el dispositivo (`of all files to cpu: 13.4s`). Desde la versión 0.15.1, la línea se debe habilitar, y el manifiesto lo hace. Hasta la 0.16, aparece también después de una carga que **falló**. Por eso esta celda suma los bytes de todas las GPUs y los compara con los archivos del bucket. Si falta la línea, usa la de vLLM, `Model loading took`.
#
# En un ensayo, los bytes son reales, pero los segundos no dicen nada sobre Cloud Storage.

# %% guide="G26"
stream = streaming.measure(settings, clients)
form.book.record("stream", stream.record())
exercises.see(stream, "07", load_time=stream.slowest_s)

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    stream.whole,
    "the streamer read every byte of the weights",
    remedy="check whether files were added to the folder after the Pod started; delete the Pod, "
    "and the new one reads them all",
)

# %% [markdown] lang="en"
# ## Query the model
# The request goes through the Kubernetes API, so no port is exposed. `temperature` is 0, so the answer is the same each time. The first response of a Pod is often slower than later ones (Google measured 22 s once, then less than 1 s), so the cell reads vLLM's counters to see whether it is the first.
#
# In requests, the model's name is its address, `gs://…`, or the short name that the manifest adds, which is the folder's name. In a rehearsal, a small model answers on the CPU; the quick engine loads the weights but does not answer.
#
# In the box, send prompts of your own. The answer is streamed; the card shows the time to first token and the tokens per second. Interrupt the kernel to stop an answer.

# %% [markdown] lang="es"
# ## Consulta el modelo
# La solicitud pasa por la API de Kubernetes, así que no se expone ningún puerto. `temperature` es 0, de modo que la respuesta es siempre la misma. La primera respuesta de un Pod suele ser más lenta que las siguientes (Google midió una vez 22 s y luego menos de 1 s), así que la celda lee los contadores de vLLM para saber si es la primera.
#
# En las solicitudes, el nombre del modelo es su dirección, `gs://…`, o el nombre corto que agrega el manifiesto: el de la carpeta. En un ensayo responde un modelo pequeño en la CPU; el motor rápido carga los pesos, pero no responde.
#
# En el cuadro, envía tus propios prompts. La respuesta se transmite; la tarjeta muestra el tiempo hasta el primer token y los tokens por segundo. Interrumpe el kernel para detener una respuesta.

# %%
answer = streaming.ask(settings, clients, question=question)
form.book.record("answer", answer.record())
answer

# %%
streaming.prompt_box(settings, clients, question=question)

# %% [markdown] lang="en"
# ## Break down the cold start
# The card lists the phases in order, from node request to first response, with the source of each timestamp: a cluster event, the streamer's line, a vLLM log line, or this notebook's clock. Time without a source is listed as unexplained. Each phase shows the cost of the idle GPU.
#
# For comparison, Google measured 4.3 to 7.4 minutes in October 2026 on GPUs larger than an L4; the weights took 9 to 20 s of it. With streaming, the image pull and the compilation are the next phases to shorten.
#
# A second start on the same node is shorter, because the image is cached. If the Pod had answered before, the cold start ends at `ready`. `python -m warmbook timeline` prints this card in a terminal; `--log FILE` reads a saved log.

# %% [markdown] lang="es"
# ## Descompón el inicio en frío
# La tarjeta enumera las fases en orden, desde la solicitud del nodo hasta la primera respuesta, con el origen de cada marca de tiempo: un evento del clúster, la línea del transmisor, una línea de vLLM o el reloj de este notebook. El tiempo sin origen figura como sin explicar. Cada fase muestra el costo de la GPU inactiva.
#
# Para comparar, Google midió de 4.3 a 7.4 minutos en octubre de 2026 con GPUs más grandes que una L4; la carga de los pesos tardó de 9 a 20 s. Con la transmisión, las siguientes fases por acortar son la descarga de la imagen y la compilación.
#
# Un segundo arranque en el mismo nodo es más corto, porque la imagen ya está en él. Si el Pod ya había respondido antes, el inicio en frío termina en `ready`. `python -m warmbook timeline` imprime esta tarjeta en una terminal; `--log FILE` lee registros guardados.

# %%
start = streaming.cold_start(settings, clients, answer=answer)
form.book.record("phases", start.record())
exercises.see(start, "07", load_share=start.load_percent)

# %%
start.plot()

# %% [markdown] lang="en"
# ## Detect corrupted weights
# A server that passes its health checks can still return nonsense: with several GPUs, some releases of vLLM and the streamer loaded corrupted weights and still answered with status 200.
#
# This cell sends a fixed set of 24 prompts and compares the tokens with those of vLLM's default loader. If notebook 9 has not measured that loader yet, the answers are saved and compared there. A few different tokens are due to rounding. With corrupted weights most answers diverge at the first token; the card then reports `corrupted` and lists the known issues for your release.

# %% [markdown] lang="es"
# ## Detecta pesos dañados
# Un servidor que pasa sus verificaciones de estado puede devolver disparates: con varias GPUs, algunas versiones de vLLM y del transmisor cargaron pesos dañados y aun así respondieron con el estado 200.
#
# Esta celda envía un conjunto fijo de 24 prompts y compara los tokens con los del cargador predeterminado de vLLM. Si el notebook 9 aún no midió ese cargador, las respuestas se guardan y se comparan allí. Unos pocos tokens distintos se deben al redondeo. Con pesos dañados, la mayoría de las respuestas difiere en el primer token; entonces la tarjeta informa `corrupted` y enumera los problemas conocidos de tu versión.

# %%
tokens = server_tokens.answers(
    settings, clients, reference=form.book.measurements().get("reference")
)
form.book.record("served", tokens.record())
tokens

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    (answer.text or answer.declined) and not tokens.corrupted,
    "the model answers, or the server says why it does not; no answer shows corrupted weights",
    remedy="remove distributed in notebook 6 or choose another vLLM release, deploy the server "
    "again, and repeat this notebook",
    pitfall="weights-corrupted",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.
#
# The sliders show what would shorten the next start: your measurement is marked, the load is an estimate, and the other parts are as you measured them.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.
#
# Los controles muestran qué acortaría el próximo arranque: tu medición está marcada, la carga es una estimación y las demás partes son como las mediste.

# %% tags=["exercise"]
explore.cold_start(settings, weight_bytes=stream.expected_bytes, measured=form.book.measurements())

# %% tags=["exercise"]
exercises.compare("07")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# The load takes half the time, unless another limit is reached first, such as the parallel reads. The whole start gets shorter only by what the load saved, because the other phases stay as they are: with a share of 5 %, twice the rate saves 2.5 %. This is Amdahl's law, and the reason to look at the image pull and the compilation next.
#
# </details>
#
# Next: [8 · Enable Anywhere Cache and scale out](08_cache.ipynb) or [9 · Compare loaders](09_compare.ipynb), both optional, or [10 · Clean up](10_cleanup.ipynb)

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# La carga tarda la mitad, si no la limita antes otra cosa, como las lecturas en paralelo. El arranque completo se acorta solo en lo que ahorró la carga, porque las demás fases quedan igual: con una proporción del 5 %, el doble de velocidad ahorra el 2.5 %. Es la ley de Amdahl, y el motivo para ocuparse después de la descarga de la imagen y de la compilación.
#
# </details>
#
# Siguiente: [8 · Habilita Anywhere Cache y escala](08_cache.ipynb) o [9 · Compara los cargadores](09_compare.ipynb), ambos opcionales, o [10 · Realiza una limpieza](10_cleanup.ipynb)
