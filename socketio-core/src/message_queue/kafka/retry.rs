//! Retries Kafka requests whose error is temporary.

use std::{future::Future, time::Duration};

use rskafka::{BackoffError, ConnectionError, client::error::Error};
use tokio::time::{Instant, sleep};

use crate::{BoxError, message_queue::timeouts::KAFKA_RETRY_PAUSE};

/// Repeats a request while its error is temporary, for up to `limit` after the first error.
pub(super) async fn retry<T, F>(limit: Duration, request: impl Fn() -> F) -> Result<T, BoxError>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut deadline = None;
    loop {
        match request().await {
            Ok(value) => return Ok(value),
            // The library has found the error temporary, and has forgotten the connection: the next attempt looks for the leader again.
            Err(Error::RetryFailed(_))
                if Instant::now() < *deadline.get_or_insert_with(|| Instant::now() + limit) =>
            {
                sleep(KAFKA_RETRY_PAUSE).await;
            }
            Err(error) => return Err(cause(error)),
        }
    }
}

/// Unwraps the cause from the library's errors about retries, which are disabled.
pub(super) fn cause(error: Error) -> BoxError {
    match error {
        Error::RetryFailed(BackoffError::DeadlineExceded { source, .. })
        | Error::Connection(ConnectionError::RetryFailed(BackoffError::DeadlineExceded {
            source,
            ..
        })) => match source.downcast::<Error>() {
            Ok(error) => cause(*error),
            Err(source) => source,
        },
        Error::Timeout => "the broker has stopped responding".into(),
        error => error.into(),
    }
}
