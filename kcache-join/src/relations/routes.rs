//! Routes of the Gateway API, which `k8s-openapi` has no types for: `DynamicObject`s, or your own.

use k8s_openapi::serde_json::Value;
use kcache::{Fact, Key, Object};
use kube::core::DynamicObject;

use super::reference::{items, namespace_of, text};
use crate::fact::{Kind, kind_of};
use crate::guarded_key_join::{GuardedKey, GuardedKeyJoin};

pub(super) const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// What a route sends requests to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendRefs(pub Vec<BackendRef>);

/// A reference of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendRef {
    /// What kind of object it is to; a Service where the route does not say.
    pub kind: Kind,
    /// In which namespace; that of the route if it is empty.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// What a `ReferenceGrant` allows: whoever is in `from` may refer to what is in `to`, in the grant's
/// namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Kinds of objects, each with the namespace that they are in.
    pub from: Vec<(Kind, String)>,
    /// Kinds of objects, with the name of one or all of the kind.
    pub to: Vec<(Kind, Option<String>)>,
}

/// What a reference needs and a grant gives: the namespace that is referred to, the one that refers, and
/// the name of what is referred to, or any.
type Permission = (String, String, Option<String>);

/// The Services that `HTTPRoutes` send requests to: [`route_services`] of that kind.
pub fn httproute_services<R, G, S>() -> GuardedKeyJoin<R, G, S>
where
    R: Object + Fact<BackendRefs>,
    G: Object + Fact<Grant>,
    S: Object,
{
    route_services(Kind::new(GATEWAY_API, "HTTPRoute"))
}

/// The Services that routes of a kind send requests to: the backends of every rule, those of filters that
/// mirror requests, and of such filters inside backends. In its own namespace a route refers as it
/// likes, also where it names the namespace; in another one, a `ReferenceGrant` there must allow it.
///
/// It joins routes and Services by grants: `join(&routes, &grants, &services)`.
///
/// # Example
///
/// ```
/// use k8s_openapi::api::core::v1::Service;
/// use kcache_join::relations;
/// use kube::core::DynamicObject;
/// # use serde_json::json;
/// # fn read<V: serde::de::DeserializeOwned>(value: serde_json::Value) -> V {
/// #     serde_json::from_value(value).expect("an object")
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// let (routes, mut route_feed) = kcache::feed::<DynamicObject>();
/// let (grants, mut grant_feed) = kcache::feed::<DynamicObject>();
/// let (services, mut service_feed) = kcache::feed::<Service>();
/// let reached = relations::httproute_services().join(&routes, &grants, &services);
/// # let group = "gateway.networking.k8s.io";
/// # let backend = json!({"namespace": "shop", "name": "web", "port": 80});
/// # route_feed.relist([read(json!({
/// #     "apiVersion": format!("{group}/v1"), "kind": "HTTPRoute", "metadata": {"namespace": "edge", "name": "r"},
/// #     "spec": {"rules": [{"backendRefs": [backend]}]},
/// # }))], None)?;
/// # let from = json!([{"group": group, "kind": "HTTPRoute", "namespace": "edge"}]);
/// # let grant = json!({
/// #     "apiVersion": format!("{group}/v1"), "kind": "ReferenceGrant", "metadata": {"namespace": "shop", "name": "g"},
/// #     "spec": {"from": from, "to": [{"group": "", "kind": "Service"}]},
/// # });
/// # service_feed.relist([read(json!({"metadata": {"namespace": "shop", "name": "web"}}))], None)?;
/// grant_feed.relist([], None)?;
/// reached.ready().await?;
/// assert!(reached.cache().is_empty());
/// grant_feed.apply(read(grant))?; // the route is in another namespace than the Service
/// # let mut changes = reached.subscribe();
/// # changes.next().await;
/// assert!(reached.cache().get("shop", "web").is_some());
/// # Ok(()) }
/// ```
pub fn route_services<R, G, S>(route: Kind) -> GuardedKeyJoin<R, G, S>
where
    R: Object + Fact<BackendRefs>,
    G: Object + Fact<Grant>,
    S: Object,
{
    let service = Kind::new("", "Service");
    let to_service = service.clone();
    let of_route = move |route: &R| {
        let BackendRefs(backends) = route.fact().unwrap_or_default();
        let services = backends.into_iter().filter(|b| b.kind == to_service);
        let from = namespace_of(route);
        services.map(|backend| guarded(backend, &from)).collect()
    };
    let of_grant = move |grant: &G| {
        let Grant { from, to } = grant.fact().unwrap_or_default();
        let from = from.into_iter().filter(|(kind, _)| *kind == route);
        let to: Vec<_> = to
            .into_iter()
            .filter(|(kind, _)| *kind == service)
            .collect();
        let namespace = namespace_of(grant);
        let given = from.flat_map(|(_, from)| {
            let names = to.iter().map(|(_, name)| name.clone());
            let permission = |name| (namespace.clone(), from.clone(), name);
            names.map(permission).collect::<Vec<Permission>>()
        });
        given.collect()
    };
    GuardedKeyJoin::new(of_route, of_grant, |service: &S| vec![Key::of(service)])
}

fn guarded(backend: BackendRef, from: &str) -> GuardedKey<Key, Permission> {
    let BackendRef {
        namespace, name, ..
    } = backend;
    if namespace.is_empty() || namespace == from {
        return GuardedKey::free(Key::new(from, &name));
    }
    let key = Key::new(&namespace, &name);
    let names = [None, Some(name)];
    let any_of = names.map(|name| (namespace.clone(), from.to_owned(), name));
    GuardedKey::needs(key, any_of)
}

/// The backends of what says that it is a route of the Gateway API.
impl Fact<BackendRefs> for DynamicObject {
    fn fact(&self) -> Option<BackendRefs> {
        let (group, _) = kind_of(self)?;
        (group == GATEWAY_API).then_some(())?;
        let mut found = Vec::new();
        for rule in items(&self.data["spec"]["rules"]) {
            mirrors(rule, &mut found);
            for backend in items(&rule["backendRefs"]) {
                found.extend(backend_ref(backend));
                mirrors(backend, &mut found);
            }
        }
        Some(BackendRefs(found))
    }
}

/// What the filters of a rule or of a backend mirror requests to.
fn mirrors(with_filters: &Value, found: &mut Vec<BackendRef>) {
    for filter in items(&with_filters["filters"]) {
        found.extend(backend_ref(&filter["requestMirror"]["backendRef"]));
    }
}

fn backend_ref(value: &Value) -> Option<BackendRef> {
    let name = value["name"].as_str()?.to_owned();
    let kind = Kind::new(
        text(&value["group"]),
        value["kind"].as_str().unwrap_or("Service"),
    );
    let namespace = text(&value["namespace"]).to_owned();
    Some(BackendRef {
        kind,
        namespace,
        name,
    })
}

/// What a `ReferenceGrant` says.
impl Fact<Grant> for DynamicObject {
    fn fact(&self) -> Option<Grant> {
        let kind = kind_of(self)?;
        (kind == (GATEWAY_API, "ReferenceGrant")).then_some(())?;
        let spec = &self.data["spec"];
        let kind = |part: &Value| Kind::new(text(&part["group"]), text(&part["kind"]));
        let from =
            items(&spec["from"]).map(|from| (kind(from), text(&from["namespace"]).to_owned()));
        let to = items(&spec["to"]).map(|to| (kind(to), to["name"].as_str().map(str::to_owned)));
        Some(Grant {
            from: from.collect(),
            to: to.collect(),
        })
    }
}
