//! The first error of a connection, which its client reports through a callback.

use std::future::Future;

use tokio::sync::watch;

use crate::BoxError;

/// Reports errors; the first one counts.
#[derive(Clone)]
pub(super) struct ErrorSender(watch::Sender<Option<String>>);

/// Waits for the first error.
#[derive(Clone)]
pub(super) struct ErrorWatch(watch::Receiver<Option<String>>);

pub(super) fn error_watch() -> (ErrorSender, ErrorWatch) {
    let (sender, receiver) = watch::channel(None);
    (ErrorSender(sender), ErrorWatch(receiver))
}

impl ErrorSender {
    pub(super) fn send(&self, error: impl Into<String>) {
        self.0.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert_with(|| error.into());
            is_first
        });
    }
}

impl ErrorWatch {
    /// Returns the error that has been reported, if any.
    pub(super) fn reported(&self) -> Option<BoxError> {
        self.0.borrow().as_deref().map(BoxError::from)
    }

    /// Waits for an error.
    pub(super) async fn wait(&mut self) -> BoxError {
        match self.0.wait_for(Option::is_some).await {
            Ok(error) => error.as_deref().unwrap_or_default().into(),
            Err(_) => "the connection has ended".into(),
        }
    }

    /// Runs an operation until an error is reported.
    pub(super) async fn guard<T>(
        &mut self,
        operation: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        tokio::select! {
            biased;
            result = operation => result,
            error = self.wait() => Err(error),
        }
    }
}
