use std::fmt;

/// The version of the exec credential protocol; the plugin must answer in
/// the version that was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `client.authentication.k8s.io/v1`
    V1,
    /// `client.authentication.k8s.io/v1beta1`
    V1Beta1,
    /// `client.authentication.k8s.io/v1alpha1`, which clients before Kubernetes 1.24 spoke.
    V1Alpha1,
}

impl ApiVersion {
    /// The version as it is written in `apiVersion`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "client.authentication.k8s.io/v1",
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
            Self::V1Alpha1 => "client.authentication.k8s.io/v1alpha1",
        }
    }

    /// Reads what stands in `apiVersion`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::V1, Self::V1Beta1, Self::V1Alpha1]
            .into_iter()
            .find(|version| version.as_str() == text)
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
