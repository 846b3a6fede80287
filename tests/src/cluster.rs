//! The real kube-apiserver.
