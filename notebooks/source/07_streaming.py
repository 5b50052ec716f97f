# %% [markdown] lang="en"
# # 7 · Watch the weights stream
#
# The Pod runs; now you wait until it is ready, read from its log how fast the weights came, ask the model a question, and see where the rest of the cold start went.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Waits for the server, measures the stream, asks the model, tells the phases of the start | The Deployment of notebook 6 | Your figures in `workbook.yaml`; the server goes on running | 2 to 5 minutes after the container's start, one or two in a rehearsal; the GPU is billed as long as the Pod lives |

# %% [markdown] lang="es"
# # 7 · Observa cómo se transmiten los pesos
#
# El Pod ya se ejecuta; ahora esperas a que esté listo, lees en sus registros qué tan rápido llegaron los pesos, le haces una pregunta al modelo y ves en qué se fue el resto del inicio en frío.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Espera al servidor, mide la transmisión, le pregunta al modelo, muestra las fases del arranque | El Deployment del notebook 6 | Tus cifras en `workbook.yaml`; el servidor sigue en ejecución | De 2 a 5 minutos desde que arranca el contenedor, uno o dos en un ensayo; la GPU se cobra mientras viva el Pod |

# %% tags=["parameters"]
model_uri: str = ""  # gs://BUCKET_NAME/PATH_TO_MODEL
namespace: str = ""  # NAMESPACE in the guide
question: str = "What is the capital of France?"  # prompt to send to the model
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor
from warmbook.steps import server_tokens, streaming

# %% [markdown] lang="en"
# ## Your choices
# Only the cluster's place, the namespace and the model's address matter here; the bucket is asked how many bytes the stream should have had.

# %% [markdown] lang="es"
# ## Tus opciones
# Aquí solo importan el lugar del clúster, el espacio de nombres y la dirección del modelo; al bucket se le pregunta cuántos bytes debía tener la transmisión.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %% [markdown] lang="en"
# ## See that it can come up
# A Pod that waits looks the same whether its weights are on the way or nobody lets it read them. So the doctor looks at the cluster, the account and its roles on the bucket once more: that takes a second or two, the wait below takes minutes.

# %% [markdown] lang="es"
# ## Comprueba que pueda arrancar
# Un Pod que espera se ve igual si los pesos vienen en camino o si nadie lo deja leerlos. Por eso el doctor revisa una vez más el clúster, la cuenta y sus roles sobre el bucket: toma uno o dos segundos, y la espera de abajo, minutos.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    doctor.examine(settings, clients, before="07"),
    "nothing stands in the way of this notebook",
    remedy="do what is said here, then run this cell again",
)

# %% [markdown] lang="en"
# ## Wait until it is ready
# A running container is not yet a server. vLLM imports its libraries, streams the weights, compiles the model, and captures CUDA graphs; only then does `/health` answer, and the Pod counts as ready. While the weights flow, the line under the cell shows their percentage.
#
# If the container ends instead, the cell reads its last log and names the cause. The three that people meet most often: a role on the bucket that is missing (a 403, notebook 5), a folder without weights (notebook 3), and GPU memory too small for the context (`max_model_len`, notebook 6).

# %% [markdown] lang="es"
# ## Espera a que esté listo
# Un contenedor en ejecución todavía no es un servidor. vLLM importa sus bibliotecas, transmite los pesos, compila el modelo y captura los grafos de CUDA; solo entonces responde `/health` y el Pod cuenta como listo. Mientras fluyen los pesos, la línea bajo la celda muestra el porcentaje.
#
# Si en cambio el contenedor termina, la celda lee sus últimos registros y nombra la causa. Las tres más frecuentes: falta un rol sobre el bucket (un error 403, notebook 5), la carpeta no tiene pesos (notebook 3) o la memoria de la GPU no alcanza para el contexto (`max_model_len`, notebook 6).

# %% guide="G24"
ready = streaming.wait_available(settings, clients)
ready

# %% [markdown] lang="en"
# ## Find the Pod, and note what it runs
# The Deployment has a fixed name, the Pod has not: Kubernetes adds letters of its own after `vllm-streamer-deployment`, and new ones at each start. You need the Pod's name to follow its log by hand; the folded command under the next measurement finds it for you.
#
# A figure is worth little without the versions behind it. The image's tag names vLLM alone; which streamer is inside depends on the day the image was built, so the Pod itself is asked.

# %% [markdown] lang="es"
# ## Busca el Pod y anota qué ejecuta
# El Deployment tiene un nombre fijo; el Pod, no: Kubernetes le agrega letras propias después de `vllm-streamer-deployment`, y otras nuevas en cada arranque. Necesitas el nombre del Pod para seguir sus registros a mano; el comando plegado bajo la próxima medición lo encuentra por ti.
#
# Una cifra vale poco sin las versiones que hay detrás. La etiqueta de la imagen solo nombra a vLLM; qué transmisor lleva dentro depende del día en que se construyó, así que se le pregunta al propio Pod.

# %% guide="G25"
pods = streaming.list_pods(settings, clients)
pods

# %%
versions = streaming.versions(settings, clients)
form.book.record("versions", versions.record())
versions

# %% [markdown] lang="en"
# ## Measure the stream
# The guide tells you to look for a line like this one in the Pod's log:
#
# `[RunAI Streamer] Overall time to stream 15.0 GiB of all files: 13.4s, 1.1 GiB/s`
#
# Three things about it have changed or need care. Newer streamers also name where the tensors went, as in `of all files to cpu: 13.4s`. From 0.15.1 on the line is not printed under vLLM unless it is asked for, which the manifest does. And up to 0.16 it appears even after a load that **failed**, with a few bytes in it. So the cell does more than look for it: it adds up the bytes of all GPUs and compares them with the bytes in the bucket. Where no line is printed, it takes vLLM's own `Model loading took`, and says so.
#
# (The sample's 15.0 GiB belong to a model of 8 billion parameters; gemma-2-9b-it would be 17.2 GiB. And 1.1 GiB/s is about a third of what the network of a g2-standard-16 can carry: there is room.)
#
# In a rehearsal the bytes and the streamer are real, but they come from this machine, so the seconds say nothing about Cloud Storage.

# %% [markdown] lang="es"
# ## Mide la transmisión
# La guía te dice que busques en los registros del Pod una línea como esta:
#
# `[RunAI Streamer] Overall time to stream 15.0 GiB of all files: 13.4s, 1.1 GiB/s`
#
# Hay tres cosas de ella que cambiaron o piden cuidado. Los transmisores más nuevos dicen también adónde fueron los tensores, como en `of all files to cpu: 13.4s`. Desde la versión 0.15.1, la línea no se imprime con vLLM a menos que se pida, y el manifiesto la pide. Y hasta la 0.16 aparece incluso después de una carga que **falló**, con unos pocos bytes. Por eso la celda no se conforma con buscarla: suma los bytes de todas las GPUs y los compara con los del bucket. Si no se imprime ninguna línea, toma la de vLLM, `Model loading took`, y te lo dice.
#
# (Los 15.0 GiB del ejemplo son de un modelo de 8000 millones de parámetros; gemma-2-9b-it serían 17.2 GiB. Y 1.1 GiB/s es cerca de un tercio de lo que puede llevar la red de una g2-standard-16: queda margen).
#
# En un ensayo, los bytes y el transmisor son reales, pero vienen de esta misma máquina, así que los segundos no dicen nada sobre Cloud Storage.

# %% guide="G26"
stream = streaming.measure(settings, clients)
form.book.record("stream", stream.record())
stream

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    stream.whole,
    "the streamer read every byte of the weights",
    remedy="see whether files were added to the folder since the Pod started; delete the Pod, "
    "and its successor reads them all",
)

# %% [markdown] lang="en"
# ## Ask the model
# The question goes to the Pod through the cluster's own API, without opening a port to the world, and asks for the likeliest words (`temperature` 0), so that it is the same answer each time. The first answer of a Pod often takes longer than those after it: Google measured 22 s once, of a Pod that was ready, and less than a second from then on. So the cell times it, and asks vLLM's counters first whether anybody was answered before.
#
# A model served from a bucket is called by its address, `gs://…`, unless told otherwise, and clients that ask for it by a short name get a 404. The manifest of notebook 6 tells otherwise: with vLLM the folder's name works, and the address too.
#
# In a rehearsal a small model answers, on a CPU. The rehearsal's quick engine, for runs in a hurry, loads the weights but answers nothing, and says so.

# %% [markdown] lang="es"
# ## Pregúntale al modelo
# La pregunta llega al Pod por la propia API del clúster, sin abrir un puerto al mundo, y pide las palabras más probables (`temperature` 0), para que la respuesta sea siempre la misma. La primera respuesta de un Pod suele tardar más que las siguientes: Google midió una vez 22 s, con el Pod ya listo, y menos de un segundo a partir de ahí. Por eso la celda la cronometra y antes les pregunta a los contadores de vLLM si ya se le había respondido a alguien.
#
# Un modelo entregado desde un bucket se llama como su dirección, `gs://…`, salvo que se indique otra cosa, y los clientes que lo piden por un nombre corto reciben un error 404. El manifiesto del notebook 6 indica otra cosa: con vLLM funciona el nombre de la carpeta, y también la dirección.
#
# En un ensayo responde un modelo pequeño, en una CPU. El motor rápido del ensayo, para ejecuciones con prisa, carga los pesos pero no responde nada, y lo dice.

# %%
answer = streaming.ask(settings, clients, question=question)
form.book.record("answer", answer.record())
answer

# %% [markdown] lang="en"
# ## See where the time went
# The stream is one part of the cold start, and often not the longest. The card lays the phases one after the other, from the wish for a node to the first answer, and names who says so: an event of the cluster, the streamer's line, a line of vLLM, this workbook's clock. What no signal explains is called unexplained, so that nothing is hidden. Beside each phase stands what the idle GPU cost meanwhile, where the machine's price is known; below, the line that told the stream's figures and, on Google Cloud, what share of the network's rate they reached.
#
# For comparison: in measurements that Google published in October 2026, with GPUs larger than an L4, the weights took 9 to 20 s of the 4.3 to 7.4 minutes from no Pod to the first answer. Once the weights stream, the image and the compilation are what is left to shorten.
#
# Kubernetes writes whole seconds; the times of the log are exact. A second start on the same node is shorter, because the image is there. `python -m warmbook timeline` prints the card in a terminal, and with `--log FILE` that of a saved log.

# %% [markdown] lang="es"
# ## Mira en qué se fue el tiempo
# La transmisión es una parte del inicio en frío, y muchas veces no la más larga. La tarjeta pone las fases una tras otra, desde que se pide un nodo hasta la primera respuesta, y dice de dónde sale cada una: un evento del clúster, la línea del transmisor, una línea de vLLM, el reloj de este workbook. Lo que ninguna señal explica aparece como «sin explicar», para que nada quede oculto. Junto a cada fase está lo que costó mientras tanto la GPU inactiva, si se conoce el precio de la máquina; debajo, la línea que dio las cifras de la transmisión y, en Google Cloud, qué parte de la velocidad de la red alcanzaron.
#
# Para comparar: en mediciones que Google publicó en octubre de 2026, con GPUs más grandes que una L4, los pesos tomaron de 9 a 20 s de los 4.3 a 7.4 minutos que pasaron desde que no había Pod hasta la primera respuesta. Cuando los pesos ya se transmiten, lo que queda por acortar son la imagen y la compilación.
#
# Kubernetes escribe segundos enteros; los tiempos de los registros son exactos. Un segundo arranque en el mismo nodo es más corto, porque la imagen ya está ahí. `python -m warmbook timeline` muestra la tarjeta en una terminal y, con `--log FILE`, la de unos registros guardados.

# %%
start = streaming.cold_start(settings, clients, answer=answer)
form.book.record("phases", start.record())
start

# %%
start.plot()

# %% [markdown] lang="en"
# ## Read the answer, and have it judged
# A server can be healthy and still talk nonsense: with several GPUs, some releases of vLLM and the streamer have loaded damaged weights and answered with status 200. So read the answer.
#
# In the picture above it is the last part, but only if the Pod that gave it had answered nobody before. How long the Pod lay ready until you asked is left out: that was not its fault. If you run this notebook again, the same Pod has answered already, and the cold start ends with `ready`.
#
# One answer that reads well proves little. So the server is asked a fixed set of 24 prompts as well, a few tokens each, in one request, and its tokens are held against those of vLLM's default loader, which reads the same files without the streamer.
#
# The default loader needs the GPU for itself, so it is asked in notebook 9. If that has been done for these files and this vLLM, the card judges now; if not, it keeps the answers in `workbook.yaml`, says so, and notebook 9 judges.
#
# A few different tokens are no proof. The server is compiled, captures CUDA graphs, and makes batches of its own, so it rounds otherwise; where two tokens are nearly as likely, either may come. Damaged weights look different: most answers part at their first token. That, the card calls corrupted, and names the reports that are known for your release. One and the same answer to every prompt needs no reference: no sound model does that.

# %% [markdown] lang="es"
# ## Lee la respuesta y haz que se juzgue
# Un servidor puede estar sano y aun así decir disparates: con varias GPUs, algunas versiones de vLLM y del transmisor cargaron pesos dañados y respondieron con estado 200. Por eso, lee la respuesta.
#
# En la imagen de arriba es la última parte, pero solo si el Pod que la dio no le había respondido antes a nadie. El tiempo que el Pod pasó listo hasta que preguntaste no cuenta: no fue culpa suya. Si vuelves a ejecutar este notebook, el mismo Pod ya respondió, y el inicio en frío termina en `ready`.
#
# Una respuesta que se lee bien prueba poco. Por eso al servidor se le pregunta además un conjunto fijo de 24 prompts, unos pocos tokens cada uno, en una sola solicitud, y sus tokens se comparan con los del cargador predeterminado de vLLM, que lee los mismos archivos sin el transmisor.
#
# El cargador predeterminado necesita la GPU para él solo, así que se le pregunta en el notebook 9. Si eso ya se hizo con estos archivos y este vLLM, la tarjeta juzga ahora; si no, guarda las respuestas en `workbook.yaml`, lo dice, y juzga el notebook 9.
#
# Unos pocos tokens distintos no prueban nada. El servidor está compilado, captura grafos de CUDA y arma sus propios lotes, así que redondea de otra manera; donde dos tokens son casi igual de probables, puede salir cualquiera. Los pesos dañados se ven de otro modo: la mayoría de las respuestas se separa en el primer token. A eso la tarjeta lo llama pesos dañados, y nombra los informes que se conocen de tu versión. Una misma respuesta a todos los prompts no necesita referencia: ningún modelo sano hace eso.

# %%
words = server_tokens.answers(
    settings, clients, reference=form.book.measurements().get("reference")
)
form.book.record("served", words.record())
words

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    (answer.text or answer.declined) and not words.corrupted,
    "the model answers, or the server says why it does not, and no answer shows damaged weights",
    remedy="take distributed out in the form of notebook 6, or choose another vLLM release, send "
    "the server again, and come back",
    pitfall="weights-corrupted",
)

# %% [markdown] lang="en"
# Next: [8 · Put a cache beside the Pods](08_cache.ipynb) or [9 · Compare the loaders](09_compare.ipynb), which are optional, or [10 · Delete what you created](10_cleanup.ipynb)

# %% [markdown] lang="es"
# Siguiente: [8 · Pon una caché junto a los Pods](08_cache.ipynb) o [9 · Compara los cargadores](09_compare.ipynb), que son opcionales, o [10 · Borra lo que creaste](10_cleanup.ipynb)
