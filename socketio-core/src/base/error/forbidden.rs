//! [`Forbidden`]: an error that refuses an event.

use std::{borrow::Cow, error::Error, fmt};

use super::chain;

/// Refuses an event with a message for the client. A guard that returns `false` fails with the default message.
///
/// It goes to the error handlers like any other error. Without an error handler, the acknowledgement is `{"error":
/// "forbidden"}`, or has the message given here. In `connect` the client is refused with the message. It is found
/// inside of `anyhow` and `eyre` errors.
///
/// ```
/// use socketio_core::{Forbidden, Session};
///
/// #[derive(Clone, Default)]
/// struct User {
///     name: Option<String>,
/// }
///
/// async fn logged_in(user: Session<User>) -> Result<(), Forbidden> {
///     match user.get().name {
///         Some(_) => Ok(()),
///         None => Err(Forbidden::new("log in first")),
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forbidden(RefusalMessage);

/// The message, returned by `source()`: see [`chain::find`].
#[derive(Clone, Debug, PartialEq, Eq)]
struct RefusalMessage(Cow<'static, str>);

impl Forbidden {
    /// Creates the error with a message for the client.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Forbidden(RefusalMessage(message.into()))
    }

    /// Returns the message. Default: `forbidden`.
    pub fn message(&self) -> &str {
        &self.0.0
    }

    /// Returns the message, if the error is a `Forbidden` or has one among its sources.
    pub(crate) fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a str> {
        chain::find::<RefusalMessage>(error).map(|message| &*message.0)
    }
}

impl Default for RefusalMessage {
    fn default() -> Self {
        RefusalMessage(Cow::Borrowed("forbidden"))
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for Forbidden {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl fmt::Display for RefusalMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for RefusalMessage {}
