# G06
gcloud projects add-iam-policy-binding PROJECT_ID \
--member="user:$(gcloud config get-value account)" \
--role="roles/container.admin"
# G07
gcloud projects add-iam-policy-binding PROJECT_ID \
--member="user:$(gcloud config get-value account)" \
--role="roles/storage.admin"
# G08
export PROJECT_ID=PROJECT_ID
export CLUSTER_NAME=CLUSTER_NAME
# G09 autopilot
export REGION=REGION
gcloud container clusters create-auto $CLUSTER_NAME \
    --project=$PROJECT_ID \
    --location=$REGION
# G10 standard
export ZONE=ZONE
gcloud container clusters create $CLUSTER_NAME \
    --project=$PROJECT_ID \
    --zone=$ZONE \
    --workload-pool=$PROJECT_ID.svc.id.goog \
    --num-nodes=1
# G11 standard
gcloud container node-pools create g2-gpu-pool \
    --cluster=$CLUSTER_NAME \
    --zone=$ZONE \
    --machine-type=g2-standard-16 \
    --num-nodes=1 \
    --accelerator=type=nvidia-l4
# G12
export KSA_NAME=KSA_NAME
export NAMESPACE=NAMESPACE
# G13
kubectl create namespace $NAMESPACE
# G14
kubectl create serviceaccount $KSA_NAME \
    --namespace=$NAMESPACE
# G15
export BUCKET_NAME=BUCKET_NAME
export PROJECT_ID=PROJECT_ID
export PROJECT_NUMBER=$(gcloud projects describe $PROJECT_ID \
    --format 'get(projectNumber)')
# G16
gcloud storage buckets add-iam-policy-binding gs://$BUCKET_NAME \
    --member="principal://iam.googleapis.com/projects/$PROJECT_NUMBER/locations/global/workloadIdentityPools/$PROJECT_ID.svc.id.goog/subject/ns/$NAMESPACE/sa/$KSA_NAME" \
    --role="roles/storage.bucketViewer"
# G17
gcloud storage buckets add-iam-policy-binding gs://$BUCKET_NAME \
    --member="principal://iam.googleapis.com/projects/$PROJECT_NUMBER/locations/global/workloadIdentityPools/$PROJECT_ID.svc.id.goog/subject/ns/$NAMESPACE/sa/$KSA_NAME" \
    --role="roles/storage.objectUser"
# G22
kubectl create -f vllm-deployment.yaml
# G24
kubectl get deployments -n NAMESPACE
# G25
kubectl get pods -n NAMESPACE | grep vllm-streamer
# G26
kubectl logs -f POD_NAME -n NAMESPACE
# G29
# Enable the cache
gcloud storage buckets anywhere-caches create gs://$BUCKET_NAME $ZONE
# G30
# Check the status of the cache
gcloud storage buckets anywhere-caches describe $BUCKET_NAME/$ZONE
# G32
gcloud container clusters delete CLUSTER_NAME --location=ZONE_OR_REGION
