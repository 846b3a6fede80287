//! A watch cache for Kubernetes objects.
