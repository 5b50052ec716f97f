# %% [markdown] lang="en"
# # The gym · Find the fault and repair it
#
# Most failures of a model server on GKE are known. One of them is hidden in this rehearsal. You run the guide, read the evidence, name the root cause, and repair it. Hints, answers and time are recorded.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Hides a fault, runs the guide until it fails, grades your diagnosis and your repair | A rehearsal: `make lab` or `warmbook lab` | Your grade in `run.json`; the rest ends with the rehearsal | About ten minutes per round; free |

# %% [markdown] lang="es"
# # El gimnasio · Encuentra la falla y repárala
#
# La mayoría de las fallas de un servidor de modelos en GKE se conocen. Una de ellas está escondida en este ensayo. Ejecutas la guía, lees la evidencia, nombras la causa raíz y la reparas. Se registran las pistas, las respuestas y el tiempo.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Esconde una falla, ejecuta la guía hasta que falla y califica tu diagnóstico y tu reparación | Un ensayo: `make lab` o `warmbook lab` | Tu calificación en `run.json`; lo demás termina con el ensayo | Unos diez minutos por ronda; gratis |

# %% tags=["parameters"]
level: str = ""  # easy, medium, hard or two (two faults); empty: any level
fault: str = ""  # name of a fault; empty: a random one
draw: str = ""  # a word; the same word gives the same fault
answer: str = ""  # name of a pitfall; empty: choose it below
hints: int = 0  # how many hints to show, up to 3
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect
from warmbook.book import gym

# %% [markdown] lang="en"
# ## Hide a fault
# Hide the fault before anything else: resources that exist already can hide its symptoms. Choose a `level`, or leave it empty. A trainer gives the class the same word as `draw`, or stages the fault with `make lab FAULT=NAME` or `warmbook class fault`.
#
# The card shows whether the repair is graded too. If you restart the kernel and run all cells, the round continues: nothing is hidden again, and your repair stays. For another round, restart the rehearsal; in a class, ask the trainer to reset your seat.

# %% [markdown] lang="es"
# ## Esconde una falla
# Esconde la falla antes que nada: los recursos que ya existen pueden ocultar sus síntomas. Elige un `level` o déjalo vacío. Quien imparte el taller le da a todo el grupo la misma palabra para `draw`, o prepara la falla con `make lab FAULT=NAME` o `warmbook class fault`.
#
# La tarjeta muestra si también se califica la reparación. Si reinicias el kernel y ejecutas todas las celdas, la ronda continúa: no se esconde nada de nuevo y tu reparación se conserva. Para otra ronda, reinicia el ensayo; en una clase, pide a quien imparte el taller que restablezca tu puesto.

# %%
hidden = gym.hide(fault, draw=draw, level=level, language=language)
hidden

# %% [markdown] lang="en"
# ## Run the guide
# The next cells run notebooks 2 to 7 without preflight checks, and stop at the first failure. The card shows the raw evidence: the response of the service, the state of the Pod, its events, the last lines of its log. `gcloud` and `kubectl` show the same in a terminal of this JupyterLab.
#
# Work from the outside in. Did a Google Cloud service reject the request? Is the Pod scheduled? Does its container start? How does it exit: with which code, and which last line?

# %% [markdown] lang="es"
# ## Ejecuta la guía
# Las celdas siguientes ejecutan los notebooks 2 a 7 sin comprobar los requisitos previos y se detienen en la primera falla. La tarjeta muestra la evidencia sin interpretar: la respuesta del servicio, el estado del Pod, sus eventos, las últimas líneas de sus registros. `gcloud` y `kubectl` muestran lo mismo en una terminal de este JupyterLab.
#
# Trabaja de afuera hacia adentro. ¿Rechazó la solicitud un servicio de Google Cloud? ¿Está programado el Pod? ¿Arranca su contenedor? ¿Cómo termina: con qué código y con qué última línea?

# %%
form = SettingsForm.choose(every=True, language=language)
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %%
tried = gym.attempt(settings, clients)
tried

# %% [markdown] lang="en"
# ## Ask for a hint
# There are three hints: where to look, what to ask, what it means. In the next cell, replace `hints` with 1, 2 or 3, and run it. Each hint takes 0.15 off the points for the diagnosis; showing it again is free.

# %% [markdown] lang="es"
# ## Pide una pista
# Hay tres pistas: dónde mirar, qué preguntar, qué significa. En la celda siguiente, reemplaza `hints` por 1, 2 o 3 y ejecútala. Cada pista resta 0.15 a los puntos del diagnóstico; mostrarla de nuevo es gratis.

# %%
gym.hint(hints)

# %% [markdown] lang="en"
# ## Name the root cause
# Choose the pitfall that explains **all** of the evidence, not only its most visible line, and run the second cell. A wrong answer takes 0.2 off, a near miss 0.1; the card shows what contradicts it. `gym.reveal()` in a new cell shows the answer and ends the diagnosis with 0 points.

# %% [markdown] lang="es"
# ## Nombra la causa raíz
# Elige la causa raíz que explique **toda** la evidencia, no solo su línea más visible, y ejecuta la segunda celda. Una respuesta incorrecta resta 0.2 y una cercana 0.1; la tarjeta muestra qué la contradice. `gym.reveal()` en una celda nueva muestra la respuesta y termina el diagnóstico con 0 puntos.

# %%
sheet = gym.Sheet(answer)
sheet

# %%
graded = gym.grade(sheet.answer)
graded

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    graded.right,
    "the root cause is named",
    remedy="choose another root cause above, or ask for a hint, then run the two cells again",
)

# %% [markdown] lang="en"
# ## Repair it
# Repair the fault with `gcloud` or `kubectl` in a terminal, with one of the ten notebooks, or with the form above. Then run this cell: the guide continues where it stopped; with other settings in the form, it begins anew. The repair is worth half of the points if the guide passes. What the guide repairs on its way, such as a role that it grants, does not count. With two faults, the second one stops it now: answer again above.
#
# If the first card says that only the diagnosis is graded, there is nothing to repair.

# %% [markdown] lang="es"
# ## Repárala
# Repara la falla con `gcloud` o `kubectl` en una terminal, con uno de los diez notebooks o con el formulario de arriba. Luego ejecuta esta celda: la guía continúa donde se detuvo; con otra configuración en el formulario, empieza de nuevo. La reparación vale la mitad de los puntos si la guía termina bien. Lo que la guía repara a su paso, como un rol que otorga, no cuenta. Si hay dos fallas, ahora la detiene la segunda: responde de nuevo arriba.
#
# Si la primera tarjeta dice que solo se califica el diagnóstico, no hay nada que reparar.

# %%
verified = gym.verify(form.settings, connect(form.settings))
verified

# %% [markdown] lang="en"
# `gym.unstage()` removes the fault and restores what it changed; what was not named is then revealed. Every pitfall, with cause and remedy: [docs/troubleshooting.md](../../../docs/troubleshooting.md)

# %% [markdown] lang="es"
# `gym.unstage()` quita la falla y restablece lo que cambió; lo que no se nombró queda revelado. Todas las causas raíz, cada una con su síntoma y su remedio: [docs/troubleshooting.md](../../../docs/troubleshooting.md)
