# %% [markdown] lang="en"
# # The gym · Find the fault
#
# Serving a model on GPUs fails more often than it works the first time, and the failures are known. Here one of them is hidden in a rehearsal. You carry out the guide, look at what the services themselves say, and name what is wrong; then the doctor grades.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Hides a fault, walks the guide until it shows, grades your answer | A rehearsal: `make lab` or `warmbook lab` | Nothing: all of it ends with the rehearsal | Ten minutes a round; costs nothing |

# %% [markdown] lang="es"
# # El gimnasio · Encuentra la falla
#
# Servir un modelo en GPUs falla más veces de las que funciona a la primera, y las fallas se conocen. Aquí hay una escondida en un ensayo. Tú llevas a cabo la guía, miras lo que dicen los propios servicios y nombras lo que está mal; después, el doctor califica.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Esconde una falla, recorre la guía hasta que se nota, califica tu respuesta | Un ensayo: `make lab` o `warmbook lab` | Nada: todo termina con el ensayo | Diez minutos por ronda; no cuesta nada |

# %% tags=["parameters"]
fault: str = ""  # the trainer's choice; empty lets chance choose
draw: str = ""  # the same word hides the same fault for a whole class
answer: str = ""  # name of a pitfall; empty lets the learner choose below
language: str = "en"  # en or es: the language of the library's messages

# %%
from warmbook import check, connect
from warmbook.book import gym

# %% [markdown] lang="en"
# ## Hide a fault
# As a trainer you have three ways. Leave `fault` and `draw` empty, and chance chooses. Give a class the same word as `draw`, and everybody gets the same fault. Or write a name in `fault`, then delete it from the cell; `python -m warmbook_rehearsal --list-faults` lists them, one a line. `make lab FAULT=NAME` hides it before JupyterLab opens.
#
# One rehearsal takes one fault at a time, and takes it first: where the guide has been carried out already, what is there can keep a fault from showing, and the cell says so. For the next round, stop the rehearsal and start it again.

# %% [markdown] lang="es"
# ## Esconde una falla
# Como instructor tienes tres maneras. Deja `fault` y `draw` vacíos, y elige el azar. Dale a toda la clase la misma palabra en `draw`, y a todos les toca la misma falla. O escribe un nombre en `fault` y bórralo después de la celda; `python -m warmbook_rehearsal --list-faults` los enumera, uno por línea. `make lab FAULT=NAME` la esconde antes de que se abra JupyterLab.
#
# Cada ensayo admite una falla a la vez, y antes que nada: donde la guía ya se llevó a cabo, lo que existe puede impedir que se note una falla, y la celda lo dice. Para la siguiente ronda, detén el ensayo e inícialo otra vez.

# %%
hidden = gym.hide(fault, draw=draw, language=language)
hidden

# %% [markdown] lang="en"
# ## Carry out the guide
# From here on it is the learner's turn. The next cells walk through notebooks 2 to 7, without the doctor who looks ahead in the book, and stop where something goes wrong. The card shows the bare evidence: the answer of the service, the state of the Pod, its events, the last lines of its log. It is what you would see by hand with `gcloud` and `kubectl`; both work in a terminal of this JupyterLab too.
#
# Read from the outside in. Did a Google Cloud service refuse, and which permission or quota does it name? If a Pod is there, is it scheduled? If it is scheduled, does its container start? If it starts, how does it end: with which exit code, and with which last line?

# %% [markdown] lang="es"
# ## Lleva a cabo la guía
# Desde aquí es el turno de quien aprende. Las celdas que siguen recorren los notebooks 2 a 7, sin el doctor que en el libro mira antes, y se detienen donde algo sale mal. La tarjeta muestra la evidencia desnuda: la respuesta del servicio, el estado del Pod, sus eventos, las últimas líneas de su registro. Es lo que verías a mano con `gcloud` y `kubectl`; los dos funcionan también en una terminal de este JupyterLab.
#
# Lee de afuera hacia adentro. ¿Se negó un servicio de Google Cloud, y qué permiso o qué cuota nombra? Si hay un Pod, ¿tiene nodo? Si tiene nodo, ¿arranca su contenedor? Si arranca, ¿cómo termina: con qué código de salida y con qué última línea?

# %%
settings = gym.settings(hidden)
clients = connect(settings)
clients

# %%
tried = gym.attempt(settings, clients)
tried

# %% [markdown] lang="en"
# ## Name it
# Choose the pitfall that explains **all** of the evidence, not only its loudest line: a container that restarts may have been ended by a probe, by the kernel, or by its own error, and only one of them left this trace.

# %% [markdown] lang="es"
# ## Nómbrala
# Elige la falla que explique **toda** la evidencia, no solo su línea más ruidosa: a un contenedor que se reinicia pudo terminarlo un sondeo, el kernel o su propio error, y solo uno de ellos deja este rastro.

# %%
sheet = gym.Sheet(answer)
sheet

# %% [markdown] lang="en"
# ## Let the doctor grade
# The card holds your answer against what was hidden, with the cause and the remedy, and says what the workbook itself makes of it: in the book, the doctor and the steps would have named it where it shows. If you were wrong, follow the remedy on the card, run the guide again above, and watch it come further.

# %% [markdown] lang="es"
# ## Deja que el doctor califique
# La tarjeta compara tu respuesta con lo que estaba escondido, con la causa y el remedio, y dice qué entiende de ello el propio libro: ahí, el doctor y los pasos la habrían nombrado donde se nota. Si te equivocaste, sigue el remedio de la tarjeta, recorre la guía otra vez más arriba y mira cómo llega más lejos.

# %%
graded = gym.grade(tried, sheet.answer)
graded

# %% tags=["check"]
check(
    graded.right,
    "you found the fault",
    remedy="read the cause on the card above, choose again, then run the two cells once more",
)

# %% [markdown] lang="en"
# ## Take it back
# The next cell takes the fault back without a restart: it causes nothing more, and what it changed is put back. Carry out the guide again above, and it comes through. In a terminal, `python -m warmbook_rehearsal --unstage NAME` does the same.

# %% [markdown] lang="es"
# ## Quita la falla
# La celda siguiente quita la falla sin reiniciar el ensayo: ya no causa nada, y lo que cambió vuelve a su estado. Lleva a cabo la guía otra vez más arriba y llegará al final. En una terminal, `python -m warmbook_rehearsal --unstage NAME` hace lo mismo.

# %%
gym.unstage()

# %% [markdown] lang="en"
# Every pitfall, with cause and remedy: [docs/troubleshooting.md](../../../docs/troubleshooting.md)

# %% [markdown] lang="es"
# Todas las fallas, con su causa y su remedio: [docs/troubleshooting.md](../../../docs/troubleshooting.md)
