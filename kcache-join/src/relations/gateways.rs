//! Gateways that routes attach to.

use k8s_openapi::serde_json::Value;
use kcache::{Fact, Key, Object};
use kube::core::DynamicObject;

use super::reference::namespace_of;
use super::routes::{GATEWAY_API, items, text};
use crate::fact::{Kind, kind_of};
use crate::key_join::KeyJoin;

/// What a route attaches to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParentRefs(pub Vec<ParentRef>);

/// One of the parents of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentRef {
    /// What kind of object it is; a Gateway where the route does not say.
    pub kind: Kind,
    /// In which namespace; that of the route if it is empty.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The name of one listener, or any.
    pub section: Option<String>,
    /// The port of listeners, or any.
    pub port: Option<i64>,
}

/// The listeners of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listeners(pub Vec<Listener>);

/// A listener, and which routes it lets attach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The name.
    pub name: String,
    /// The port.
    pub port: i64,
    /// Routes of these kinds.
    pub kinds: Vec<Kind>,
    /// Routes of these namespaces.
    pub from: Namespaces,
}

/// Of which namespaces a listener lets routes attach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespaces {
    /// Its own.
    #[default]
    Same,
    /// All.
    All,
    /// None, or those whose labels a selector matches, which a relation of two inputs does not know.
    Unknown,
}

/// A listener as a route finds it: its Gateway, its name and its port or none of them, and the namespaces.
type Place = (Key, Option<String>, Option<i64>, Namespaces);

/// The Gateways that routes of a kind may attach to: by `parentRefs`, with the name and port of a listener
/// where the route gives them, if a listener of the Gateway allows the kind and the route's namespace. By
/// default that is the Gateway's own, and the kinds go by the protocol. A `ReferenceGrant` does not matter.
///
/// Namespaces by a selector are left out, as if the listener allowed none. Hostnames do not matter.
pub fn route_gateways<R, G>(route: Kind) -> KeyJoin<R, G>
where
    R: Object + Fact<ParentRefs>,
    G: Object + Fact<Listeners>,
{
    let gateway = Kind::new(GATEWAY_API, "Gateway");
    let of_route = move |route: &R| {
        let ParentRefs(parents) = route.fact().unwrap_or_default();
        let own = namespace_of(route);
        let gateways = parents.into_iter().filter(|parent| parent.kind == gateway);
        gateways.flat_map(|parent| places(parent, &own)).collect()
    };
    let of_gateway = move |gateway: &G| {
        let (key, Listeners(listeners)) = (Key::of(gateway), gateway.fact().unwrap_or_default());
        let open = listeners.into_iter().filter(|l| l.kinds.contains(&route));
        open.flat_map(|listener| found_by(&key, &listener))
            .collect()
    };
    KeyJoin::new(of_route, of_gateway)
}

/// The Gateways that `HTTPRoutes` may attach to: [`route_gateways`] of that kind.
pub fn httproute_gateways<R, G>() -> KeyJoin<R, G>
where
    R: Object + Fact<ParentRefs>,
    G: Object + Fact<Listeners>,
{
    route_gateways(Kind::new(GATEWAY_API, "HTTPRoute"))
}

fn places(parent: ParentRef, own: &str) -> Vec<Place> {
    let ParentRef {
        namespace,
        name,
        section,
        port,
        ..
    } = parent;
    let is_own = namespace.is_empty() || namespace == own;
    let key = Key::new(if is_own { own } else { &namespace }, &name);
    let mut from = vec![Namespaces::All];
    from.extend(is_own.then_some(Namespaces::Same));
    from.into_iter()
        .map(|from| (key.clone(), section.clone(), port, from))
        .collect()
}

fn found_by(gateway: &Key, listener: &Listener) -> Vec<Place> {
    if listener.from == Namespaces::Unknown {
        return Vec::new();
    }
    let mut found = Vec::new();
    for section in [None, Some(listener.name.clone())] {
        for port in [None, Some(listener.port)] {
            found.push((gateway.clone(), section.clone(), port, listener.from));
        }
    }
    found
}

/// The parents of what says that it is a route of the Gateway API.
impl Fact<ParentRefs> for DynamicObject {
    fn fact(&self) -> Option<ParentRefs> {
        let (group, _) = kind_of(self)?;
        (group == GATEWAY_API).then_some(())?;
        let parents = items(&self.data["spec"]["parentRefs"]).map(|parent| ParentRef {
            kind: Kind::new(
                parent["group"].as_str().unwrap_or(GATEWAY_API),
                parent["kind"].as_str().unwrap_or("Gateway"),
            ),
            namespace: text(&parent["namespace"]).to_owned(),
            name: text(&parent["name"]).to_owned(),
            section: parent["sectionName"].as_str().map(str::to_owned),
            port: parent["port"].as_i64(),
        });
        Some(ParentRefs(parents.collect()))
    }
}

/// What a Gateway says.
impl Fact<Listeners> for DynamicObject {
    fn fact(&self) -> Option<Listeners> {
        (kind_of(self)? == (GATEWAY_API, "Gateway")).then_some(())?;
        let listeners = items(&self.data["spec"]["listeners"]).map(|listener| Listener {
            name: text(&listener["name"]).to_owned(),
            port: listener["port"].as_i64().unwrap_or_default(),
            kinds: kinds(listener),
            from: match listener["allowedRoutes"]["namespaces"]["from"].as_str() {
                None | Some("Same") => Namespaces::Same,
                Some("All") => Namespaces::All,
                Some(_) => Namespaces::Unknown,
            },
        });
        Some(Listeners(listeners.collect()))
    }
}

/// The kinds that a listener names, else those of its protocol.
fn kinds(listener: &Value) -> Vec<Kind> {
    let named = &listener["allowedRoutes"]["kinds"];
    if items(named).next().is_some() {
        let group = |kind: &'_ Value| kind["group"].as_str().unwrap_or(GATEWAY_API).to_owned();
        let kind = |kind: &Value| Kind::new(&group(kind), text(&kind["kind"]));
        return items(named).map(kind).collect();
    }
    let kinds: &[&str] = match text(&listener["protocol"]) {
        "HTTP" | "HTTPS" => &["HTTPRoute", "GRPCRoute"],
        "TLS" => &["TLSRoute", "TCPRoute"],
        "TCP" => &["TCPRoute"],
        "UDP" => &["UDPRoute"],
        _ => &[],
    };
    kinds
        .iter()
        .map(|kind| Kind::new(GATEWAY_API, kind))
        .collect()
}
