//! Grants, and the wait until they hold.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::running::Cluster;

/// The server's authorizer learns of a binding through a watch of its own, a moment after the
/// client was told that it exists.
const EFFECT_TIMEOUT: Duration = Duration::from_secs(15);

impl Cluster {
    /// Lets a group do what a cluster role allows, everywhere; returns when that holds.
    ///
    /// `cluster-admin` and the `system:` roles are as they are elsewhere. `view`, `edit` and
    /// `admin` are empty, because no controller aggregates them: bind `system:aggregate-to-view`.
    pub fn bind_group(&self, group: &str, role: &str) -> Result<()> {
        let probe = probe(self, group, role)?;
        {
            let _held = self.hold_changes();
            self.apply(&binding(group, role))?;
        }
        let started = Instant::now();
        while !is_allowed(self, &probe)? {
            if started.elapsed() > EFFECT_TIMEOUT {
                bail!(
                    "the binding of group {group} to ClusterRole {role} had no effect after {} s",
                    EFFECT_TIMEOUT.as_secs()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn binding(group: &str, role: &str) -> Value {
    const API_GROUP: &str = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": format!("{API_GROUP}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": { "name": format!("{group}-{}", role.replace(':', "-")) },
        "roleRef": { "apiGroup": API_GROUP, "kind": "ClusterRole", "name": role },
        "subjects": [{ "apiGroup": API_GROUP, "kind": "Group", "name": group }],
    })
}

/// A review of the first thing that the role allows.
fn probe(cluster: &Cluster, group: &str, role: &str) -> Result<Value> {
    let text = cluster.kubectl_admin(&["get", "clusterrole", role, "-o", "json"])?;
    let role_object: Value = serde_json::from_str(&text)?;
    let first = role_object["rules"].get(0).with_context(|| {
        format!(
            "ClusterRole {role} has no rules: no controller runs here that would aggregate them; \
             bind cluster-admin, or system:aggregate-to-{role}"
        )
    })?;
    let mut spec = json!({ "user": "probe", "groups": [group] });
    let verb = &first["verbs"][0];
    if let Some(path) = first["nonResourceURLs"].get(0) {
        spec["nonResourceAttributes"] = json!({ "verb": verb, "path": path });
    } else {
        let named = first["resources"][0].as_str().unwrap_or_default();
        let (resource, subresource) = named.split_once('/').unwrap_or((named, ""));
        spec["resourceAttributes"] = json!({
            "verb": verb,
            "group": first["apiGroups"][0],
            "resource": resource,
            "subresource": subresource,
            "name": first["resourceNames"].get(0),
        });
    }
    Ok(json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": spec,
    }))
}

fn is_allowed(cluster: &Cluster, probe: &Value) -> Result<bool> {
    let args = ["create", "-f", "-", "-o", "json"];
    let answer: Value = serde_json::from_str(&cluster.kubectl_admin_fed(&args, probe)?)?;
    Ok(answer["status"]["allowed"] == true)
}
