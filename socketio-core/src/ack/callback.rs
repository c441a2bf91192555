//! A closure that runs once for each ack.

use std::{panic::Location, pin::Pin, sync::Arc};

use serde::de::DeserializeOwned;

use crate::{base::ArgumentError, packet::Arguments, pending::OnAck};

/// The future of a callback's closure.
pub(crate) type CallbackFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

type Run = dyn Fn(Arguments) -> Result<CallbackFuture, ArgumentError> + Send + Sync;

/// A closure that runs once for each ack.
#[derive(Clone)]
pub(crate) struct Callback {
    run: Arc<Run>,
    origin: &'static Location<'static>,
}

impl Callback {
    #[track_caller]
    pub(crate) fn new<A, F, Fut>(callback: F) -> Self
    where
        A: DeserializeOwned,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Callback {
            run: Arc::new(move |mut arguments| Ok(Box::pin(callback(arguments.read()?)))),
            origin: Location::caller(),
        }
    }

    /// Returns what runs when one recipient acknowledges: `spawn` is given the future that runs the closure, and where the
    /// closure was registered.
    pub(crate) fn on_ack(
        &self,
        spawn: impl FnOnce(&'static Location<'static>, CallbackFuture) + Send + 'static,
    ) -> OnAck {
        let Callback { run, origin } = self.clone();
        Box::new(move |ack| {
            let Ok(arguments) = ack else { return };
            spawn(
                origin,
                Box::pin(async move {
                    match run(arguments) {
                        Ok(callback) => callback.await,
                        Err(error) => {
                            tracing::warn!(target: "socketio", %origin, %error, "an acknowledgement does not fit its callback");
                        }
                    }
                }),
            );
        })
    }
}
