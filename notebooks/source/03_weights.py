# %% [markdown] lang="en"
# # 3 · Look at the weights
#
# A wrong folder shows itself twenty minutes later, in the log of a Pod on an expensive node. This notebook looks into the bucket first, reads the few kilobytes at the head of each file, and says what the streamer will do with them.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Uploads a model from this machine or Hugging Face if you name one; then inspects the model's folder in the bucket | The bucket; for an upload, safetensors files | A model that will load | Seconds to look; an upload takes as long as your network; what is stored is billed per GiB and month |

# %% [markdown] lang="es"
# # 3 · Revisa los pesos
#
# Una carpeta equivocada se nota veinte minutos más tarde, en los registros de un Pod que corre en un nodo caro. Este notebook mira antes en el bucket, lee los pocos kilobytes con que empieza cada archivo y te dice qué hará el transmisor con ellos.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Sube un modelo de esta máquina o de Hugging Face, si indicas uno; luego revisa la carpeta del modelo en el bucket | El bucket; para subir, archivos safetensors | Un modelo que se podrá cargar | Segundos para revisar; subir tarda lo que tarde tu red; lo almacenado se cobra por GiB y por mes |

# %% tags=["parameters"]
model_uri: str = ""  # gs://BUCKET_NAME/PATH_TO_MODEL
model_source: str = ""  # local folder or hf://ORG/NAME to upload first; empty: no upload
gpu: str = ""  # GPU type, such as nvidia-l4
gpu_count: str = ""  # GPUs of one Pod
tensor_parallel_size: str = ""  # GPUs that share one copy of the model
max_model_len: str = ""  # context length in tokens, prompt and answer together; 0: the model's own
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor
from warmbook.steps import sizing, upload, weights

# %% [markdown] lang="en"
# ## Say where the model is
# The guide starts from a model that is in the bucket already; then leave `model_source` empty. If yours is on Hugging Face, write `hf://ORG/NAME`; if it is on this machine, name its folder, the one with `config.json` and the safetensors files, and it will be uploaded to the model's address.

# %% [markdown] lang="es"
# ## Di dónde está el modelo
# La guía supone que el modelo ya está en el bucket; en ese caso, deja `model_source` vacío. Si el tuyo está en Hugging Face, escribe `hf://ORG/NAME`; si está en esta máquina, indica su carpeta, la que contiene `config.json` y los archivos safetensors, y se subirá a la dirección del modelo.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %% [markdown] lang="en"
# ## Ask the doctor first
# Two things decide whether this notebook can do its work: the bucket is there, near the cluster, and you may look at it and write to it. A look at them takes a second; an upload that ends with a 403 after an hour does not.

# %% [markdown] lang="es"
# ## Pregúntale antes al doctor
# Dos cosas deciden si este notebook puede hacer su trabajo: que el bucket exista, cerca del clúster, y que puedas verlo y escribir en él. Revisarlas toma un segundo; una subida que termina con un error 403 al cabo de una hora, no.

# %%
examined = doctor.examine(settings, clients, before="03")
examined

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    examined,
    "nothing stands in the way of this notebook",
    remedy="do what the lines marked ✗ say, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Upload the model
# Nothing happens here unless you named a source. If you did, only the files that serving needs are sent: the weights, the configuration, the tokenizer and its templates. Large files travel in parts, several at a time, each with its checksum; a file appears in the bucket when it is there whole, and `config.json` comes last, so nobody takes half a model for a model.
#
# You may stop this cell with ■, lose the network, or come back tomorrow: run it again and it goes on **within** the file where it stopped, from what the bucket says that it has. The parts of an unfinished file are kept there, and billed as storage, until the file is finished or its upload is aborted. If you won't finish it, the card of a later run shows what lies there and the command that aborts it; a bucket can also do that by itself, with the lifecycle rule `AbortIncompleteMultipartUpload`.
#
# Only the folder's own level is sent. The `original/` folder that some Hugging Face models carry stays behind, and that is good: vLLM reads small files of sub-folders too, and a second `config.json` there has confused it.
#
# `model_source` may also name a model on **Hugging Face**: `hf://ORG/NAME`, or `hf://ORG/NAME@REVISION` for a branch, a tag or a commit. Each part is read from there and sent on, so this machine needs memory for eight parts and no disk. The revision becomes a commit at the start, so the model can't change halfway, and each large file is held against the SHA-256 that Hugging Face has for it. A gated model asks for your agreement on its page, and for a token: run `hf auth login` in a terminal, or set `HF_TOKEN` before you start Jupyter; never write it into a notebook. In a rehearsal Hugging Face is rehearsed too: try `hf://HuggingFaceTB/SmolLM2-135M-Instruct`, and for the lesson about tokens `hf://rehearsal/SmolLM2-135M-gated` with the token `hf_rehearsal_with_access`.
#
# This is the one thing that notebook 10 does not delete: a model that you uploaded stays in your bucket.

# %% [markdown] lang="es"
# ## Sube el modelo
# Aquí no pasa nada si no indicaste un origen. Si lo indicaste, se envían solo los archivos que hacen falta para entregar el modelo: los pesos, la configuración, el tokenizador y sus plantillas. Los archivos grandes viajan en partes, varias a la vez, cada una con su suma de comprobación; un archivo aparece en el bucket cuando está completo, y `config.json` llega al final, de modo que nadie toma medio modelo por un modelo.
#
# Puedes detener esta celda con ■, perder la red o volver mañana: ejecútala otra vez y continúa **dentro** del archivo donde se quedó, a partir de lo que el bucket dice que tiene. Las partes de un archivo sin terminar se conservan ahí, y se cobran como almacenamiento, hasta que el archivo se termina o su subida se anula. Si no lo vas a terminar, la tarjeta de una ejecución posterior muestra lo que quedó y el comando que lo anula; el bucket también puede hacerlo solo, con la regla de ciclo de vida `AbortIncompleteMultipartUpload`.
#
# Se envía solo el primer nivel de la carpeta. La subcarpeta `original/` que traen algunos modelos de Hugging Face se queda, y mejor así: vLLM lee también los archivos pequeños de las subcarpetas, y un segundo `config.json` en ese lugar ya lo ha confundido.
#
# `model_source` también puede nombrar un modelo de **Hugging Face**: `hf://ORG/NAME`, o `hf://ORG/NAME@REVISION` con una rama, una etiqueta o un commit. Cada parte se lee de ahí y se envía enseguida; esta máquina necesita memoria para ocho partes y nada de disco. La revisión se fija en un commit al empezar, así que el modelo no puede cambiar a medio camino, y cada archivo grande se compara con el SHA-256 que Hugging Face tiene de él. Un modelo restringido pide que aceptes su licencia en su página, y un token: ejecuta `hf auth login` en una terminal, o define `HF_TOKEN` antes de iniciar Jupyter; nunca lo escribas en un notebook. En un ensayo, también Hugging Face se ensaya: prueba `hf://HuggingFaceTB/SmolLM2-135M-Instruct` y, para la lección de los tokens, `hf://rehearsal/SmolLM2-135M-gated` con el token `hf_rehearsal_with_access`.
#
# Esto es lo único que el notebook 10 no borra: el modelo que subiste se queda en tu bucket.

# %% tags=["creates-resource"]
brought = upload.model(settings, clients)
brought

# %% [markdown] lang="en"
# ## Look at what the streamer will read
# vLLM and the streamer read the folder in two ways. The **small files**, such as `config.json` and the tokenizer, are copied into the Pod first. Then the streamer lists the folder, one level deep, and streams **every** `*.safetensors` file in it. It does not ask the index which of them belong to the model, so a stray copy of the weights in the same folder is read, and paid for in seconds, as well.
#
# The card adds up the bytes. They tell two things. The weights must fit into GPU memory with room to spare: a 9-billion-parameter model in bfloat16 takes 17.2 GiB of the 24 GB of an L4, and the rest has to hold the context. And bytes divided by the network speed of the machine is the shortest possible load: no setting of the streamer gets below it.
#
# Each safetensors file begins with a **header** that lists its tensors and where they lie. Two short reads per file are enough to see the architecture, the mix of dtypes and the largest tensor, and to find what would end a start on a paid GPU: a file cut short by an interrupted upload, a git-lfs pointer in a file's place, a missing shard, a dtype that the streamer does not know. Each fault is named on the card, with what would happen and the remedy. `python -m warmbook weights gs://…` does the same in a terminal, for any model.
#
# The headers say where the bytes lie, too. In the picture, each column is a **layer** of the model; the columns at the ends are what stands beside the layers, such as the embedding. A layer is what several GPUs cut into slices, and the largest tensor, usually the embedding, is what the streamer's buffer must hold whole.
#
# The bucket's place matters as much as its content, so the card compares it with the region of your cluster.

# %% [markdown] lang="es"
# ## Mira lo que va a leer el transmisor
# vLLM y el transmisor leen la carpeta de dos maneras. Los **archivos pequeños**, como `config.json` y el tokenizador, se copian primero al Pod. Después, el transmisor enumera la carpeta, un solo nivel, y transmite **todos** los archivos `*.safetensors` que hay en ella. No consulta el índice para saber cuáles son del modelo, así que una copia suelta de los pesos en la misma carpeta también se lee, y la pagas en segundos.
#
# La tarjeta suma los bytes, y la suma dice dos cosas. Los pesos deben caber en la memoria de la GPU con holgura: un modelo de 9000 millones de parámetros en bfloat16 ocupa 17.2 GiB de los 24 GB de una L4, y el resto tiene que alojar el contexto. Además, los bytes divididos por la velocidad de red de la máquina dan la carga más corta posible: ningún ajuste del transmisor baja de ahí.
#
# Cada archivo safetensors empieza con un **encabezado** que enumera sus tensores y dónde están. Con dos lecturas cortas por archivo basta para ver la arquitectura, la mezcla de dtypes y el tensor más grande, y para descubrir lo que arruinaría un arranque en una GPU que ya estás pagando: un archivo cortado por una subida interrumpida, un puntero de git-lfs en lugar del archivo, un fragmento que falta, un dtype que el transmisor no conoce. La tarjeta nombra cada falla, con lo que pasaría y su remedio. `python -m warmbook weights gs://…` hace lo mismo en una terminal, con cualquier modelo.
#
# Los encabezados dicen también dónde están los bytes. En la imagen, cada columna es una **capa** del modelo; las columnas de los extremos son lo que está junto a las capas, como el embedding. Una capa es lo que varias GPUs se reparten en rebanadas, y el tensor más grande, casi siempre el embedding, es lo que el búfer del transmisor tiene que alojar entero.
#
# El lugar del bucket importa tanto como su contenido; por eso, la tarjeta lo compara con la región de tu clúster.

# %%
model = weights.inspect(settings, clients)
model

# %%
model.plot()

# %% [markdown] lang="en"
# Weights alone don't start a server. vLLM learns the model's architecture from `config.json`; without it, it stops with "no config file found". And a bucket in another region works, but each start reads all the weights across regions: slower, and billed per GiB. So the last check stops you here, while it is cheap to choose another place.

# %% [markdown] lang="es"
# Los pesos solos no bastan para iniciar un servidor. vLLM conoce la arquitectura del modelo por `config.json`; si falta, se detiene con el mensaje «no config file found». En cuanto a un bucket de otra región, funciona, pero cada arranque lee todos los pesos de una región a otra: más lento y con un cobro por GiB. Por eso la última comprobación te detiene aquí, mientras cambiar de lugar sale barato.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    model.whole,
    "the model in the bucket is whole",
    remedy="read the lines marked ✗ above: each names its remedy; then run the cell again",
)

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    model.near,
    "the bucket is in the region of the cluster",
    remedy="choose the bucket's region in the form, or copy the model to a bucket near the cluster",
)

# %% [markdown] lang="en"
# ## Size the GPU
# Will it run? The card puts the model into the memory of the GPUs that you chose: its weights, the **context** (the KV cache of one request of `max_model_len` tokens), and the rest that vLLM takes while it works. The first two follow from the files; the rest is an estimate, so it is shown as a range, and a verdict that hangs on it is "may fit".
#
# The guide's own example shows why this matters: gemma-2-9b-it has 17.2 GiB of weights, and one L4 leaves it too little for its full 8192 tokens. The card names the context that surely fits. Several GPUs share a model only if their number divides its attention heads.
#
# Below stand the shortest possible load, which the machine's network sets, what Google measured on other machines with other models, and what an hour costs, with the date of the price.
#
# The first picture is the memory of **one** GPU. What is striped depends on things that show only when vLLM starts, and what is pale is left free; if the stripes or the context reach beyond the red band, vLLM may refuse the context and name the longest that fits.

# %% [markdown] lang="es"
# ## Dimensiona la GPU
# ¿Va a funcionar? La tarjeta coloca el modelo en la memoria de las GPUs que elegiste: sus pesos, el **contexto** (la caché KV de una solicitud de `max_model_len` tokens) y lo demás que vLLM ocupa mientras trabaja. Lo primero y lo segundo salen de los archivos; lo demás es una estimación, por eso se muestra como un rango, y si el veredicto depende de él dice «puede caber».
#
# El ejemplo de la propia guía muestra por qué importa: gemma-2-9b-it tiene 17.2 GiB de pesos, y una sola L4 le deja demasiado poco para sus 8192 tokens completos. La tarjeta nombra el contexto que cabe con seguridad. Varias GPUs solo pueden repartirse un modelo si su número divide sus cabezas de atención.
#
# Debajo están la carga más corta posible, que la fija la red de la máquina, lo que Google midió en otras máquinas con otros modelos, y lo que cuesta una hora, con la fecha del precio.
#
# La primera imagen es la memoria de **una** GPU. Lo rayado depende de cosas que solo se ven cuando vLLM arranca, y lo pálido queda libre; si las rayas o el contexto pasan de la franja roja, vLLM puede rechazar el contexto y decir cuál es el más largo que cabe.

# %%
sized = sizing.size_up(settings, clients, seen=model.seen)
sized

# %%
sized.plot()

# %% [markdown] lang="en"
# The second picture is the load: in blue what the network allows, then what the guide's own log line would make of it, and the rates that Google measured with other models, which promise nothing for yours. A load near the longer blue bar is as good as it gets; one near the guide's has room for the settings of notebook 7.
#
# A model that does not fit ends the notebook here, before a cluster is paid for. One that may fit goes on: the start will tell.

# %% [markdown] lang="es"
# La segunda imagen es la carga: en azul, lo que permite la red; después, lo que saldría con la línea de registro de la propia guía y los ritmos que Google midió con otros modelos, que no prometen nada para el tuyo. Una carga cerca de la barra azul más larga es lo mejor que hay; una cerca de la de la guía deja margen para los ajustes del notebook 7.
#
# Un modelo que no cabe detiene el notebook aquí, antes de que pagues un clúster. Uno que puede caber sigue adelante: el arranque lo dirá.

# %%
sized.plot_load()

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    sized.possible,
    "the model can run on the chosen GPUs",
    remedy="choose more or larger GPUs, or a smaller max_model_len, in the form above",
)

# %% [markdown] lang="en"
# Next: [4 · Create the cluster](04_cluster.ipynb)

# %% [markdown] lang="es"
# Siguiente: [4 · Crea el clúster](04_cluster.ipynb)
