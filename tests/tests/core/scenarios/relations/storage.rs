use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::{StorageClass, VolumeAttachment};
use kcache_join::{Names, relations};
use serde_json::json;

use super::{check, says_the_same};

#[tokio::test(start_paused = true)]
async fn the_beta_annotation_of_a_class_comes_first() {
    let beta =
        |class: &str| json!({"annotations": {"volume.beta.kubernetes.io/storage-class": class}});
    let objects = |prefix: &str| {
        let cases = [
            ("field", json!({"spec": {"storageClassName": "fast"}})),
            (
                "beta",
                json!({"metadata": beta("slow"), "spec": {"storageClassName": "fast"}}),
            ),
            ("beta-alone", json!({"metadata": beta("slow")})),
            (
                "empty-beta",
                json!({"metadata": beta(""), "spec": {"storageClassName": "fast"}}),
            ),
            ("none", json!({"spec": {}})),
            ("empty", json!({"spec": {"storageClassName": ""}})),
        ];
        cases.map(|(name, object)| (format!("{prefix}{name}"), object))
    };
    let classes = ["fast", "slow"].map(|name| (name, json!({"provisioner": "p"})));
    let claims = objects("a/");
    let claims: Vec<_> = claims
        .iter()
        .map(|(name, claim)| (name.as_str(), claim.clone()))
        .collect();
    let want = ["a/beta > slow", "a/beta-alone > slow", "a/field > fast"];
    says_the_same::<PersistentVolumeClaim, Names<StorageClass>>(&claims);
    check::<PersistentVolumeClaim, StorageClass>(
        relations::claim_classes(),
        &claims,
        &classes,
        &want,
    )
    .await;
    let volumes = objects("");
    let volumes: Vec<_> = volumes
        .iter()
        .map(|(name, volume)| (name.as_str(), volume.clone()))
        .collect();
    let want = ["beta > slow", "beta-alone > slow", "field > fast"];
    says_the_same::<PersistentVolume, Names<StorageClass>>(&volumes);
    check::<PersistentVolume, StorageClass>(relations::volume_classes(), &volumes, &classes, &want)
        .await;
}

#[tokio::test(start_paused = true)]
async fn an_attachment_is_of_a_volume_to_a_node() {
    let attachments = [
        (
            "by-name",
            json!({"spec": {"attacher": "x", "nodeName": "n1", "source": {"persistentVolumeName": "v1"}}}),
        ),
        (
            "inline",
            json!({"spec": {"attacher": "x", "nodeName": "n2", "source": {"inlineVolumeSpec": {}}}}),
        ),
    ];
    let volumes = [("v1", json!({})), ("v2", json!({}))];
    let want = ["by-name > v1"];
    let relation = relations::attachment_volumes();
    says_the_same::<VolumeAttachment, Names<PersistentVolume>>(&attachments);
    check::<VolumeAttachment, PersistentVolume>(relation, &attachments, &volumes, &want).await;
    let nodes = [("n1", json!({})), ("n2", json!({}))];
    let want = ["by-name > n1", "inline > n2"];
    let relation = relations::attachment_nodes();
    says_the_same::<VolumeAttachment, Names<Node>>(&attachments);
    check::<VolumeAttachment, Node>(relation, &attachments, &nodes, &want).await;
}
