//! TLS: which certificate a server may show, and which one the client shows.

// Why a certificate is refused, and what is read of one.
mod untrusted;
mod certificate;
// The verifiers that rustls calls.
mod verifier;
mod no_verification;
// The configuration of a connection, and the authorities that it is checked by.
mod config;
mod roots;

#[cfg(test)]
pub(super) use config::verify_nothing;
pub(super) use config::{ClientCertificate, client_config};
pub(super) use roots::Roots;
pub(super) use untrusted::UntrustedCertificate;
