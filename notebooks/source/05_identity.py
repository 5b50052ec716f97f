# %% [markdown] lang="en"
# # 5 · Give the Pods an identity
#
# The vLLM Pod has no password and no key file, and needs none: GKE vouches for it. You name an account for the Pods inside the cluster, and the bucket learns that this account may read.
#
# | Does | Needs | Leaves | Time and cost |
# |:---|:---|:---|:---|
# | Creates a namespace and a service account, gives it two roles on the bucket, and tries them from a small Pod | The cluster of notebook 4; the right to change the bucket's policy (Storage Admin, notebook 2) | An account that can read this bucket and no other | Seconds, then a minute or two for the Pod, until all of Google Cloud knows the roles; next to nothing |

# %% [markdown] lang="es"
# # 5 · Da una identidad a los Pods
#
# El Pod de vLLM no tiene contraseña ni archivo de claves, y no los necesita: GKE responde por él. Tú nombras una cuenta para los Pods dentro del clúster y el bucket se entera de que esa cuenta puede leer.
#
# | Qué hace | Qué necesita | Qué deja | Tiempo y costo |
# |:---|:---|:---|:---|
# | Crea un espacio de nombres y una cuenta de servicio, le otorga a esta dos roles sobre el bucket y los prueba desde un Pod pequeño | El clúster del notebook 4; permiso para cambiar la política del bucket (Administrador de almacenamiento, notebook 2) | Una cuenta que puede leer este bucket y ningún otro | Segundos, y luego uno o dos minutos para el Pod, hasta que los roles lleguen a todo Google Cloud; casi nada |

# %% tags=["parameters"]
namespace: str = ""  # NAMESPACE in the guide
service_account: str = ""  # KSA_NAME in the guide
object_role: str = ""  # objectUser as in the guide, or objectViewer: read only
language: str = "en"  # en or es: language of messages

# %%
from warmbook import SettingsForm, check, connect, doctor
from warmbook.steps import identity, probe

# %% [markdown] lang="en"
# ## Name the account
# Two names count here. The **namespace** is the compartment of the cluster in which everything of this book lives. The **Kubernetes service account** is what the Pods run as. Keep both from here to the end: the bucket will know the account by exactly these names, and a Pod in another namespace is a stranger to it.

# %% [markdown] lang="es"
# ## Ponle nombre a la cuenta
# Aquí cuentan dos nombres. El **espacio de nombres** es el compartimiento del clúster donde vive todo lo de este cuaderno. La **cuenta de servicio de Kubernetes** es la cuenta con la que se ejecutan los Pods. Conserva ambos hasta el final: el bucket conocerá la cuenta por estos nombres exactos, y un Pod de otro espacio de nombres le será un extraño.

# %% guide="G12" jupyter={"source_hidden": true}
form = SettingsForm.choose(globals())
form

# %%
settings = form.settings
clients = connect(settings)
clients

# %% [markdown] lang="en"
# ## See that both sides are ready
# An identity has two ends. The cluster must vouch for its Pods, and you must be allowed to change the bucket's policy; the doctor looks at both before you begin.

# %% [markdown] lang="es"
# ## Mira si las dos partes están listas
# Una identidad tiene dos extremos. El clúster debe responder por sus Pods, y tú debes poder cambiar la política del bucket; el doctor revisa ambos antes de que empieces.

# %%
examined = doctor.examine(settings, clients, before="05")
examined

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    examined,
    "nothing stands in the way of this notebook",
    remedy="do what the lines marked ✗ say, then run the cell above again",
)

# %% [markdown] lang="en"
# ## Create the namespace
# The cluster is asked first: if the namespace is there, it stays as it is. A new one carries the label `app.kubernetes.io/managed-by: warmbook`, by which notebook 10 will know that it may delete it.

# %% [markdown] lang="es"
# ## Crea el espacio de nombres
# Primero se le pregunta al clúster: si el espacio de nombres ya existe, se queda como está. Uno nuevo lleva la etiqueta `app.kubernetes.io/managed-by: warmbook`, y por ella el notebook 10 sabrá que puede borrarlo.

# %% tags=["creates-resource"] guide="G13"
namespace_made = identity.create_namespace(settings, clients)
namespace_made

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    namespace_made.name == settings.namespace,
    "the namespace is there",
    remedy="run the cell above again; if the cluster does not answer, run notebook 04",
)

# %% [markdown] lang="en"
# ## Create the service account
# This account exists in Kubernetes only: it is no Google service account, has no e-mail address, and there is no key of it that could leak. The guide calls its name `KSA_NAME`. By itself it may do nothing outside the cluster; the next two sections change that for one bucket.

# %% [markdown] lang="es"
# ## Crea la cuenta de servicio
# Esta cuenta existe solo en Kubernetes: no es una cuenta de servicio de Google, no tiene correo electrónico y no hay ninguna clave suya que se pueda filtrar. La guía llama `KSA_NAME` a su nombre. Por sí sola no puede hacer nada fuera del clúster; las dos secciones que siguen cambian eso para un único bucket.

# %% tags=["creates-resource"] guide="G14"
account_made = identity.create_service_account(settings, clients)
account_made

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    account_made.name == settings.service_account,
    "the service account is there",
    remedy="run the cell above again; if the namespace is missing, run the one before",
)

# %% [markdown] lang="en"
# ## See its name in IAM
# To IAM the account has a long name, its **principal**: the project's *number*, then the workload identity pool (the project's *ID* with `.svc.id.goog`), then namespace and account. Number in one place and ID in the other is a classic slip when it is typed by hand, and then the role is given to nobody. The number is asked of Google here, and the name put together for you.

# %% [markdown] lang="es"
# ## Mira su nombre en IAM
# Para IAM, la cuenta tiene un nombre largo, su **identificador principal**: el *número* del proyecto, luego el grupo de identidades para cargas de trabajo (el *ID* del proyecto con `.svc.id.goog`) y después el espacio de nombres y la cuenta. Número en un lugar e ID en el otro: es el desliz clásico de quien lo escribe a mano, y entonces el rol no se le otorga a nadie. Aquí el número se le pide a Google y el nombre se arma solo.

# %% guide="G15"
who = identity.principal(settings, clients)
who

# %% [markdown] lang="en"
# ## Let the account read the bucket
# You give two roles on **one bucket**, and every Pod that runs as this account can stream the weights.
#
# Why two? The streamer first asks *what is this bucket* (`storage.buckets.get`, in `roles/storage.bucketViewer`), and only then lists and reads the files (`storage.objects.list` and `storage.objects.get`, in `roles/storage.objectUser`). If one is missing, the Pod ends with a 403, at two different moments of its start; notebook 7 names the permission that was denied.
#
# The guide's `roles/storage.objectUser` also lets the Pod write and delete. Serving only reads, so on a bucket that others depend on, choose `objectViewer` as `object_role` in the form: then the Pod gets `roles/storage.objectViewer` in its place.
#
# You will see for each role whether it was there or was added now. It takes a second; on Google Cloud allow up to two minutes until every server knows.

# %% [markdown] lang="es"
# ## Deja que la cuenta lea el bucket
# Otorgas dos roles sobre **un solo bucket**, y cualquier Pod que se ejecute con esta cuenta podrá transmitir los pesos.
#
# ¿Por qué dos? El transmisor pregunta primero *qué bucket es este* (`storage.buckets.get`, incluido en `roles/storage.bucketViewer`) y solo después enumera y lee los archivos (`storage.objects.list` y `storage.objects.get`, incluidos en `roles/storage.objectUser`). Si falta uno, el Pod termina con un error 403, en dos momentos distintos de su arranque; el notebook 7 te dice qué permiso se le negó.
#
# El rol de la guía, `roles/storage.objectUser`, también permite escribir y borrar. Para entregar un modelo basta con leer; si otros dependen de ese bucket, elige `objectViewer` como `object_role` en el formulario: entonces el Pod recibe `roles/storage.objectViewer` en su lugar.
#
# Verás, rol por rol, si ya estaba o si se agregó ahora. Tarda un segundo; en Google Cloud, cuenta hasta dos minutos para que lo sepan todos los servidores.

# %% tags=["creates-resource"] guide="G16 G17"
granted = identity.grant_bucket_roles(settings, clients)
granted

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    granted.missing == (),
    "the service account holds both roles on the bucket",
    remedy="run the cell above again; a 403 means that you lack storage.buckets.setIamPolicy",
)

# %% [markdown] lang="en"
# ## Ask as the account itself
# A role in a list is a promise; this cell tries it. A small Pod starts as your service account, asks the bucket the three things that the streamer will ask, down to the first byte of one file, and is deleted again, even if you interrupt it. Its script is a page of Python in an ordinary `python:3.12-slim` image and has no GPU.
#
# On Google Cloud this takes a minute or two, because Autopilot may have to bring a small node first, and because new roles take up to two minutes to be known; it costs next to nothing. A refusal here costs a minute; the same refusal in notebook 7 costs a GPU node and an image of many GB.

# %% [markdown] lang="es"
# ## Pregunta como la propia cuenta
# Un rol en una lista es una promesa; esta celda la pone a prueba. Un Pod pequeño arranca con tu cuenta de servicio, le pide al bucket las tres cosas que pedirá el transmisor, hasta el primer byte de un archivo, y se borra otra vez, aunque lo interrumpas. Su script es una página de Python en una imagen común, `python:3.12-slim`, y no lleva GPU.
#
# En Google Cloud tarda uno o dos minutos, porque quizá Autopilot deba traer primero un nodo pequeño y porque los roles nuevos tardan hasta dos minutos en conocerse; cuesta casi nada. Una negativa aquí cuesta un minuto; la misma en el notebook 7 cuesta un nodo con GPU y una imagen de muchos GB.

# %%
asked = probe.probe(settings, clients)
asked

# %% tags=["check"] jupyter={"source_hidden": true}
check(
    asked,
    "a Pod with this account can read the model",
    remedy="do what the lines marked ✗ say; a role that is new may need two more minutes",
)

# %% [markdown] lang="en"
# Next: [6 · Deploy the server](06_server.ipynb)

# %% [markdown] lang="es"
# Siguiente: [6 · Implementa el servidor](06_server.ipynb)
