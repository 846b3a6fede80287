//! The cache itself: from a request to its response.

mod request;
mod of_user;
mod response;
// A request on its way, one step a file.
mod fetch;
mod slot;
mod freshness;
mod respond;
mod refused;
mod session;
mod turn;
mod run;
mod ahead;
mod get;
// Who is called.
mod credential_cache;
mod manage;

pub use credential_cache::CredentialCache;
pub use manage::{EntryDetails, EntryInfo, EntryState, Inspection, KeyFile};
pub use of_user::RequestProblem;
pub use request::Request;
pub use response::{Response, Source};
