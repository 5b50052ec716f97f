# %% [markdown] lang="en"
# # The gym · Find the fault
#
# Most failures of a model server on GKE are known. One of them is hidden in this rehearsal. You carry out the guide, read the evidence, and name the root cause; the doctor then grades your answer.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Hides a fault, runs the guide until it fails, grades your answer | A rehearsal: `make lab` or `warmbook lab` | Nothing: everything ends with the rehearsal | Ten minutes per round; free |

# %% [markdown] lang="es"
# # El gimnasio · Encuentra la falla
#
# La mayoría de las fallas de un servidor de modelos en GKE se conocen. Una de ellas está escondida en este ensayo. Llevas a cabo la guía, lees la evidencia y nombras la causa raíz; después, el doctor califica tu respuesta.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Esconde una falla, ejecuta la guía hasta que falla y califica tu respuesta | Un ensayo: `make lab` o `warmbook lab` | Nada: todo termina con el ensayo | Diez minutos por ronda; gratis |

# %% tags=["parameters"]
fault: str = ""  # name of a fault; empty: a random one
draw: str = ""  # a word; the same word gives the same fault
answer: str = ""  # name of a pitfall; empty: choose it below
language: str = "en"  # en or es: language of messages

# %%
from warmbook import check, connect
from warmbook.book import gym

# %% [markdown] lang="en"
# ## Hide a fault
# Trainers have three ways: leave `fault` and `draw` empty for a random fault; give a class the same word as `draw` for the same fault; or set `fault` to a name and delete it from the cell afterwards. `python -m warmbook_rehearsal --list-faults` lists the names. `make lab FAULT=NAME` hides a fault before JupyterLab opens.
#
# Hide the fault before anything else: resources that exist already can hide its symptoms. For the next round, restart the rehearsal.

# %% [markdown] lang="es"
# ## Esconde una falla
# Hay tres maneras para quien instruye: deja `fault` y `draw` vacíos para una falla al azar; dale a la clase la misma palabra como `draw` para la misma falla; o define `fault` con un nombre y bórralo después de la celda. `python -m warmbook_rehearsal --list-faults` enumera los nombres. `make lab FAULT=NAME` esconde una falla antes de que se abra JupyterLab.
#
# Esconde la falla antes que nada: los recursos que ya existen pueden ocultar sus síntomas. Para la siguiente ronda, reinicia el ensayo.

# %%
hidden = gym.hide(fault, draw=draw, language=language)
hidden

# %% [markdown] lang="en"
# ## Carry out the guide
# Now it is the learner's turn. The next cells run notebooks 2 to 7 without preflight checks, and stop at the first failure. The card shows the raw evidence: the response of the service, the state of the Pod, its events, the last lines of its log. `gcloud` and `kubectl` show the same in a terminal of this JupyterLab.
#
# Work from the outside in. Did a Google Cloud service deny the request, and which permission or quota does it name? Is the Pod scheduled? Does its container start? How does it exit: with which code, and which last line?

# %% [markdown] lang="es"
# ## Lleva a cabo la guía
# Ahora es el turno de quien aprende. Las celdas siguientes ejecutan los notebooks 2 a 7 sin comprobar los requisitos previos y se detienen en la primera falla. La tarjeta muestra la evidencia sin interpretar: la respuesta del servicio, el estado del Pod, sus eventos, las últimas líneas de sus registros. `gcloud` y `kubectl` muestran lo mismo en una terminal de este JupyterLab.
#
# Trabaja de afuera hacia adentro. ¿Denegó la solicitud un servicio de Google Cloud, y qué permiso o cuota nombra? ¿Está programado el Pod? ¿Arranca su contenedor? ¿Cómo termina: con qué código y con qué última línea?

# %%
settings = gym.settings(hidden)
clients = connect(settings)
clients

# %%
tried = gym.attempt(settings, clients)
tried

# %% [markdown] lang="en"
# ## Name the root cause
# Choose the pitfall that explains **all** of the evidence, not only its most visible line. A container that restarts may have been killed by a probe or by the kernel, or exited with its own error; only one of these leaves this evidence.

# %% [markdown] lang="es"
# ## Nombra la causa raíz
# Elige la falla que explique **toda** la evidencia, no solo su línea más visible. A un contenedor que se reinicia pudo terminarlo un sondeo o el kernel, o pudo terminar con su propio error; solo una de esas causas deja esta evidencia.

# %%
sheet = gym.Sheet(answer)
sheet

# %% [markdown] lang="en"
# ## Grade the answer
# The card compares your answer with the hidden fault, and shows its cause and remedy and what the doctor finds by itself. If you were wrong, apply the remedy, run the guide above again, and see how far it gets.

# %% [markdown] lang="es"
# ## Califica la respuesta
# La tarjeta compara tu respuesta con la falla escondida y muestra su causa, su remedio y lo que el doctor encuentra por sí solo. Si te equivocaste, aplica el remedio, vuelve a ejecutar la guía de arriba y mira hasta dónde llega.

# %%
graded = gym.grade(tried, sheet.answer)
graded

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    graded.right,
    "you found the fault",
    remedy="read the cause on the card above, choose again, then run the two cells again",
)

# %% [markdown] lang="en"
# ## Remove the fault
# This cell removes the fault without a restart and restores what it changed. Run the guide above again: it completes. In a terminal, `python -m warmbook_rehearsal --unstage NAME` does the same.

# %% [markdown] lang="es"
# ## Quita la falla
# Esta celda quita la falla sin reiniciar y restablece lo que cambió. Vuelve a ejecutar la guía de arriba: termina. En una terminal, `python -m warmbook_rehearsal --unstage NAME` hace lo mismo.

# %%
gym.unstage()

# %% [markdown] lang="en"
# Every pitfall, with cause and remedy: [docs/troubleshooting.md](../../../docs/troubleshooting.md)

# %% [markdown] lang="es"
# Todas las fallas, con su causa y su remedio: [docs/troubleshooting.md](../../../docs/troubleshooting.md)
