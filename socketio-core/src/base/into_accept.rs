//! [`IntoAccept`]: the return types of `connect` handlers, guards and handshake hooks.

use super::BoxError;

/// The return types of `connect` handlers and guards: `()`, `bool`, or a `Result` of one of these.
#[diagnostic::on_unimplemented(
    message = "a `connect` handler can't return `{Self}`",
    label = "must be `()`, `bool`, or a `Result` of one of these",
    note = "`false` and every `Err` refuse the client; `Err(ConnectionRefused::new(\"why\"))` sends it a message"
)]
pub trait IntoAccept {
    /// Converts the value: `false` and `Err` refuse.
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
