//! Credential cache and kubeconfig resolver.
