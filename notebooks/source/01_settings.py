# %% [markdown] lang="en"
# # 1 · Choose your settings
#
# This workbook carries out Google Cloud's guide [Accelerate model loading on GKE with Run:ai Model Streamer and vLLM](https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/run-ai-model-streamer) (*the guide*): it serves a large model from Cloud Storage on GKE, measures the cold start, and deletes everything again.
#
# **Objectives**
# - Explain why a model server starts slowly, and what streaming changes.
# - Choose project, location and model.
# - Verify that this machine is ready.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Shows the architecture, then asks for your settings | Nothing yet; with a project, the form suggests values | `workbook.yaml`, which the other notebooks read | Ten minutes; free |

# %% [markdown] lang="es"
# # 1 · Elige la configuración
#
# Esta guía práctica lleva a cabo la guía de Google Cloud [Acelera la carga de modelos en GKE con Run:ai Model Streamer y vLLM](https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/run-ai-model-streamer?hl=es-419) (*la guía*): entrega un modelo grande desde Cloud Storage en GKE, mide el inicio en frío y al final borra todo.
#
# **Objetivos**
# - Explicar por qué un servidor de modelos tarda en arrancar y qué cambia con la transmisión.
# - Elegir el proyecto, la ubicación y el modelo.
# - Verificar que esta máquina esté lista.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Muestra la arquitectura y luego pide tu configuración | Nada todavía; con un proyecto, el formulario sugiere valores | `workbook.yaml`, que leen los demás notebooks | Diez minutos; gratis |

# %% tags=["parameters"]
project_id: str = ""  # PROJECT_ID in the guide; empty keeps your saved choice
location: str = ""  # region for Autopilot, zone for Standard; where the bucket is
model_uri: str = ""  # gs://BUCKET_NAME/PATH_TO_MODEL
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor, exercises
from warmbook.steps import explore, overview

# %% [markdown] lang="en"
# ## Why a cold start is slow
# The **cold start** is the time from creating a Pod to its first response. A conventional server moves the same bytes twice: it downloads the weights to local disk, then reads them back into GPU memory. The GPU sits idle the whole time, and you pay for it.
#
# **Run:ai Model Streamer** skips the disk. It reads many parts of the files in parallel and hands each tensor to the server as soon as it is complete.
#
# ![Animation: conventionally, bytes move from the bucket to local disk, then from disk to GPU memory, while the GPU is idle; with the streamer, parallel streams fill GPU memory directly.](images/cold_start.svg)

# %% [markdown] lang="es"
# ## Por qué el inicio en frío es lento
# El **inicio en frío** es el tiempo que pasa desde que se crea un Pod hasta su primera respuesta. Un servidor convencional mueve los mismos bytes dos veces: descarga los pesos al disco local y luego los lee del disco a la memoria de la GPU. La GPU está inactiva todo ese tiempo, y la pagas.
#
# **Run:ai Model Streamer** evita el disco. Lee muchas partes de los archivos en paralelo y le entrega cada tensor al servidor en cuanto está completo.
#
# ![Animación: de manera convencional, los bytes pasan del bucket al disco local y luego del disco a la memoria de la GPU, que está inactiva; con el transmisor, varias transmisiones paralelas llenan directamente la memoria de la GPU.](images/cold_start.svg)

# %% [markdown] lang="en" guide="G01"
# ## Architecture
# ![A Pod on a GPU node runs vLLM; the streamer inside it reads the safetensors files from the bucket, through an optional cache in the same zone, into GPU memory. IAM lets the Pod's service account read the bucket.](images/architecture.svg)
#
# - **Cloud Storage bucket**: holds the weights in safetensors format. Each file starts with a header that lists its tensors, so each tensor can be read separately.
# - **GKE cluster**: provides a node with a GPU (notebook 4).
# - **Service account**: the identity of the Pod. IAM grants it two roles on the bucket (notebook 5).
# - **vLLM with the streamer**: `--load-format=runai_streamer` makes vLLM stream the weights (notebooks 6 and 7).
# - **Anywhere Cache** (optional; now called Rapid Cache): keeps data in the zone of the Pods (notebook 8).

# %% [markdown] lang="es" guide="G01"
# ## Arquitectura
# ![Un Pod en un nodo con GPU ejecuta vLLM; dentro de él, el transmisor lee los archivos safetensors del bucket, con una caché opcional en la misma zona, y los lleva a la memoria de la GPU. IAM permite que la cuenta de servicio del Pod lea el bucket.](images/architecture.svg)
#
# - **Bucket de Cloud Storage**: guarda los pesos en formato safetensors. Cada archivo empieza con un encabezado que enumera sus tensores, así que cada tensor se puede leer por separado.
# - **Clúster de GKE**: proporciona un nodo con GPU (notebook 4).
# - **Cuenta de servicio**: la identidad del Pod. IAM le otorga dos roles sobre el bucket (notebook 5).
# - **vLLM con el transmisor**: con `--load-format=runai_streamer`, vLLM transmite los pesos (notebooks 6 y 7).
# - **Anywhere Cache** (opcional; «caché en cualquier lugar» en la guía, hoy Rapid Cache): conserva los datos en la zona de los Pods (notebook 8).

# %% [markdown] lang="en"
# **What to expect.** The guide's "up to six times faster" comes from the streamer's own benchmark on a fast AWS disk: the load alone fell from 47 s to 7.5 s, and the whole start of vLLM was 2.2 times faster. Your figures depend on the network of your machine. Notebook 7 measures every phase.
#
# With one GPU, tensors pass through a buffer in the Pod's memory and are never written to disk. With several GPUs and `"distributed":true`, each GPU reads its share, and the GPUs exchange the parts.

# %% [markdown] lang="es"
# **Qué puedes esperar.** El «hasta seis veces más rápido» de la guía viene de las pruebas del propio transmisor con un disco veloz de AWS: la carga sola bajó de 47 s a 7.5 s, y el arranque completo de vLLM fue 2.2 veces más rápido. Tus cifras dependen de la red de tu máquina. El notebook 7 mide cada fase.
#
# Con una sola GPU, los tensores pasan por un búfer en la memoria del Pod y nunca se escriben en el disco. Con varias GPUs y `"distributed":true`, cada GPU lee su parte y luego las intercambian.

# %% [markdown] lang="en" guide="G05"
# ## Before you begin
# Use **Cloud Shell**, a **Workbench** instance, or your own machine. gcloud and kubectl are optional: the notebooks use Google Cloud's Python libraries. On your own machine, sign in twice: `gcloud auth login` for gcloud, `gcloud auth application-default login` for the libraries.
#
# **No account?** `make lab` (or `warmbook lab`) starts a **rehearsal**: the same notebooks and libraries with imitated Google Cloud services on this machine. The streamer, vLLM and a small model are real.

# %% [markdown] lang="es" guide="G05"
# ## Antes de comenzar
# Usa **Cloud Shell**, una instancia de **Workbench** o tu propia máquina. gcloud y kubectl son opcionales: los notebooks usan las bibliotecas de Python de Google Cloud. En tu propia máquina, accede dos veces: `gcloud auth login` para gcloud y `gcloud auth application-default login` para las bibliotecas.
#
# **¿No tienes cuenta?** `make lab` (o `warmbook lab`) inicia un **ensayo**: los mismos notebooks y bibliotecas, con servicios de Google Cloud imitados en esta máquina. El transmisor, vLLM y un modelo pequeño son reales.

# %% [markdown] lang="en"
# ## How the notebooks work
# Each section explains a step, runs it in one cell, and checks it in the next. Below each result you can unfold the equivalent gcloud or kubectl command and copy it; `python -m warmbook commands` prints all of them. A failed check names the remedy.
#
# You can run any cell again, stop, or continue on another computer: nothing is created twice, because each step first looks up what exists.
#
# Each notebook has three short exercises: two predictions and a change to explain. Your answers are saved in the record of your work; nothing depends on them.

# %% [markdown] lang="es"
# ## Cómo funcionan los notebooks
# Cada sección explica un paso, lo ejecuta en una celda y lo comprueba en la siguiente. Debajo de cada resultado puedes desplegar el comando de gcloud o de kubectl equivalente y copiarlo; `python -m warmbook commands` los imprime todos. Si una comprobación falla, indica el remedio.
#
# Puedes volver a ejecutar cualquier celda, parar o continuar en otra computadora: nada se crea dos veces, porque cada paso busca primero lo que ya existe.
#
# Cada notebook tiene tres ejercicios breves: dos predicciones y un cambio por explicar. Tus respuestas se guardan en el registro de tu trabajo; nada depende de ellas.

# %% [markdown] lang="en"
# ## Enter your settings
# Three settings matter most:
#
# - **Project**: its ID, such as `my-project-4711`, not its name or number.
# - **Location**: a region for Autopilot, a zone for Standard, in both cases **where the bucket is**. Reading across regions is slower and billed per GiB.
# - **Model address**: `gs://BUCKET_NAME/PATH_TO_MODEL`, the folder that contains the safetensors files.
#
# The other defaults follow the guide: a cluster named `run-ai-test` with one NVIDIA L4. Two differ: `vllm_version` is newer than the guide's 0.11.1, and `max_model_len` is set, because one L4 has too little memory for the full context of gemma-2-9b-it.

# %% [markdown] lang="es"
# ## Ingresa tu configuración
# Tres opciones son las más importantes:
#
# - **Proyecto**: su ID, como `my-project-4711`, no su nombre ni su número.
# - **Ubicación**: una región para Autopilot o una zona para Standard y, en ambos casos, **donde está el bucket**. Leer de una región a otra es más lento y se cobra por GiB.
# - **Dirección del modelo**: `gs://BUCKET_NAME/PATH_TO_MODEL`, la carpeta que contiene los archivos safetensors.
#
# Los demás valores predeterminados siguen la guía: un clúster llamado `run-ai-test` con una NVIDIA L4. Dos son distintos: `vllm_version` es más reciente que la 0.11.1 de la guía, y `max_model_len` tiene un valor, porque una L4 no tiene memoria suficiente para el contexto completo de gemma-2-9b-it.

# %% guide="G02 G08" jupyter={"source_hidden": true}
form = SettingsForm.choose(globals(), every=True, ask=True)
form

# %% [markdown] lang="en"
# ## Run preflight checks
# The next cell reads your settings. A missing or invalid setting stops the notebook here, before anything is billed. The banner shows whether you work in a rehearsal or in a Google Cloud project. The checks verify that the versions of Python, JupyterLab, the widgets and the libraries on this machine are supported.
#
# On Google Cloud, billing starts in notebook 4 and ends in notebook 10. The GPU node is most of the bill: a g2-standard-16 with one L4 was listed at 1.15 USD per hour in us-central1 in March 2025.

# %% [markdown] lang="es"
# ## Comprueba los requisitos previos
# La celda siguiente lee tu configuración. Si falta una opción o no es válida, el notebook se detiene aquí, antes de que se cobre algo. El aviso muestra si trabajas en un ensayo o en un proyecto de Google Cloud. También se comprueba que las versiones de Python, JupyterLab, los widgets y las bibliotecas de esta máquina sean compatibles.
#
# En Google Cloud, el cobro empieza en el notebook 4 y termina en el 10. El nodo con GPU es la mayor parte: en marzo de 2025, una g2-standard-16 con una L4 figuraba a 1.15 USD por hora en us-central1.

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "01")

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    doctor.examine(settings, clients, before="01"),
    "all preflight checks passed",
    remedy="follow the remedies on the lines marked ✗, then run this cell again",
)

# %% [markdown] lang="en"
# ## Predict
# Commit two predictions before anything is measured. Below each measurement, you see the result beside your prediction. You can skip this.

# %% [markdown] lang="es"
# ## Predice
# Confirma dos predicciones antes de medir. Debajo de cada medición ves el resultado junto a tu predicción. Puedes omitirlo.

# %% tags=["exercise"]
exercises.predict("01")

# %% [markdown] lang="en"
# ## Review your settings
# This table lists each setting with its source: the form, a notebook parameter, `workbook.yaml`, the environment, or the default. Later notebooks show only the settings that they use; a change there is saved as well.

# %% [markdown] lang="es"
# ## Revisa tu configuración
# Esta tabla muestra cada opción y su origen: el formulario, un parámetro del notebook, `workbook.yaml`, el entorno o el valor predeterminado. Los demás notebooks muestran solo las opciones que usan; un cambio ahí también se guarda.

# %%
chosen = form.summary
exercises.see(
    chosen,
    "01",
    own_settings=chosen.own,
    longest_part=explore.longest_group(),
)

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    form.saved,
    "your settings are saved in workbook.yaml",
    remedy="correct the values that the form marks, then run the cells from the form on",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.

# %% tags=["exercise"]
exercises.compare("01")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# Nothing changes in the cloud: the form saves the choice in `workbook.yaml`, and the review shows it as typed in the form. The bucket must be in the same region, or each cold start reads the weights across regions; `zone` must lie in the region; and the region must offer the GPU and give you quota for it. Notebooks 3, 4 and 8 check these three.
#
# </details>
#
# Next: [2 · Prepare the project](02_project.ipynb)

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# En la nube no cambia nada: el formulario guarda la elección en `workbook.yaml`, y la tabla la muestra como ingresada en el formulario. El bucket debe estar en la misma región; si no, cada inicio en frío lee los pesos de una región a otra. `zone` debe estar en la región, y la región debe ofrecer la GPU y darte cuota. Los notebooks 3, 4 y 8 comprueban estas tres cosas.
#
# </details>
#
# Siguiente: [2 · Prepara el proyecto](02_project.ipynb)
