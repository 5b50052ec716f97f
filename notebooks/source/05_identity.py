# %% [markdown] lang="en"
# # 5 · Configure Workload Identity Federation for GKE
#
# The vLLM Pod reads the bucket without a password or key file. It runs as a Kubernetes service account, and IAM grants that account two roles on the bucket.
#
# **Objectives**
# - Create a namespace and a service account.
# - Grant the account two roles on the bucket.
# - Verify the access from a Pod, before you pay for a GPU.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Creates namespace and service account, grants the roles, tests them from a Pod | The cluster of notebook 4; permission to change the bucket's policy (Storage Admin) | An account that can read this bucket and no other | Seconds, then one to two minutes for the test; almost free |

# %% [markdown] lang="es"
# # 5 · Configura la federación de identidades para cargas de trabajo de GKE
#
# El Pod de vLLM lee el bucket sin contraseña ni archivo de claves. Se ejecuta con una cuenta de servicio de Kubernetes, e IAM le otorga a esa cuenta dos roles sobre el bucket.
#
# **Objetivos**
# - Crear un espacio de nombres y una cuenta de servicio.
# - Otorgarle a la cuenta dos roles sobre el bucket.
# - Verificar el acceso desde un Pod, antes de pagar una GPU.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Crea el espacio de nombres y la cuenta de servicio, otorga los roles y los prueba desde un Pod | El clúster del notebook 4; permiso para cambiar la política del bucket (Administrador de almacenamiento) | Una cuenta que puede leer este bucket y ningún otro | Segundos, y de uno a dos minutos para la prueba; casi gratis |

# %% tags=["parameters"]
namespace: str = ""  # NAMESPACE in the guide
service_account: str = ""  # KSA_NAME in the guide
object_role: str = ""  # objectUser as in the guide, or objectViewer: read only
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor, exercises
from warmbook.steps import identity, overview, probe

# %% [markdown] lang="en"
# ## Choose namespace and service account
# The **namespace** holds every Kubernetes object of this workbook. The **Kubernetes service account** is the identity of the Pods. IAM identifies the account by both names, so don't change them until you clean up: a Pod in any other namespace gets no access.

# %% [markdown] lang="es"
# ## Elige el espacio de nombres y la cuenta de servicio
# El **espacio de nombres** contiene todos los objetos de Kubernetes de esta guía práctica. La **cuenta de servicio de Kubernetes** es la identidad de los Pods. IAM identifica la cuenta por los dos nombres, así que no los cambies hasta la limpieza: un Pod de otro espacio de nombres no obtiene acceso.

# %% guide="G12" jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
overview.here(settings, clients, "05")

# %% [markdown] lang="en"
# ## Run preflight checks
# The checks verify that the cluster has Workload Identity Federation, and that you may change the IAM policy of the bucket.

# %% [markdown] lang="es"
# ## Comprueba los requisitos previos
# Se verifica que el clúster tenga la federación de identidades para cargas de trabajo y que puedas cambiar la política de IAM del bucket.

# %%
preflight = doctor.examine(settings, clients, before="05")
preflight

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    preflight,
    "all preflight checks passed",
    remedy="follow the remedies on the lines marked ✗, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Predict
# Commit two predictions before anything is measured. Below each measurement, you see the result beside your prediction. You can skip this.

# %% [markdown] lang="es"
# ## Predice
# Confirma dos predicciones antes de medir. Debajo de cada medición ves el resultado junto a tu predicción. Puedes omitirlo.

# %% tags=["exercise"]
exercises.predict("05")

# %% [markdown] lang="en"
# ## Create the namespace
# An existing namespace is left as it is. A new one gets the label `app.kubernetes.io/managed-by: warmbook`, so that notebook 10 deletes it.

# %% [markdown] lang="es"
# ## Crea el espacio de nombres
# Un espacio de nombres que ya existe queda como está. Uno nuevo recibe la etiqueta `app.kubernetes.io/managed-by: warmbook`, para que el notebook 10 lo borre.

# %% tags=["creates-resource"] guide="G13"
namespace_made = identity.create_namespace(settings, clients)
namespace_made

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    namespace_made.name == settings.namespace,
    "the namespace exists",
    remedy="run the cell above again; if the cluster does not respond, run notebook 04",
)

# %% [markdown] lang="en"
# ## Create the service account
# The account (`KSA_NAME` in the guide) exists in Kubernetes only: it is not a Google service account, and it has no key that could leak. It has no access outside the cluster until you grant roles to it.

# %% [markdown] lang="es"
# ## Crea la cuenta de servicio
# La cuenta (`KSA_NAME` en la guía) existe solo en Kubernetes: no es una cuenta de servicio de Google y no tiene ninguna clave que se pueda filtrar. No tiene acceso fuera del clúster hasta que le otorgas roles.

# %% tags=["creates-resource"] guide="G14"
account_made = identity.create_service_account(settings, clients)
account_made

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    account_made.name == settings.service_account,
    "the service account exists",
    remedy="run the cell above again; if the namespace is missing, create it first",
)

# %% [markdown] lang="en"
# ## Build the principal identifier
# IAM identifies the account by its **principal identifier**: the project *number*, the workload identity pool (project *ID* plus `.svc.id.goog`), the namespace and the account. Swapping number and ID is a common mistake; no Pod then gets the role. This cell looks up the number and builds the identifier.

# %% [markdown] lang="es"
# ## Forma el identificador principal
# IAM identifica la cuenta por su **identificador principal**: el *número* del proyecto, el grupo de identidades para cargas de trabajo (el *ID* del proyecto más `.svc.id.goog`), el espacio de nombres y la cuenta. Confundir el número con el ID es un error frecuente; entonces ningún Pod obtiene el rol. Esta celda busca el número y forma el identificador.

# %% guide="G15"
principal = identity.principal(settings, clients)
principal

# %% [markdown] lang="en"
# ## Grant access to the bucket
# Two roles are granted on **this bucket** only:
#
# - `roles/storage.bucketViewer`: the streamer first reads the bucket itself (`storage.buckets.get`).
# - `roles/storage.objectUser`: it then lists and reads the files (`storage.objects.list`, `storage.objects.get`).
#
# If one is missing, the Pod fails with a 403. `roles/storage.objectUser` also allows writes and deletes, which serving does not need. On a shared bucket, set `object_role` to `objectViewer`. New roles can take two minutes to become effective.

# %% [markdown] lang="es"
# ## Otorga acceso al bucket
# Se otorgan dos roles, solo sobre **este bucket**:
#
# - `roles/storage.bucketViewer`: el transmisor lee primero el propio bucket (`storage.buckets.get`).
# - `roles/storage.objectUser`: después enumera y lee los archivos (`storage.objects.list`, `storage.objects.get`).
#
# Si falta uno, el Pod falla con un error 403. `roles/storage.objectUser` también permite escribir y borrar, y para entregar el modelo basta con leer. En un bucket compartido, cambia `object_role` a `objectViewer`. Los roles nuevos pueden tardar dos minutos en estar en vigor.

# %% tags=["creates-resource"] guide="G16 G17"
granted = identity.grant_bucket_roles(settings, clients)
exercises.see(granted, "05", roles=len(granted.before) + len(granted.granted))

# %%
granted.access()

# %% [markdown] lang="en"
# The diagram shows how the Pod gets access: its service account is the principal that has the roles on the bucket.

# %% [markdown] lang="es"
# El diagrama muestra cómo obtiene acceso el Pod: su cuenta de servicio es el principal que tiene los roles sobre el bucket.

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    granted.missing == (),
    "the service account has both roles on the bucket",
    remedy="run the cell above again; a 403 means that you lack storage.buckets.setIamPolicy",
)

# %% [markdown] lang="en"
# ## Test the access from a Pod
# A small Pod (`python:3.12-slim`, no GPU) makes the streamer's three requests with your service account. It is then deleted, even if you interrupt the cell. This takes one to two minutes on Google Cloud. A missing permission shows here within minutes; in notebook 7, it would show only after a GPU node is provisioned and a large image is pulled.

# %% [markdown] lang="es"
# ## Prueba el acceso desde un Pod
# Un Pod pequeño (`python:3.12-slim`, sin GPU) hace las tres solicitudes del transmisor con tu cuenta de servicio. Después se borra, aunque interrumpas la celda. En Google Cloud tarda de uno a dos minutos. Si falta un permiso, aquí se ve en minutos; en el notebook 7 se vería solo después de aprovisionar un nodo con GPU y descargar una imagen grande.

# %%
probed = probe.probe(settings, clients)
exercises.see(probed, "05", first_permission=probed.first_permission)

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    probed,
    "a Pod with this account can read the model",
    remedy="follow the remedies on the lines marked ✗; a new role may need two more minutes",
)

# %% [markdown] lang="en"
# ## Compare and explain
# The card compares your predictions with the results. Below it, a change is described: make it, and explain its effect. The solution is folded under the cell.

# %% [markdown] lang="es"
# ## Compara y explica
# La tarjeta compara tus predicciones con los resultados. Debajo se describe un cambio: hazlo y explica su efecto. La solución está plegada bajo la celda.

# %% tags=["exercise"]
exercises.compare("05")

# %% [markdown] lang="en"
# <details><summary>Solution</summary>
#
# All requests succeed: serving only lists and reads files, and `objectViewer` allows both. `objectUser` also allows writes and deletes, so a compromised Pod could change the model of everybody who uses the bucket. The role that was granted before is listed as not needed; notebook 10 revokes it.
#
# </details>
#
# Next: [6 · Deploy vLLM](06_server.ipynb)

# %% [markdown] lang="es"
# <details><summary>Solución</summary>
#
# Todas las solicitudes tienen éxito: para entregar el modelo basta con enumerar y leer archivos, y `objectViewer` permite ambas cosas. `objectUser` permite además escribir y borrar, así que un Pod comprometido podría cambiar el modelo de todos los que usan el bucket. El rol otorgado antes figura como no necesario; el notebook 10 lo revoca.
#
# </details>
#
# Siguiente: [6 · Implementa vLLM](06_server.ipynb)
