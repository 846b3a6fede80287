//! The forms in which Pods are stored, and what tells whether one is the right one.

use k8s_openapi::api::core::v1;
use kcache::{Compact, Object};
use kube::core::PartialObjectMeta;

use crate::pods::Print;

/// Something stored of a Pod.
pub(crate) trait Stored: Object {
    /// The number that tells whether it is the right one.
    fn print(&self) -> u64;
}

impl Stored for v1::Pod {
    fn print(&self) -> u64 {
        let metadata = &self.metadata;
        let spec = self.spec.as_ref();
        let status = self.status.as_ref();
        let containers = spec.into_iter().flat_map(|spec| &spec.containers);
        let conditions = status.into_iter().flat_map(|status| &status.conditions);
        let variables = containers.clone().flat_map(|container| &container.env);
        let print = Print {
            namespace: metadata.namespace.as_deref().unwrap_or_default(),
            name: metadata.name.as_deref().unwrap_or_default(),
            uid: metadata.uid.as_deref().unwrap_or_default(),
            version: self.version(),
            small: Some((
                spec.and_then(|spec| spec.node_name.as_deref())
                    .unwrap_or_default(),
                status
                    .and_then(|status| status.phase.as_deref())
                    .unwrap_or_default(),
            )),
            whole: Some([
                containers.count(),
                variables.flatten().count(),
                conditions
                    .flatten()
                    .filter(|condition| condition.status == "True")
                    .count(),
            ]),
        };
        print.hashed()
    }
}

impl Stored for PartialObjectMeta<v1::Pod> {
    fn print(&self) -> u64 {
        header(self).hashed()
    }
}

/// Its header is looked at, and the whole of it.
impl Stored for Compact<v1::Pod> {
    fn print(&self) -> u64 {
        let pod = self.decode().expect("a Pod");
        assert_eq!(header(self).hashed(), header(&pod).hashed());
        pod.print()
    }
}

/// Six fields of a Pod, decoded without the rest.
#[derive(serde::Deserialize)]
pub(crate) struct Small {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    namespace: Box<str>,
    name: Box<str>,
    uid: Box<str>,
    resource_version: Box<str>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    node_name: Box<str>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Status {
    phase: Box<str>,
}

#[rustfmt::skip] // one line for each answer
impl Object for Small {
    fn namespace(&self) -> Option<&str> { Some(&self.metadata.namespace) }
    fn name(&self) -> &str { &self.metadata.name }
    fn uid(&self) -> &str { &self.metadata.uid }
    fn version(&self) -> &str { &self.metadata.resource_version }
}

impl Stored for Small {
    fn print(&self) -> u64 {
        let print = Print {
            small: Some((&self.spec.node_name, &self.status.phase)),
            ..header(self)
        };
        print.hashed()
    }
}

fn header(object: &impl Object) -> Print<'_> {
    Print {
        namespace: object.namespace().unwrap_or_default(),
        name: object.name(),
        uid: object.uid(),
        version: object.version(),
        small: None,
        whole: None,
    }
}
