# %% [markdown] lang="en"
# # 2 · Prepare the project
#
# The project needs billing, nine enabled APIs, and permissions to create clusters and to change a bucket's IAM policy. This notebook checks each and fixes what it can. It also works in a project that was created a minute ago.
#
# **Objectives**
# - Enable the APIs that the guide and this workbook call.
# - Verify billing and grant yourself the IAM roles.
# - Wait until roles and APIs are effective.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Enables APIs, verifies billing, grants roles | Settings from notebook 1; Service Usage Admin and Project IAM Admin, or Owner | Nine enabled APIs and your roles, which cost nothing | One to two minutes, up to seven in a new project; free |

# %% [markdown] lang="es"
# # 2 · Prepara el proyecto
#
# El proyecto debe tener la facturación habilitada, nueve APIs habilitadas y permisos para crear clústeres y cambiar la política de IAM de un bucket. Este notebook comprueba cada cosa y corrige lo que puede. También funciona en un proyecto creado hace un minuto.
#
# **Objetivos**
# - Habilitar las APIs que llaman la guía y esta guía práctica.
# - Verificar la facturación y otorgarte los roles de IAM.
# - Esperar hasta que los roles y las APIs estén en vigor.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Habilita APIs, verifica la facturación y otorga roles | La configuración del notebook 1; Administrador de Service Usage y Administrador de IAM de proyecto, o Propietario | Nueve APIs habilitadas y tus roles, que no cuestan nada | De uno a dos minutos, hasta siete en un proyecto nuevo; gratis |

# %% tags=["parameters"]
project_id: str = ""  # PROJECT_ID in the guide; empty keeps your saved choice
account: str = ""  # e-mail of the account to grant the roles to
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor, exercises
from warmbook.steps import overview, project

# %% [markdown] lang="en"
# ## Choose the account
# `account` is the e-mail address that receives the roles below. If you leave it empty, it is read from your credentials. Some credentials don't contain it; enter it here if the last check asks for it.

# %% [markdown] lang="es"
# ## Elige la cuenta
# `account` es el correo electrónico que recibe los roles de más abajo. Si lo dejas vacío, se lee de tus credenciales. Algunas credenciales no lo contienen; escríbelo aquí si la última comprobación lo pide.

# %% jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "02")

# %% [markdown] lang="en"
# ## Enable the APIs that this workbook calls
# In a new project, the Resource Manager and Billing APIs are disabled, and nothing can be checked without them. The next cell enables these two, Service Usage, Cloud Monitoring and Cloud Quotas, and waits until they respond.

# %% [markdown] lang="es"
# ## Habilita las APIs que llama esta guía práctica
# En un proyecto nuevo, las APIs de Resource Manager y de Facturación están inhabilitadas, y sin ellas no se puede comprobar nada. La celda siguiente habilita esas dos, Service Usage, Cloud Monitoring y Cloud Quotas, y espera hasta que respondan.

# %% tags=["exercise"]
exercises.predict("02")

# %% tags=["creates-resource"]
base_services = project.enable_own_services(settings, clients)
base_services

# %% [markdown] lang="en"
# ## Run preflight checks
# The checks read library versions, credentials, project and billing, and change nothing. On each line, the mark shows the state: ✗ is an error with its remedy, and stops the notebook; … is a warning; · is done by a later notebook.
#
# `python -m warmbook doctor` prints the whole table in a terminal, with a command for each failed line.

# %% [markdown] lang="es"
# ## Comprueba los requisitos previos
# Las comprobaciones leen las versiones de las bibliotecas, las credenciales, el proyecto y la facturación, y no cambian nada. En cada línea, la marca indica el estado: ✗ es un error con su remedio, y detiene el notebook; … es una advertencia; · lo hará otro notebook.
#
# `python -m warmbook doctor` imprime la tabla completa en una terminal, con un comando por cada línea fallida.

# %%
preflight = doctor.examine(settings, clients, before="02")
preflight

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    preflight,
    "all preflight checks passed",
    remedy="follow the remedies on the lines marked ✗, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Select a project
# Selecting a project requires no specific IAM role. The card also shows the project number, which notebook 5 needs.
#
# To create a project, run `project.create(settings, clients)` in a new cell. This requires the role Project Creator (`roles/resourcemanager.projectCreator`). Then link the project to a billing account. If you use a separate project, you can clean up by deleting it.

# %% [markdown] lang="es"
# ## Selecciona un proyecto
# Seleccionar un proyecto no requiere un rol de IAM específico. La tarjeta muestra también el número del proyecto, que necesita el notebook 5.
#
# Para crear un proyecto, ejecuta `project.create(settings, clients)` en una celda nueva. Esto requiere el rol Creador del proyecto (`roles/resourcemanager.projectCreator`). Después, vincula el proyecto con una cuenta de facturación. Si usas un proyecto aparte, para la limpieza basta con borrarlo.

# %% guide="G02"
found = project.find(settings, clients)
found

# %% [markdown] lang="en"
# ## Verify that billing is enabled
# Without a billing account, the APIs below can't be enabled and no cluster can be created. This cell only reads the billing state; link an account yourself in the console. In a rehearsal, the account is imitated.

# %% [markdown] lang="es"
# ## Verifica que la facturación esté habilitada
# Sin una cuenta de facturación, no se pueden habilitar las APIs de más abajo ni crear un clúster. Esta celda solo lee el estado de la facturación; vincula tú una cuenta en la consola. En un ensayo, la cuenta es imitada.

# %% guide="G03"
bill = project.billing(settings, clients)
bill

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    bill.enabled,
    "billing is enabled",
    remedy="link a billing account to the project in the console, under Billing, then run again",
    pitfall="billing-off",
)

# %% [markdown] lang="en"
# ## Enable the guide's APIs
# The guide needs four: Kubernetes Engine, Cloud Storage, Compute Engine and IAM. APIs that are already enabled stay enabled; to enable the others, you need the role Service Usage Admin (`roles/serviceusage.serviceUsageAdmin`). Enabling an API is free. On Google Cloud this takes one to two minutes.

# %% [markdown] lang="es"
# ## Habilita las APIs de la guía
# La guía necesita cuatro: Kubernetes Engine, Cloud Storage, Compute Engine e IAM. Las que ya están habilitadas quedan como están; para habilitar las demás, necesitas el rol Administrador de Service Usage (`roles/serviceusage.serviceUsageAdmin`). Habilitar una API es gratis. En Google Cloud tarda de uno a dos minutos.

# %% tags=["creates-resource"] guide="G04"
services = project.enable_services(settings, clients)
exercises.see(
    services,
    "02",
    disabled_apis=len(base_services.enabled) + len(services.enabled),
)

# %% [markdown] lang="en"
# ## Grant the IAM roles
# The guide's two roles are granted to `account`:
#
# - `roles/container.admin`: create the cluster and work in it.
# - `roles/storage.admin`: read the bucket and change its IAM policy.
#
# Four more are granted if you lack their permissions: `roles/serviceusage.serviceUsageConsumer`, `roles/compute.viewer`, `roles/cloudquotas.viewer` and `roles/iam.serviceAccountUser`. The roles of other accounts don't change: the policy is read, modified, and written back with its etag, so concurrent changes are never lost.

# %% [markdown] lang="es"
# ## Otorga los roles de IAM
# Los dos roles de la guía se otorgan a `account`:
#
# - `roles/container.admin`: crear el clúster y trabajar en él.
# - `roles/storage.admin`: leer el bucket y cambiar su política de IAM.
#
# Otros cuatro se otorgan si te faltan sus permisos: `roles/serviceusage.serviceUsageConsumer`, `roles/compute.viewer`, `roles/cloudquotas.viewer` y `roles/iam.serviceAccountUser`. Los roles de otras cuentas no cambian: la política se lee, se modifica y se vuelve a escribir con su etag, así que nunca se pierden cambios simultáneos.

# %% tags=["creates-resource"] guide="G06 G07"
roles = project.grant_roles(settings, clients)
exercises.see(roles, "02", policy_role=roles.giving("storage.buckets.setIamPolicy"))

# %%
roles.access()

# %% [markdown] lang="en"
# The diagram shows the roles as they are now, each with the permissions that the notebooks need from it.

# %% [markdown] lang="es"
# El diagrama muestra los roles como están ahora, cada uno con los permisos que los notebooks necesitan de él.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    roles.missing == (),
    "the account has the roles on the project",
    remedy="run the cell above again, or ask an owner of the project for the roles marked ✗",
    pitfall="role-missing",
)

# %% [markdown] lang="en"
# ## Wait until roles and APIs are effective
# A new role or API can take two minutes to reach every service, sometimes seven or more. The service account of the nodes appears after the Compute Engine API is enabled. The next cell retries until all of them respond; in a project that was ready before, it returns immediately.

# %% [markdown] lang="es"
# ## Espera hasta que los roles y las APIs estén en vigor
# Un rol o una API nuevos pueden tardar dos minutos en llegar a todos los servicios, a veces siete o más. La cuenta de servicio de los nodos aparece después de habilitar la API de Compute Engine. La celda siguiente vuelve a intentar hasta que todo responda; en un proyecto ya preparado, termina de inmediato.

# %%
ready = project.wait_ready(settings, clients)
ready

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    ready.permissions,
    "your permissions are effective and the APIs respond",
    remedy="run the cell above again to wait longer",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.

# %% tags=["exercise"]
exercises.compare("02")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# All four APIs are now listed as already enabled. A step first looks up what exists and requests only what is missing, so a second run changes nothing and costs nothing. This is why you can interrupt a cell, or run a notebook from the top after an error.
#
# </details>
#
# Next: [3 · Check the model weights](03_weights.ipynb)

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# Las cuatro APIs figuran ahora como ya habilitadas. Un paso busca primero lo que existe y solicita solo lo que falta, así que una segunda ejecución no cambia nada y no cuesta nada. Por eso puedes interrumpir una celda o volver a ejecutar un notebook desde el principio después de un error.
#
# </details>
#
# Siguiente: [3 · Comprueba los pesos del modelo](03_weights.ipynb)
