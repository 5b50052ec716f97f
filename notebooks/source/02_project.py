# %% [markdown] lang="en"
# # 2 · Prepare the project
#
# The project needs billing, nine enabled APIs, and roles that let you create clusters and change a bucket's policy. This notebook checks each of these and fixes what it can. It works in a project that was created a minute ago.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Enables the APIs, finds the project, looks at billing, gives you the roles, waits until all of it holds | The choices of notebook 1; the roles Service Usage Admin and Project IAM Admin, or Owner | Nine enabled APIs and your roles; they cost nothing and stay | A minute or two, up to seven in a new project; free |

# %% [markdown] lang="es"
# # 2 · Prepara el proyecto
#
# El proyecto debe tener la facturación habilitada, nueve APIs habilitadas y roles que te permitan crear clústeres y cambiar la política de un bucket. Este notebook revisa cada cosa y arregla lo que puede. Funciona también en un proyecto creado hace un minuto.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Habilita las APIs, busca el proyecto, revisa la facturación, te otorga los roles y espera hasta que todo esté en vigor | Las opciones del notebook 1; los roles Administrador de Service Usage y Administrador de IAM de proyecto, o bien Propietario | Nueve APIs habilitadas y tus roles; no cuestan nada y se quedan | Uno o dos minutos, hasta siete en un proyecto nuevo; gratis |

# %% tags=["parameters"]
project_id: str = ""  # PROJECT_ID in the guide; empty keeps your saved choice
account: str = ""  # e-mail of the account to grant the roles to
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor
from warmbook.steps import project

# %% [markdown] lang="en"
# ## Say who you are
# `account` is the e-mail address that gets the roles below; where the guide asks gcloud for it, this book asks your credentials. They do not always tell: if the field is empty and the last section complains, write your address here.

# %% [markdown] lang="es"
# ## Di quién eres
# `account` es el correo electrónico que recibirá los roles de más abajo; donde la guía se lo pregunta a gcloud, este cuaderno se lo pregunta a tus credenciales. No siempre lo dicen: si el campo está vacío y la última sección se queja, escribe aquí tu correo.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %% [markdown] lang="en"
# ## Enable the APIs that this workbook calls
# In a new project the Resource Manager and Billing APIs are off, and nothing can be checked without them. The next cell enables them, with Service Usage, Cloud Monitoring and Cloud Quotas, and waits until they answer. gcloud does without: its requests count against a project of Google's own.

# %% [markdown] lang="es"
# ## Habilita las APIs que esta guía práctica llama
# En un proyecto nuevo, las APIs de Resource Manager y de Facturación están inhabilitadas, y sin ellas no se puede comprobar nada. La celda siguiente las habilita, junto con Service Usage, Cloud Monitoring y Cloud Quotas, y espera hasta que respondan. gcloud no las necesita: sus solicitudes cuentan para un proyecto de Google.

# %% tags=["creates-resource"]
own = project.enable_own_services(settings, clients)
own

# %% [markdown] lang="en"
# ## Look for what stands in the way
# Before anything is done, the doctor looks at the libraries on this machine, at your credentials, the project, and who pays. It only asks, everything at once, and changes nothing. A line marked ✗ stops this notebook and says what mends it; one marked … is worth a look; a dot marks what is still to come.
#
# Most later notebooks begin the same way. `python -m warmbook doctor` prints the whole table in a terminal, with a command to copy for each thing that is wrong.

# %% [markdown] lang="es"
# ## Busca lo que estorba
# Antes de hacer nada, el doctor revisa las bibliotecas de esta máquina, tus credenciales, el proyecto y quién paga. Solo pregunta, todo a la vez, y no cambia nada. Una línea con ✗ detiene este notebook y dice qué lo arregla; una con … merece una mirada; un punto señala lo que todavía está por venir.
#
# Casi todos los notebooks que siguen empiezan así. `python -m warmbook doctor` imprime la tabla completa en una terminal, con un comando para copiar por cada cosa que falle.

# %%
examined = doctor.examine(settings, clients, before="02")
examined

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    examined,
    "nothing stands in the way of this notebook",
    remedy="do what the lines marked ✗ say, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Find the project
# Choosing a project takes no role of its own: you can choose any on which you hold some role. The card shows its number too; Google needs the number in notebook 5, where the ID would not do.
#
# If you have none yet, `project.create(settings, clients)` in a cell of your own makes it, with the ID from the form. That takes the role Project Creator (`roles/resourcemanager.projectCreator`), and the new project cannot pay until you link it to a billing account. A project of its own for this book has one advantage: deleting it deletes everything in it.

# %% [markdown] lang="es"
# ## Busca el proyecto
# Elegir un proyecto no requiere ningún rol específico: puedes elegir cualquiera en el que tengas alguno. La tarjeta muestra también su número; Google lo necesitará en el notebook 5, donde el ID no sirve.
#
# Si aún no tienes uno, `project.create(settings, clients)` en una celda tuya lo crea, con el ID del formulario. Para eso hace falta el rol Creador del proyecto (`roles/resourcemanager.projectCreator`), y el proyecto nuevo no puede pagar hasta que lo vincules con una cuenta de facturación. Un proyecto hecho solo para este cuaderno tiene una ventaja: al borrarlo, borras todo lo que contiene.

# %% guide="G02"
found = project.find(settings, clients)
found

# %% [markdown] lang="en"
# ## Verify that billing is on
# Without a billing account the APIs below can't be enabled, and no cluster can be made. Linking one is a decision about money, so the book only looks and never links. In a rehearsal the account is imitated, like the rest of Google Cloud.

# %% [markdown] lang="es"
# ## Verifica que la facturación esté habilitada
# Sin una cuenta de facturación no se pueden habilitar las APIs de más abajo ni crear un clúster. Vincularla es una decisión de dinero, así que el cuaderno solo mira y nunca vincula nada. En un ensayo, la cuenta es imitada, como el resto de Google Cloud.

# %% guide="G03"
bill = project.billing(settings, clients)
bill

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    bill.enabled,
    "billing is on",
    remedy="link a billing account to the project in the console, under Billing, then run again",
    pitfall="billing-off",
)

# %% [markdown] lang="en"
# ## Enable the APIs
# Four of them: Kubernetes Engine for the cluster, Cloud Storage for the weights, Compute Engine for the GPU nodes, and IAM for the Pods' identity. Those that are on stay on; for the others you need the role Service Usage Admin (`roles/serviceusage.serviceUsageAdmin`). An API by itself costs nothing.
#
# On Google Cloud this takes up to a minute or two, and a fresh API may refuse calls for a little longer. In a rehearsal it is done in a second.

# %% [markdown] lang="es"
# ## Habilita las APIs
# Son cuatro: Kubernetes Engine para el clúster, Cloud Storage para los pesos, Compute Engine para los nodos con GPU e IAM para la identidad de los Pods. Las que ya están habilitadas se quedan así; para las demás necesitas el rol Administrador de Service Usage (`roles/serviceusage.serviceUsageAdmin`). Una API, por sí sola, no cuesta nada.
#
# En Google Cloud tarda uno o dos minutos como máximo, y una API recién habilitada puede rechazar llamadas un poco más de tiempo. En un ensayo es cosa de un segundo.

# %% tags=["creates-resource"] guide="G04"
services = project.enable_services(settings, clients)
services

# %% [markdown] lang="en"
# ## Give yourself the roles
# `roles/container.admin` lets you create the cluster and work in it; `roles/storage.admin` lets you read the bucket's files and change its policy. These two are the guide's; even an Owner gets them.
#
# The notebooks need four more, and you get those whose permissions you lack: `roles/serviceusage.serviceUsageConsumer` (your requests count against the project), `roles/compute.viewer` (regions, machine types, quotas), `roles/cloudquotas.viewer` (quotas of newer GPUs), `roles/iam.serviceAccountUser` (nodes run as the project's service account).
#
# The project's policy is one list for everybody. It is read, changed, and written back only if nobody else wrote in between; otherwise all of it is done again. Other people's roles stay as they are.

# %% [markdown] lang="es"
# ## Otórgate los roles
# `roles/container.admin` te permite crear el clúster y trabajar en él; `roles/storage.admin`, leer los archivos del bucket y cambiar su política. Estos dos son los de la guía; también un Propietario los recibe.
#
# Los notebooks necesitan cuatro más, y recibes aquellos cuyos permisos te faltan: `roles/serviceusage.serviceUsageConsumer` (tus solicitudes cuentan para el proyecto), `roles/compute.viewer` (regiones, tipos de máquina, cuotas), `roles/cloudquotas.viewer` (cuotas de las GPU más nuevas), `roles/iam.serviceAccountUser` (los nodos se ejecutan como la cuenta de servicio del proyecto).
#
# La política del proyecto es una sola lista para todos. Se lee, se cambia y se vuelve a escribir solo si nadie más escribió entretanto; si alguien lo hizo, se repite todo. Los roles de los demás quedan como estaban.

# %% tags=["creates-resource"] guide="G06 G07"
roles = project.grant_roles(settings, clients)
roles

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    roles.missing == (),
    "you hold the roles on the project",
    remedy="run the cell above again, or ask an owner of the project for the roles marked ✗",
    pitfall="role-missing",
)

# %% [markdown] lang="en"
# ## Wait until all of it holds
# A new role or API may take two minutes until every service knows it, sometimes seven or more. The nodes' service account appears after the Compute Engine API. The next cell asks again until all of it holds; in a project that was ready before, that is at once.

# %% [markdown] lang="es"
# ## Espera hasta que todo esté en vigor
# Un rol o una API recién agregados pueden tardar dos minutos en llegar a todos los servicios, a veces siete o más. La cuenta de servicio de los nodos aparece después de la API de Compute Engine. La celda siguiente pregunta hasta que todo esté en vigor; en un proyecto ya preparado, es inmediato.

# %%
ready = project.wait_ready(settings, clients)
ready

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    ready.permissions,
    "your permissions hold and the APIs answer",
    remedy="run the cell above again to wait longer",
)

# %% [markdown] lang="en"
# Next: [3 · Look at the weights](03_weights.ipynb)

# %% [markdown] lang="es"
# Siguiente: [3 · Revisa los pesos](03_weights.ipynb)
