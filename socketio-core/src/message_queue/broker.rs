//! [`Broker`]: the name of a broker in errors, and the time limits of its operations.

use std::{fmt, future::Future, time::Duration};

use tokio::time::timeout;

use super::Refused;
use crate::BoxError;

/// A broker as errors name it: `Redis at localhost:6379`. The address contains no login.
#[derive(Clone)]
pub(super) struct Broker {
    name: &'static str,
    address: String,
}

impl Broker {
    pub(super) fn new(name: &'static str, address: impl fmt::Display) -> Self {
        Self {
            name,
            address: address.to_string(),
        }
    }

    /// Prefixes an error with the broker. A [`Refused`] is returned unchanged: the caller reads its type and index.
    pub(super) fn error(&self, error: impl Into<BoxError>) -> BoxError {
        let error = error.into();
        match error.is::<Refused>() {
            true => error,
            false => format!("{self}: {error}").into(),
        }
    }

    /// Runs an operation, for no longer than `limit`. `missing` is what the error says is missing: `response`, `confirmation`.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        missing: &str,
        operation: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        let result = match timeout(limit, operation).await {
            Ok(result) => result,
            Err(_) => Err(format!("no {missing} within {limit:?}").into()),
        };
        result.map_err(|error| self.error(error))
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_error_names_the_broker_and_what_is_missing() {
        let broker = Broker::new("Redis", "localhost:6379");
        let hangs = std::future::pending::<Result<(), BoxError>>();
        let limit = Duration::from_secs(10);
        let error = broker.within(limit, "response", hangs).await.unwrap_err();
        let said = "Redis at localhost:6379: no response within 10s";
        assert_eq!(error.to_string(), said);
    }

    #[tokio::test]
    async fn a_refusal_keeps_its_type() {
        let broker = Broker::new("NATS", "a");
        let refuses = async { Err::<(), BoxError>(Refused::new(3, "too large").into()) };
        let limit = Duration::from_secs(1);
        let error = broker.within(limit, "response", refuses).await.unwrap_err();
        assert_eq!(error.downcast::<Refused>().unwrap().index(), 3);
    }
}
