# %% [markdown] lang="en"
# # 1 · Choose the model and its place
#
# You have the weights of a large model in a Cloud Storage bucket, and you want the model to answer on GKE soon after its Pod starts. This workbook takes you there, and leaves nothing running at the end. It carries out Google Cloud's guide [Accelerate model loading on GKE with Run:ai Model Streamer and vLLM](https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/run-ai-model-streamer) (*the guide* from here on), and says so where today's software has moved past it.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Shows what will be built, then asks for your choices | Nothing yet; a project and a bucket help the form to make suggestions | `workbook.yaml`, which the other notebooks read | Ten minutes of reading; free |

# %% [markdown] lang="es"
# # 1 · Elige el modelo y su lugar
#
# Tienes en un bucket de Cloud Storage los pesos de un modelo grande y quieres que ese modelo responda en GKE poco después de que arranque su Pod. Este cuaderno de trabajo te lleva hasta ahí y, al final, no deja nada en ejecución. Lleva a la práctica la guía de Google Cloud [Acelera la carga de modelos en GKE con Run:ai Model Streamer y vLLM](https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/run-ai-model-streamer?hl=es-419) (de aquí en adelante, *la guía*) y avisa donde el software de hoy ya la dejó atrás.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Muestra lo que vas a construir y te pide elegir | Nada todavía; con un proyecto y un bucket, el formulario puede sugerirte valores | `workbook.yaml`, que leen los demás notebooks | Diez minutos de lectura; gratis |

# %% tags=["parameters"]
project_id: str = ""  # PROJECT_ID in the guide; empty keeps your saved choice
location: str = ""  # region for Autopilot, zone for Standard; where the bucket is
model_uri: str = ""  # gs://BUCKET_NAME/PATH_TO_MODEL
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor

# %% [markdown] lang="en"
# ## Why a model server starts slowly
# The time between "start a Pod" and "the first answer" is the **cold start**. A server that loads the usual way spends part of it twice on the same bytes: it downloads many gigabytes of weights from the bucket to a local disk, and then it reads the file from the disk, one tensor after another, for the GPU. All that time the GPU does nothing, and you pay for it.
#
# **Run:ai Model Streamer** leaves the disk out. It opens many connections to the bucket, reads pieces of the files side by side, and hands each tensor to the server as soon as it is complete.
#
# It can do so because of the file format. **safetensors** starts with a short table that says where each tensor lies, so any tensor can be fetched by itself, and, unlike Python's pickle, the file cannot carry code that runs when it is opened.
#
# **vLLM** is the server that receives the tensors and answers over an OpenAI-compatible API. One argument, `--load-format=runai_streamer`, makes it load with the streamer.

# %% [markdown] lang="es"
# ## Por qué un servidor de modelos tarda en arrancar
# El tiempo que pasa entre «inicia un Pod» y «la primera respuesta» es el **inicio en frío**. Un servidor que carga de la manera habitual gasta parte de ese tiempo dos veces en los mismos bytes: descarga varios gigabytes de pesos del bucket a un disco local y, luego, lee el archivo del disco, un tensor tras otro, para llevarlo a la GPU. Durante todo ese rato la GPU está inactiva y la pagas igual.
#
# **Run:ai Model Streamer** prescinde del disco. Abre muchas conexiones con el bucket, lee partes de los archivos en paralelo y le entrega cada tensor al servidor en cuanto está completo.
#
# Puede hacerlo gracias al formato de archivo. Un archivo **safetensors** empieza con una tabla breve que indica dónde está cada tensor, así que cualquiera se puede pedir por separado; además, a diferencia de pickle de Python, no puede traer código que se ejecute al abrirlo.
#
# **vLLM** es el servidor que recibe los tensores y responde con una API compatible con OpenAI. Un solo argumento, `--load-format=runai_streamer`, hace que cargue con el transmisor.

# %% [markdown] lang="en" guide="G01"
# ## What you will build
# ![A Pod on a GPU node runs vLLM; the streamer inside it reads the safetensors files from the bucket, through an optional cache in the same zone, into GPU memory. IAM lets the Pod's service account read the bucket.](images/architecture.svg)
#
# - **Bucket**: holds the weights and the model's small files. Notebook 3 looks into it.
# - **GKE cluster**: gives the Pod a node with a GPU. Notebook 4 creates it.
# - **Service account**: the Pod's identity. It needs two roles on the bucket, which notebook 5 gives.
# - **Pod with vLLM and the streamer**: notebooks 6 and 7 start it, watch the weights arrive, and ask the model a question.
# - **Anywhere Cache** (optional): keeps the data in the zone of the Pods. Google now calls it Rapid Cache; notebook 8 creates one.
#
# The guide says that tensors go straight to GPU memory. More exactly: they never touch a disk, but with one GPU they pass through a buffer in the Pod's own memory. With several GPUs and `"distributed":true`, each GPU reads its share and they exchange the parts.
#
# **What to expect.** The guide's "up to six times faster" comes from the streamer's own benchmark on a fast AWS disk: 47 s became 7.5 s for the load alone, and the whole start of vLLM became 2.2 times faster. Your figures will be others: the network of the machine sets the limit, and the load is one part of the cold start among several. Notebook 7 measures all of them.

# %% [markdown] lang="es" guide="G01"
# ## Lo que vas a construir
# ![Un Pod en un nodo con GPU ejecuta vLLM; dentro de él, el transmisor lee los archivos safetensors del bucket, con una caché opcional en la misma zona, y los lleva a la memoria de la GPU. IAM permite que la cuenta de servicio del Pod lea el bucket.](images/architecture.svg)
#
# - **Bucket**: guarda los pesos y los archivos pequeños del modelo. El notebook 3 lo revisa.
# - **Clúster de GKE**: le da al Pod un nodo con GPU. Lo crea el notebook 4.
# - **Cuenta de servicio**: la identidad del Pod. Necesita dos roles sobre el bucket, que otorga el notebook 5.
# - **Pod con vLLM y el transmisor**: los notebooks 6 y 7 lo inician, observan cómo llegan los pesos y le hacen una pregunta al modelo.
# - **Anywhere Cache** (opcional): conserva los datos en la zona de los Pods. La guía también la llama «caché en cualquier lugar» y hoy Google la llama Rapid Cache; el notebook 8 crea una.
#
# La guía dice que los tensores van directamente a la memoria de la GPU. Con más precisión: nunca tocan un disco, pero con una sola GPU pasan por un búfer en la memoria del propio Pod. Con varias GPUs y `"distributed":true`, cada GPU lee su parte y luego las intercambian.
#
# **Qué puedes esperar.** El «hasta seis veces más rápido» de la guía viene de las pruebas del propio transmisor con un disco veloz de AWS: 47 s pasaron a 7.5 s, solo para la carga; el arranque completo de vLLM fue 2.2 veces más rápido. Tus cifras serán otras: el límite lo pone la red de la máquina, y la carga es apenas una de las partes del inicio en frío. El notebook 7 las mide todas.

# %% [markdown] lang="en" guide="G05"
# ## Where to run it
# Any terminal with Python will do: **Cloud Shell** (the button *Activate Cloud Shell* in the console), a **Workbench** instance, or your own machine. The notebooks speak to Google Cloud with its Python libraries, so gcloud and kubectl are welcome but not needed.
#
# On your own machine, sign in twice: `gcloud auth login` is for gcloud itself, and `gcloud auth application-default login` is for the libraries. In Cloud Shell, accept when it asks for authorization.
#
# You can also go through the whole book without an account. `make lab`, or `warmbook lab` where warmbook is installed, starts a **rehearsal**: the same notebooks and the same Google libraries, with imitated Google services on this machine. The streamer, vLLM and a small model stay real. A banner in each notebook tells you where you are: in a rehearsal, or in a project that costs money.
#
# **How a notebook goes.** Each section says what will happen, does it in one cell, and checks it in the next. Under each result, a line unfolds the gcloud or kubectl command that does the same by hand, with a button to copy it; `python -m warmbook commands` prints them all as one shell script. When a check fails, it names the remedy. Nothing is created twice: you can run any cell again, stop for the day, or go on from another computer, because what exists is always asked of the cloud and never remembered.

# %% [markdown] lang="es" guide="G05"
# ## Dónde ejecutarlo
# Sirve cualquier terminal con Python: **Cloud Shell** (el botón *Activar Cloud Shell* de la consola), una instancia de **Workbench** o tu propia máquina. Los notebooks hablan con Google Cloud por medio de sus bibliotecas de Python, así que gcloud y kubectl vienen bien, pero no hacen falta.
#
# En tu propia máquina, accede dos veces: `gcloud auth login` es para gcloud y `gcloud auth application-default login` es para las bibliotecas. En Cloud Shell, acepta cuando te pida autorización.
#
# También puedes recorrer todo el cuaderno sin tener una cuenta. `make lab`, o `warmbook lab` si warmbook está instalado, inicia un **ensayo**: los mismos notebooks y las mismas bibliotecas de Google, con servicios de Google imitados en esta máquina. El transmisor, vLLM y un modelo pequeño son los de verdad. Cada notebook muestra un aviso que te dice dónde estás: en un ensayo o en un proyecto que cuesta dinero.
#
# **Cómo avanza un notebook.** Cada sección dice qué va a pasar, lo hace en una celda y lo comprueba en la siguiente. Debajo de cada resultado, una línea despliega el comando de gcloud o de kubectl que hace lo mismo a mano, con un botón para copiarlo; `python -m warmbook commands` los imprime todos como un solo script de shell. Si una comprobación falla, indica el remedio. Nada se crea dos veces: puedes volver a ejecutar cualquier celda, parar hasta mañana o seguir desde otra computadora, porque siempre se le pregunta a la nube qué existe y nunca se confía en la memoria.

# %% [markdown] lang="en"
# ## Make your choices
# Each valid edit is saved at once, and the form says beside a field what is wrong with it. Three choices matter most:
#
# - **Project**: its ID, such as `my-project-4711`, not its name or number.
# - **Location**: a region for an Autopilot cluster, a zone for a Standard one, and in both cases **where the bucket is**. Reading across regions is slower and is billed per GiB.
# - **Model address**: `gs://BUCKET_NAME/PATH_TO_MODEL`, the folder that holds the safetensors files themselves.
#
# The rest has defaults that fit the guide's example: a cluster `run-ai-test`, one NVIDIA L4. Two of them differ from the guide on purpose. `vllm_version` is a newer release (the guide has 0.11.1, the first whose image can read from Cloud Storage, and the form refuses older ones), and `max_model_len` is set, because by arithmetic gemma-2-9b-it with its full context hardly fits into the memory of one L4.

# %% [markdown] lang="es"
# ## Elige tus opciones
# Cada cambio válido se guarda de inmediato y, junto a cada campo, el formulario te dice qué tiene de malo. Hay tres opciones que pesan más que el resto:
#
# - **Proyecto**: su ID, como `my-project-4711`, no su nombre ni su número.
# - **Ubicación**: una región para un clúster de Autopilot o una zona para uno Standard y, en ambos casos, **donde está el bucket**. Leer de una región a otra es más lento y se cobra por GiB.
# - **Dirección del modelo**: `gs://BUCKET_NAME/PATH_TO_MODEL`, la carpeta donde están los propios archivos safetensors.
#
# Lo demás trae valores acordes con el ejemplo de la guía: un clúster `run-ai-test` y una NVIDIA L4. Dos se apartan de ella a propósito. `vllm_version` es más reciente (la guía usa 0.11.1, la primera cuya imagen puede leer de Cloud Storage; el formulario rechaza las anteriores) y `max_model_len` tiene un valor porque, según las cuentas, gemma-2-9b-it con todo su contexto apenas cabe en la memoria de una sola L4.

# %% guide="G02 G08" jupyter={"source_hidden": true}
form = SettingsForm.choose(globals(), every=True, ask=True)
form

# %% [markdown] lang="en"
# ## See where you are
# The next cell takes the choices as they now stand; if one is missing or wrong, it stops here, before anything costs money. Its banner says whether you are in a rehearsal. Then the doctor looks whether the libraries on this machine, JupyterLab and the widgets among them, are of versions that fit.
#
# On Google Cloud, the meter starts in notebook 4 and stops in notebook 10. The machine with the GPU is nearly all of the bill: a g2-standard-16 with one L4 was listed at 1.15 USD an hour in us-central1 in March 2025. Look up today's price for your region before you leave a Pod running overnight.

# %% [markdown] lang="es"
# ## Mira dónde estás
# La celda que sigue toma tus opciones tal como están ahora; si falta alguna o no es válida, se detiene aquí, antes de que algo cueste dinero. Su aviso te dice si estás en un ensayo. Después, el doctor revisa si las bibliotecas de esta máquina, entre ellas JupyterLab y los widgets, son de versiones adecuadas.
#
# En Google Cloud, el contador arranca en el notebook 4 y se detiene en el 10. La máquina con la GPU es casi toda la cuenta: en marzo de 2025, una g2-standard-16 con una L4 figuraba a 1.15 USD por hora en us-central1. Consulta el precio actual de tu región antes de dejar un Pod encendido toda la noche.

# %%
settings = form.settings
clients = connect(settings)
clients

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    doctor.examine(settings, clients, before="01"),
    "nothing stands in the way of this notebook",
    remedy="do what is said here, then run this cell again",
)

# %% [markdown] lang="en"
# ## Keep your choices
# Here is each choice and where it came from: typed in the form, given to this notebook, saved earlier, set in the environment, or the default. The later notebooks show only the choices that concern them, already filled in; change one there, and it is saved as well.

# %% [markdown] lang="es"
# ## Guarda tus opciones
# Aquí está cada opción y de dónde salió: la escribiste en el formulario, se le pasó a este notebook, ya estaba guardada, viene del entorno o es el valor predeterminado. Los demás notebooks muestran solo las opciones que les tocan, ya completadas; si cambias alguna allí, también se guarda.

# %%
chosen = form.summary
chosen

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    form.saved,
    "your choices are saved in workbook.yaml",
    remedy="correct what the form marks, then run the cells from the form on",
)

# %% [markdown] lang="en"
# Next: [2 · Prepare the project](02_project.ipynb)

# %% [markdown] lang="es"
# Siguiente: [2 · Prepara el proyecto](02_project.ipynb)
