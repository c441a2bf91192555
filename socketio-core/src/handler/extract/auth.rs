//! What a client sends along when it connects.

use std::ops::Deref;

use serde::de::DeserializeOwned;

use super::{EventContext, FromEvent, Needs};
use crate::base::BoxError;

/// The `auth` object of a client, in `connect` handlers.
///
/// A client that sent none sent `null`: `Auth<Option<T>>` takes both. Python clients without one send an empty object, which is
/// `null` too unless it is a `T`. A client whose object is not a `T` is refused with
/// `Connection rejected by server`. It dereferences to the object.
///
/// ```
/// # use socketio_core::{Auth, ConnectionRefused};
/// #[derive(serde::Deserialize)]
/// struct Token {
///     token: String,
/// }
///
/// async fn connect(Auth(auth): Auth<Token>) -> Result<(), ConnectionRefused> {
///     match &*auth.token {
///         "open sesame" => Ok(()),
///         _ => Err(ConnectionRefused::new("unknown token")),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auth<T>(pub T);

impl<T> Deref for Auth<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromEvent for Auth<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(Auth(match cx.auth() {
            None => serde_json::from_str("null")?,
            Some(auth) => auth.object()?,
        }))
    }

    fn needs(needs: &mut Needs) {
        needs.auth();
    }
}
