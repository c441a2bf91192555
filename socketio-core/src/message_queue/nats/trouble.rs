//! What is wrong with a connection: what was first.

use std::future::Future;

use tokio::sync::watch;

use crate::BoxError;

/// The end that tells of trouble.
#[derive(Clone)]
pub(super) struct Alarm(watch::Sender<Option<String>>);

/// The end that hears of it.
#[derive(Clone)]
pub(super) struct Trouble(watch::Receiver<Option<String>>);

pub(super) fn alarm() -> (Alarm, Trouble) {
    let (sender, receiver) = watch::channel(None);
    (Alarm(sender), Trouble(receiver))
}

impl Alarm {
    pub(super) fn raise(&self, what: impl Into<String>) {
        self.0.send_if_modified(|trouble| {
            let first = trouble.is_none();
            trouble.get_or_insert_with(|| what.into());
            first
        });
    }
}

impl Trouble {
    /// What is wrong already.
    pub(super) fn now(&self) -> Option<BoxError> {
        self.0.borrow().as_deref().map(BoxError::from)
    }

    /// Waits until something is wrong.
    pub(super) async fn wait(&mut self) -> BoxError {
        match self.0.wait_for(Option::is_some).await {
            Ok(trouble) => trouble.as_deref().unwrap_or_default().into(),
            Err(_) => "the connection to NATS has ended".into(),
        }
    }

    /// Waits for something, unless there is trouble.
    pub(super) async fn unless<T>(
        &mut self,
        something: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        tokio::select! {
            biased;
            done = something => done,
            trouble = self.wait() => Err(trouble),
        }
    }
}
