//! Gateways that routes attach to.

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::serde::Deserialize as _;
use k8s_openapi::serde_json::Value;
use kcache::{Fact, Key, Object, Publisher, Selector, SelectorError};
use kube::core::DynamicObject;

use super::namespaces::choose;
use super::reference::{items, namespace_of, text};
use super::routes::GATEWAY_API;
use crate::fact::{Kind, kind_of};
use crate::guarded_key_join::{GuardedKey, GuardedKeyJoin};
use crate::join::Join;
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Namespaces {
    /// Its own.
    #[default]
    Same,
    /// All.
    All,
    /// Those whose labels a selector matches; none if apimachinery refuses it.
    Selected(Result<Selector, SelectorError>),
    /// None.
    None,
}

/// Whose routes a listener lets attach.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Allowed {
    Same,
    All,
    /// Of namespaces that it has chosen.
    Chosen,
}

/// A listener as a route finds it: its Gateway, and its name and its port or none of them.
type Spot = (Key, Option<String>, Option<i64>);

/// The same with whose routes it lets attach.
type Place = (Spot, Allowed);

/// The Gateways that routes of a kind may attach to: by `parentRefs`, with the name and port of a listener
/// where the route gives them, if a listener of the Gateway allows the kind and the route's namespace. By
/// default that is the Gateway's own, and the kinds go by the protocol. A `ReferenceGrant` does not matter.
///
/// It takes no namespaces: those that a listener chooses by a selector are left out, as if it allowed none;
/// [`route_gateways_by_namespaces`] has them. Hostnames do not matter.
pub fn route_gateways<R, G>(route: Kind) -> KeyJoin<R, G>
where
    R: Object + Fact<ParentRefs>,
    G: Object + Fact<Listeners>,
{
    let of_route = |route: &R| {
        let from = move |is_own: bool| [Some(Allowed::All), is_own.then_some(Allowed::Same)];
        let spots = spots(route).into_iter();
        let places = spots.flat_map(|(spot, is_own)| {
            let from = from(is_own).into_iter().flatten();
            from.map(move |from| (spot.clone(), from))
        });
        places.collect::<Vec<Place>>()
    };
    KeyJoin::new(of_route, move |gateway: &G| places(&route, gateway))
}

/// The Gateways that `HTTPRoutes` may attach to: [`route_gateways`] of that kind.
pub fn httproute_gateways<R, G>() -> KeyJoin<R, G>
where
    R: Object + Fact<ParentRefs>,
    G: Object + Fact<Listeners>,
{
    route_gateways(Kind::new(GATEWAY_API, "HTTPRoute"))
}

/// As [`route_gateways`], also where a listener chooses namespaces by a selector.
///
/// It joins routes and Gateways by the labels of namespaces: `join(&routes, &namespaces, &gateways)`.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::Namespace;
/// # use kube::core::DynamicObject;
/// use kcache_join::{Kind, relations};
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let (routes, _) = kcache::feed::<DynamicObject>();
/// # let (namespaces, _) = kcache::feed::<Namespace>();
/// # let (gateways, _) = kcache::feed::<DynamicObject>();
/// let route = Kind::new("gateway.networking.k8s.io", "HTTPRoute");
/// let attached = relations::route_gateways_by_namespaces(route).join(&routes, &namespaces, &gateways);
/// # }
/// ```
pub fn route_gateways_by_namespaces<R, G>(route: Kind) -> GatewayJoin<R, G>
where
    R: Object + Fact<ParentRefs>,
    G: Object + Fact<Listeners>,
{
    let of_route = |route: &R| {
        let own = namespace_of(route);
        let keys = spots(route).into_iter().flat_map(|(spot, is_own)| {
            let needs = [(spot.clone(), own.clone())];
            let chosen = GuardedKey::needs((spot.clone(), Allowed::Chosen), needs);
            let same = is_own.then(|| GuardedKey::free((spot.clone(), Allowed::Same)));
            let all = GuardedKey::free((spot, Allowed::All));
            [chosen, all].into_iter().chain(same)
        });
        keys.collect()
    };
    let of_choice = |choice: &Chosen| {
        let spots = choice.spots.iter().cloned();
        spots.map(|spot| (spot, choice.namespace.clone())).collect()
    };
    let kind = route.clone();
    let of_gateway = move |gateway: &G| places(&kind, gateway);
    GatewayJoin {
        route,
        relation: GuardedKeyJoin::new(of_route, of_choice, of_gateway),
    }
}

/// The relation of [`route_gateways_by_namespaces`].
pub struct GatewayJoin<R: Object, G: Object> {
    route: Kind,
    relation: GuardedKeyJoin<R, Chosen, G>,
}

/// A namespace whose routes a listener lets attach, and how a route finds the listener.
#[derive(PartialEq)]
struct Chosen {
    namespace: String,
    name: String,
    spots: Vec<Spot>,
}

impl Object for Chosen {
    fn namespace(&self) -> Option<&str> {
        Some(&self.namespace)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl<R: Object, G: Object + Fact<Listeners>> GatewayJoin<R, G> {
    /// Also keeps which route holds which Gateway: see [`Join::pairs`].
    #[must_use]
    pub fn with_pairs(mut self) -> Self {
        self.relation = self.relation.with_pairs();
        self
    }

    /// Also keeps who holds what to be looked up: see [`Join::lookups`].
    #[must_use]
    pub fn with_lookups(mut self) -> Self {
        self.relation = self.relation.with_lookups();
        self
    }

    /// Joins routes and Gateways by the labels of namespaces. The join is ready when all three are.
    pub fn join<N: Object>(
        &self,
        routes: &Publisher<R>,
        namespaces: &Publisher<N>,
        gateways: &Publisher<G>,
    ) -> Join<R, G> {
        let route = self.route.clone();
        let choices = choose(gateways, namespaces, move |gateway: &G| {
            let (key, listeners) = (Key::of(gateway), open(&route, gateway).into_iter());
            let chosen = listeners.filter_map(|listener| match &listener.from {
                Namespaces::Selected(selector) => {
                    Some((selector.clone(), found_by(&key, &listener)))
                }
                _ => None,
            });
            chosen.collect()
        });
        let choices = choices.map(|pair| Chosen {
            namespace: pair.target.name().to_owned(),
            name: Key::of(&*pair.source).to_string(),
            spots: pair.source.said.clone(),
        });
        self.relation.join(routes, &choices, gateways)
    }
}

impl<R: Object, G: Object> Clone for GatewayJoin<R, G> {
    fn clone(&self) -> Self {
        Self {
            route: self.route.clone(),
            relation: self.relation.clone(),
        }
    }
}

impl<R: Object, G: Object> fmt::Debug for GatewayJoin<R, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayJoin")
            .field("route", &self.route)
            .field("relation", &self.relation)
            .finish()
    }
}

/// Where a route wants to attach, and whether that is in its own namespace.
fn spots<R: Object + Fact<ParentRefs>>(route: &R) -> Vec<(Spot, bool)> {
    let ParentRefs(parents) = route.fact().unwrap_or_default();
    let (own, gateway) = (namespace_of(route), Kind::new(GATEWAY_API, "Gateway"));
    let gateways = parents.into_iter().filter(|parent| parent.kind == gateway);
    let spot = |parent: ParentRef| {
        let is_own = parent.namespace.is_empty() || parent.namespace == own;
        let key = Key::new(if is_own { &own } else { &parent.namespace }, &parent.name);
        ((key, parent.section, parent.port), is_own)
    };
    gateways.map(spot).collect()
}

/// The listeners of a Gateway that let routes of a kind attach.
fn open<G: Fact<Listeners>>(route: &Kind, gateway: &G) -> Vec<Listener> {
    let Listeners(mut listeners) = gateway.fact().unwrap_or_default();
    listeners.retain(|listener| listener.kinds.contains(route));
    listeners
}

/// Where routes of a kind find a Gateway.
fn places<G: Object + Fact<Listeners>>(route: &Kind, gateway: &G) -> Vec<Place> {
    let key = Key::of(gateway);
    let places = open(route, gateway).into_iter().flat_map(|listener| {
        let from = match listener.from {
            Namespaces::Same => Some(Allowed::Same),
            Namespaces::All => Some(Allowed::All),
            Namespaces::Selected(_) => Some(Allowed::Chosen),
            Namespaces::None => None,
        };
        let spots = found_by(&key, &listener).into_iter();
        spots.filter_map(move |spot| Some((spot, from?)))
    });
    places.collect()
}

/// A route may give the name and the port of a listener, or not.
fn found_by(gateway: &Key, listener: &Listener) -> Vec<Spot> {
    let mut found = Vec::new();
    for section in [None, Some(listener.name.clone())] {
        for port in [None, Some(listener.port)] {
            found.push((gateway.clone(), section.clone(), port));
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
            from: namespaces(&listener["allowedRoutes"]["namespaces"]),
        });
        Some(Listeners(listeners.collect()))
    }
}

fn namespaces(allowed: &Value) -> Namespaces {
    match allowed["from"].as_str() {
        None | Some("Same") => Namespaces::Same,
        Some("All") => Namespaces::All,
        // Without a selector, which the API requires, it chooses none.
        Some("Selector") => match LabelSelector::deserialize(&allowed["selector"]) {
            Ok(selector) => Namespaces::Selected(Selector::from_object(Some(&selector))),
            Err(_) => Namespaces::None,
        },
        Some(_) => Namespaces::None,
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
