//! Whose requests are sent: where the credential of each comes from.

mod credential;
// From a plugin, by way of the cache.
mod refresh;
mod plugin;
// From the kubeconfig's user, or from a Pod's service account.
mod source;
mod service_account;
// From nobody, over plain http.
mod unsent;

pub(super) use credential::Credential;
pub(super) use service_account::ServiceAccount;
pub(super) use source::CredentialSource;
pub(super) use unsent::UnsentCredential;
