/// What a kuberc says of plugins.
#[derive(Debug, Clone, Default)]
pub(super) enum Rule {
    #[default]
    AllowAll,
    DenyAll,
    /// Commands, each a bare name or a path, as they are written.
    Allowlist(Vec<String>),
}
