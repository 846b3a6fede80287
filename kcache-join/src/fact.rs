//! What relations need of an object.

use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};
use kcache::Fact;

/// The names of the Services that an object sends requests to, in its own namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backends(pub Vec<String>);

/// The default backend and those of every rule's paths. Backends that are another resource than a
/// Service are left out.
impl Fact<Backends> for Ingress {
    fn fact(&self) -> Option<Backends> {
        let spec = self.spec.as_ref()?;
        let rules = spec
            .rules
            .iter()
            .flatten()
            .filter_map(|rule| rule.http.as_ref());
        let paths = rules.flat_map(|http| http.paths.iter().map(|path| &path.backend));
        let backends = spec.default_backend.iter().chain(paths);
        let service = |backend: &IngressBackend| Some(backend.service.as_ref()?.name.clone());
        Some(Backends(backends.filter_map(service).collect()))
    }
}
