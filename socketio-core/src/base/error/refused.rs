//! [`ConnectionRefused`]: an error that refuses a client in `connect`.

use std::{error::Error, fmt};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::chain;

/// Refuses a client in `connect`, with a message for it.
///
/// Every error of a `connect` handler refuses the client, but only this one and [`Forbidden`](crate::Forbidden) are
/// sent to it. After any other error and after a panic, the client receives `Connection rejected by server`. It is
/// found inside of `anyhow` and `eyre` errors.
///
/// ```
/// use socketio_core::ConnectionRefused;
///
/// fn check(token: &str) -> Result<(), ConnectionRefused> {
///     match token {
///         "open sesame" => Ok(()),
///         "" => Err(ConnectionRefused::new("a token is needed")),
///         _ => Err(ConnectionRefused::new("unknown token").data(["token"])),
///     }
/// }
/// # assert!(check("open sesame").is_ok());
/// # assert_eq!(check("").unwrap_err().message(), "a token is needed");
/// ```
#[derive(Clone)]
pub struct ConnectionRefused(Refusal);

/// The content, returned by `source()`: see [`chain::find`].
#[derive(Clone, Debug)]
struct Refusal {
    message: String,
    data: Option<Box<RawValue>>,
}

impl ConnectionRefused {
    /// The message for a client that was refused without one.
    pub(crate) const MESSAGE: &'static str = "Connection rejected by server";

    /// Creates the error with a message.
    pub fn new(message: impl Into<String>) -> Self {
        ConnectionRefused(Refusal {
            message: message.into(),
            data: None,
        })
    }

    /// Adds data for the client, which JavaScript reads as `error.data`. Data that cannot be encoded as JSON is omitted
    /// and logged.
    #[must_use]
    pub fn data(mut self, data: impl Serialize) -> Self {
        match to_raw_value(&data) {
            Ok(data) => self.0.data = Some(data),
            Err(error) => {
                tracing::error!(target: "socketio", %error, "the data of a refusal can't be encoded as JSON and was omitted");
            }
        }
        self
    }

    /// Returns the message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the data as JSON, if there is any.
    pub fn json_data(&self) -> Option<&RawValue> {
        self.0.data.as_deref()
    }

    /// Returns the refusal that an error is or has among its sources.
    pub(crate) fn find(error: &(dyn Error + 'static)) -> Option<Self> {
        chain::find::<Refusal>(error).map(|refusal| ConnectionRefused(refusal.clone()))
    }
}

impl Default for ConnectionRefused {
    fn default() -> Self {
        ConnectionRefused::new(Self::MESSAGE)
    }
}

impl fmt::Debug for ConnectionRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionRefused")
            .field("message", &self.0.message)
            .field("data", &self.0.data)
            .finish()
    }
}

impl fmt::Display for ConnectionRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for ConnectionRefused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Refusal {}
