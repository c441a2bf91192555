//! What the endpoints with JSON have in common: parameters of the query, answers and errors.
//!
//! The HTTP API and the histories over HTTP use it, so that both refuse a parameter in the same form.

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
