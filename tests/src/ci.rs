/// Whether nothing may be left out: `CI` is `true` or `1`.
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true" || value == "1")
}
