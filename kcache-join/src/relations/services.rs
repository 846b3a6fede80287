//! Services: who selects Pods for the network, and who sends requests to a Service.

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend, IngressClass};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use kcache::{Fact, Filter, Key, Object, Selects};

use super::reference::{References, identities_of, namespace_of};
use crate::chain::Chain;
use crate::fact::Names;
use crate::key_join::KeyJoin;
use crate::selector_join::SelectorJoin;

/// The Service of an `EndpointSlice`.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The Pods that Services select: those in the same namespace whose labels the map of labels matches. A
/// Service without a selector, or of type `ExternalName`, selects none. Whether a Pod is ready does not
/// matter: see [`eligible`].
#[doc(alias = "ServicePods")]
#[doc(alias = "svc_pods")]
pub fn service_pods<S: Object + Fact<Selects>>() -> SelectorJoin<S> {
    SelectorJoin::by_fact()
}

/// Whether a Pod may be in the endpoints of a Service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Eligible(pub bool);

/// The Pods that the endpoints controllers take: that have an IP and are neither succeeded nor failed. Ready
/// they need not be; one that is being deleted is still among them.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::{Pod, Service};
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let (services, _) = kcache::feed::<Service>();
/// # let (pods, _) = kcache::feed::<Pod>();
/// use kcache_join::relations;
/// let endpoints = relations::service_pods().join(&services, &pods.view(relations::eligible()));
/// # }
/// ```
pub fn eligible<P: Object + Fact<Eligible>>() -> Filter<P> {
    Filter::by("eligible", |pod: &P| pod.fact() == Some(Eligible(true)))
}

/// Same as `ShouldPodBeInEndpoints` of `k8s.io/endpointslice`, terminating Pods included.
impl Fact<Eligible> for Pod {
    fn fact(&self) -> Option<Eligible> {
        let status = self.status.as_ref()?;
        let is_terminal = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
        let has_ip = status.pod_ip.as_ref().is_some_and(|ip| !ip.is_empty())
            || status.pod_ips.as_ref().is_some_and(|ips| !ips.is_empty());
        Some(Eligible(has_ip && !is_terminal))
    }
}

/// The Services that Ingresses send requests to, in the same namespace: the default backend, and those of
/// every rule's paths. Backends that are another resource are left out.
#[doc(alias = "IngressServices")]
pub fn ingress_services<I: Object + Fact<Names<Service>>, S: Object>() -> KeyJoin<I, S> {
    KeyJoin::by_fact()
}

/// The Pods that requests to Ingresses can reach: [`ingress_services`], then [`service_pods`].
///
/// It joins three: `ingress_pods().join(&ingresses, &services, &pods)`.
#[doc(alias = "IngressPods")]
pub fn ingress_pods<I, S>() -> Chain<KeyJoin<I, S>, SelectorJoin<S>>
where
    I: Object + Fact<Names<Service>>,
    S: Object + Fact<Selects>,
{
    Chain::new(ingress_services(), service_pods())
}

/// The default backend and those of every rule's paths.
impl Fact<Names<Service>> for Ingress {
    fn fact(&self) -> Option<Names<Service>> {
        let spec = self.spec.as_ref()?;
        let rules = spec.rules.iter().flatten();
        let rules = rules.filter_map(|rule| rule.http.as_ref());
        let paths = rules.flat_map(|http| http.paths.iter().map(|path| &path.backend));
        let backends = spec.default_backend.iter().chain(paths);
        let service = |backend: &IngressBackend| Some(backend.service.as_ref()?.name.clone());
        Some(Names::beside(self, backends.filter_map(service)))
    }
}

/// The `IngressClasses` of Ingresses, by `spec.ingressClassName`.
pub fn ingress_classes<I: Object + Fact<Names<IngressClass>>, C: Object>() -> KeyJoin<I, C> {
    KeyJoin::by_fact()
}

impl Fact<Names<IngressClass>> for Ingress {
    fn fact(&self) -> Option<Names<IngressClass>> {
        Some(Names::cluster(&self.spec.as_ref()?.ingress_class_name))
    }
}

/// The Secrets with the certificates of Ingresses, in the same namespace: `spec.tls`.
pub fn ingress_secrets<I: Object + Fact<Names<Secret>>, S: Object>() -> KeyJoin<I, S> {
    KeyJoin::by_fact()
}

impl Fact<Names<Secret>> for Ingress {
    fn fact(&self) -> Option<Names<Secret>> {
        let tls = self.spec.as_ref()?.tls.iter().flatten();
        let names = tls.filter_map(|tls| tls.secret_name.as_ref());
        Some(Names::beside(self, names))
    }
}

/// The Services of `EndpointSlices`, in the same namespace: by the label `kubernetes.io/service-name`, unless
/// it is empty.
pub fn endpointslice_services<E: Object, S: Object>() -> KeyJoin<E, S> {
    let service = |slice: &E| {
        let name = slice.label(SERVICE_NAME).filter(|name| !name.is_empty());
        let key = name.map(|name| Key::new(&namespace_of(slice), name));
        key.into_iter().collect()
    };
    KeyJoin::new(service, |service: &S| vec![Key::of(service)])
}

/// The Pods in `EndpointSlices`: by the `targetRef` of each endpoint, if it is to a Pod. Its UID must be the
/// Pod's; where it has none, which only slices that people write lack, the name does.
pub fn endpointslice_pods<E, P>() -> KeyJoin<E, P>
where
    E: Object + Fact<References>,
    P: Object,
{
    let pods = |slice: &E| {
        let targets = slice.fact().unwrap_or_default().into_parts();
        let pods = targets.filter(|target| target.kind == "Pod");
        let beside = |namespace: String| {
            if namespace.is_empty() {
                namespace_of(slice)
            } else {
                namespace
            }
        };
        pods.map(|pod| (beside(pod.namespace), pod.name, pod.uid))
            .collect()
    };
    KeyJoin::new(pods, identities_of)
}

/// The targets of its endpoints, which are an `Option` or not, as the version of the types has it.
impl Fact<References> for EndpointSlice {
    fn fact(&self) -> Option<References> {
        let endpoints = Option::<&Vec<Endpoint>>::from(&self.endpoints).into_iter();
        let targets = endpoints.flatten().filter_map(|e| e.target_ref.clone());
        Some(References(targets.collect()))
    }
}

/// The Services that webhook configurations call, of any namespace. It takes validating and mutating ones.
pub fn webhook_services<W: Object + Fact<Names<Service>>, S: Object>() -> KeyJoin<W, S> {
    KeyJoin::by_fact()
}

fn called<'a>(configs: impl Iterator<Item = &'a WebhookClientConfig>) -> Names<Service> {
    let services = configs.filter_map(|config| config.service.as_ref());
    services
        .map(|service| Key::new(&service.namespace, &service.name))
        .collect()
}

impl Fact<Names<Service>> for ValidatingWebhookConfiguration {
    fn fact(&self) -> Option<Names<Service>> {
        let webhooks = self.webhooks.iter().flatten();
        Some(called(webhooks.map(|webhook| &webhook.client_config)))
    }
}

impl Fact<Names<Service>> for MutatingWebhookConfiguration {
    fn fact(&self) -> Option<Names<Service>> {
        let webhooks = self.webhooks.iter().flatten();
        Some(called(webhooks.map(|webhook| &webhook.client_config)))
    }
}

/// The Services behind aggregated APIs, of any namespace.
pub fn apiservice_services<A: Object + Fact<Names<Service>>, S: Object>() -> KeyJoin<A, S> {
    KeyJoin::by_fact()
}

impl Fact<Names<Service>> for APIService {
    fn fact(&self) -> Option<Names<Service>> {
        let service = self.spec.as_ref()?.service.as_ref()?;
        let namespace = service.namespace.as_deref().unwrap_or_default();
        let name = service.name.as_deref().unwrap_or_default();
        Some(Names::from_iter([Key::new(namespace, name)]))
    }
}

/// The Services that convert custom resources, of any namespace, if the strategy is a webhook.
pub fn crd_services<C: Object + Fact<Names<Service>>, S: Object>() -> KeyJoin<C, S> {
    KeyJoin::by_fact()
}

impl Fact<Names<Service>> for CustomResourceDefinition {
    fn fact(&self) -> Option<Names<Service>> {
        let conversion = self.spec.conversion.as_ref()?;
        let webhook = conversion.webhook.as_ref()?;
        let service = webhook.client_config.as_ref()?.service.as_ref()?;
        let is_webhook = conversion.strategy == "Webhook";
        is_webhook.then(|| Names::from_iter([Key::new(&service.namespace, &service.name)]))
    }
}
