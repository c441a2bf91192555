//! The common parts of the endpoints with JSON: parameters of the query, responses and errors.
//!
//! Used by the HTTP API and by the histories over HTTP, so that both refuse a parameter in the same form.

#[cfg_attr(
    not(feature = "api"),
    allow(dead_code, reason = "some are for the HTTP API")
)]
pub(crate) mod parameters;
#[cfg_attr(
    not(feature = "api"),
    allow(dead_code, reason = "some are for the HTTP API")
)]
pub(crate) mod reply;
