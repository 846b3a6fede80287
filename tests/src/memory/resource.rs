//! Which resources the server has.

/// A resource: what stands in a URL, and the kind of its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a resource"
)]
pub struct Resource {
    /// The API group; empty for core.
    pub group: String,
    /// Its version, as in `v1`.
    pub version: String,
    /// The name in URLs, as in `pods`.
    pub plural: String,
    /// The objects' kind, as in `Pod`.
    pub kind: String,
    /// What kubectl takes for the name, as in `po`.
    pub short_names: Vec<String>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Whether `status` changes through the subresource only.
    pub has_status: bool,
    /// Whether `metadata.generation` counts the changes of `spec`.
    pub has_generation: bool,
    /// Whether it comes from a CRD: its lists carry kinds, and `metadata` after `items`.
    pub is_custom: bool,
}

impl Resource {
    /// A namespaced custom resource with a status, as in
    /// `Resource::custom("example.com", "v1", "widgets", "Widget")`.
    pub fn custom(group: &str, version: &str, plural: &str, kind: &str) -> Self {
        Self {
            is_custom: true,
            ..Self::built_in(group, version, &format!("{plural} {kind} - nsg"))
        }
    }

    /// `line` is plural, kind, short name or `-`, and letters: `n`amespaced, `s`tatus,
    /// `g`eneration, `c`ustom.
    fn built_in(group: &str, version: &str, line: &str) -> Self {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let (plural, kind, short, flags) = (word(), word(), word(), word());
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: plural.to_owned(),
            kind: kind.to_owned(),
            short_names: [short]
                .iter()
                .filter(|name| **name != "-")
                .map(ToString::to_string)
                .collect(),
            namespaced: flags.contains('n'),
            has_status: flags.contains('s'),
            has_generation: flags.contains('g'),
            is_custom: flags.contains('c'),
        }
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        group_version(&self.group, &self.version)
    }

    /// The name that no other group shares: `pods`, `deployments.apps`.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    pub(super) fn singular(&self) -> String {
        self.kind.to_lowercase()
    }

    pub(super) fn answers_to(&self, name: &str) -> bool {
        self.plural == name || self.qualified() == name
    }

    /// The fields that a selector may name, beside name and namespace: paths into the object.
    pub(super) fn selectable_fields(&self) -> &'static [&'static str] {
        match (self.group.as_str(), self.plural.as_str()) {
            ("", "pods") => &[
                "spec.nodeName",
                "spec.restartPolicy",
                "spec.schedulerName",
                "spec.serviceAccountName",
                "status.phase",
                "status.podIP",
                "status.nominatedNodeName",
            ],
            ("", "nodes") => &["spec.unschedulable"],
            ("", "namespaces") => &["status.phase"],
            ("", "secrets") => &["type"],
            ("", "services") => &["spec.clusterIP", "spec.type"],
            ("", "events") => &[
                "involvedObject.kind",
                "involvedObject.namespace",
                "involvedObject.name",
                "involvedObject.uid",
                "reason",
                "type",
            ],
            ("", "replicationcontrollers") | ("apps", "replicasets") => &["status.replicas"],
            _ => &[],
        }
    }
}

pub(super) fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}

/// The resources that every server has.
pub(super) fn built_in() -> Vec<Resource> {
    GROUPS
        .iter()
        .flat_map(|(group, version, lines)| {
            lines
                .iter()
                .map(|line| Resource::built_in(group, version, line))
        })
        .collect()
}

/// Group, version and the lines of [`Resource::built_in`].
type Group = (&'static str, &'static str, &'static [&'static str]);

const GROUPS: &[Group] = &[
    (
        "",
        "v1",
        &[
            "configmaps ConfigMap cm n",
            "endpoints Endpoints ep n",
            "events Event ev n",
            "limitranges LimitRange limits n",
            "namespaces Namespace ns s",
            "nodes Node no s",
            "persistentvolumeclaims PersistentVolumeClaim pvc ns",
            "persistentvolumes PersistentVolume pv s",
            "pods Pod po nsg",
            "podtemplates PodTemplate - ng",
            "replicationcontrollers ReplicationController rc nsg",
            "resourcequotas ResourceQuota quota ns",
            "secrets Secret - n",
            "serviceaccounts ServiceAccount sa n",
            "services Service svc ns",
        ],
    ),
    (
        "apps",
        "v1",
        &[
            "controllerrevisions ControllerRevision - n",
            "daemonsets DaemonSet ds nsg",
            "deployments Deployment deploy nsg",
            "replicasets ReplicaSet rs nsg",
            "statefulsets StatefulSet sts nsg",
        ],
    ),
    (
        "autoscaling",
        "v2",
        &["horizontalpodautoscalers HorizontalPodAutoscaler hpa ns"],
    ),
    (
        "batch",
        "v1",
        &["cronjobs CronJob cj nsg", "jobs Job - nsg"],
    ),
    ("coordination.k8s.io", "v1", &["leases Lease - n"]),
    (
        "discovery.k8s.io",
        "v1",
        &["endpointslices EndpointSlice - ng"],
    ),
    (
        "networking.k8s.io",
        "v1",
        &[
            "ingressclasses IngressClass - g",
            "ingresses Ingress ing nsg",
            "networkpolicies NetworkPolicy netpol ng",
        ],
    ),
    (
        "policy",
        "v1",
        &["poddisruptionbudgets PodDisruptionBudget pdb nsg"],
    ),
    (
        "gateway.networking.k8s.io",
        "v1",
        &[
            "gatewayclasses GatewayClass gc sgc",
            "gateways Gateway gtw nsgc",
            "grpcroutes GRPCRoute - nsgc",
            "httproutes HTTPRoute - nsgc",
        ],
    ),
    (
        "gateway.networking.k8s.io",
        "v1beta1",
        &["referencegrants ReferenceGrant refgrant ngc"],
    ),
];

#[cfg(test)]
mod tests {
    use super::{Resource, built_in};

    #[test]
    fn every_line_says_its_kind_and_no_name_stands_twice() {
        let all = built_in();
        let mut names: Vec<String> = all.iter().map(Resource::qualified).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().all(|r| r.kind.starts_with(char::is_uppercase)));
        let pods = all.iter().find(|r| r.answers_to("pods")).expect("pods");
        assert!(pods.namespaced && pods.has_status && !pods.is_custom);
        assert_eq!(pods.short_names, ["po"]);
    }
}
