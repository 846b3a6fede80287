//! Kubernetes' protobuf into anything that serde reads.
//!
//! API servers send objects of built-in kinds as protobuf where it is requested. It is half to two
//! thirds of the bytes of JSON, and what a type does not want of it is passed over without a look. A
//! [`Decoder`] makes every type of it that can be made of JSON: those of k8s-openapi, a struct of three
//! fields, `serde_json::Value`; the [`schema`] says what stands where.
//!
//! # Example
//!
//! ```
//! use k8s_openapi::api::core::v1::ConfigMap;
//!
//! let body = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x0d\x0a\x03\x0a\x01a\x12\x06\x0a\x01k\x12\x01v";
//! let map: ConfigMap = kcache::protobuf::from_enveloped(body)?;
//! assert_eq!(map.metadata.name.as_deref(), Some("a"));
//! assert_eq!(map.data.expect("data")["k"], "v");
//! # Ok::<(), kcache::protobuf::Error>(())
//! ```

// The wire, and what is around an object on it.
mod error;
pub(crate) mod wire;
mod envelope;

// What messages consist of, and how Go prints it.
pub mod schema;
pub(crate) mod text;
mod time;

// From messages to objects.
mod normal;
mod managed_fields;
mod de;
mod decoder;

pub use self::decoder::{Decoder, from_enveloped};
pub use self::envelope::Envelope;
pub use self::error::Error;
pub use self::managed_fields::without_managed_fields;

#[cfg(test)]
mod tests;
