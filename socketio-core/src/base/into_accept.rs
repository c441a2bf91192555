//! The return values that accept or refuse: of `connect` handlers, guards and handshake hooks.

use super::BoxError;

/// What a `connect` handler may return, and a guard: `()`, `bool`, or a `Result` of one of these.
#[diagnostic::on_unimplemented(
    message = "a `connect` handler can't return `{Self}`",
    label = "must be `()`, `bool`, or a `Result` of one of these",
    note = "`false` and every `Err` refuse the client; `Err(ConnectionRefused::new(\"why\"))` tells it why"
)]
pub trait IntoAccept {
    /// `false` and `Err` refuse.
    fn into_accept(self) -> Result<bool, BoxError>;
}

impl IntoAccept for () {
    fn into_accept(self) -> Result<bool, BoxError> {
        Ok(true)
    }
}

impl IntoAccept for bool {
    fn into_accept(self) -> Result<bool, BoxError> {
        Ok(self)
    }
}

impl<T: IntoAccept, E: Into<BoxError>> IntoAccept for Result<T, E> {
    fn into_accept(self) -> Result<bool, BoxError> {
        self.map_err(Into::into)?.into_accept()
    }
}
