//! Kubernetes' protobuf: messages field by field, and what is around them.

mod error;
pub(crate) mod wire;
pub(crate) mod envelope;

pub use self::envelope::Envelope;
pub use self::error::Error;
