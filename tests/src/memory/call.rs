//! A request, and who sends it.

use std::sync::Arc;

use http::HeaderMap;

use super::fault::Mishap;
use super::request::RequestInfo;
use super::shared::Shared;
use super::users::User;

/// A request whose user is known.
pub(super) struct Call<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) info: &'a RequestInfo,
    pub(super) user: &'a User,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) mishap: &'a Mishap,
}
