//! The cache itself: from a request to its response.

// What goes in and comes out.
mod request;
mod of_user;
mod response;
// A request on its way: its entry, whether that answers, whether the server refused it.
mod fetch;
mod slot;
mod freshness;
mod respond;
mod refused;
// Where it does not answer: whose turn it is, and the run.
mod session;
mod turn;
mod run;
mod ahead;
mod get;
// Who is called: by those who want a credential, and by those who manage what is stored.
mod credential_cache;
mod manage;

pub use credential_cache::CredentialCache;
pub use manage::{EntryDetails, EntryInfo, EntryState, Inspection, KeyFile};
pub use of_user::RequestProblem;
pub use request::Request;
pub use response::{Response, Source};
