//! Handlers with `once`: the first event with a key runs the handler, and its retries receive the stored response.
//!
//! `dispatch` calls it after middleware and guards, which also run for retries. The response of a handler that succeeded is stored
//! before it is sent. If the handler failed, nothing is stored, so that a retry runs it again.

use std::{fmt, future::poll_fn, pin::pin, sync::Arc};

use bytes::Bytes;
use tokio::time::sleep;

use super::{
    EventContext, EventFailure, EventKey, Input, KeyDefinition, KeyResult, Needs, Response,
    dispatch::Dispatcher, entry::Entry, extract::Need,
};
use crate::{
    base::{BoxError, Cause, Forbidden, fault},
    client::{Scope, Socket},
    message_queue::BoxFuture,
    once::{Begun, Claim, Keys, OnceKey},
    packet::{Form, Payload},
};

/// How the key of a handler's events is read.
pub(crate) struct KeyEntry {
    /// The text of the attribute; `once` for a closure.
    pub(super) name: &'static str,
    needs: Needs,
    read: Arc<dyn Fn(&mut EventContext<'_>) -> KeyResult + Send + Sync>,
}

impl KeyEntry {
    pub(super) fn defined(definition: &KeyDefinition) -> Self {
        let mut needs = Needs::default();
        (definition.needs)(&mut needs);
        KeyEntry {
            name: definition.name,
            needs,
            read: Arc::new(definition.read),
        }
    }

    pub(super) fn closure<M, K: EventKey<M>>(key: K) -> Self {
        let mut needs = Needs::default();
        K::needs(&mut needs);
        KeyEntry {
            name: "once",
            needs,
            read: Arc::new(move |cx| key.read(cx)),
        }
    }

    pub(super) fn needs(&self) -> &[Need] {
        self.needs.list()
    }
}

impl fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Dispatcher {
    /// Runs a handler unless it has run for the event's key, and returns the response of that one run.
    pub(super) async fn call_once(
        &self,
        entry: &Arc<Entry>,
        key: &KeyEntry,
        socket: &Socket,
        event: &str,
        input: Input<'_>,
    ) -> Result<Response, EventFailure> {
        let fail = |error: BoxError| {
            EventFailure::Failed(self.error(Cause::Error(error), event, socket, &entry.origin))
        };
        let Some(key) = self.read_key(entry, key, socket, event, input.clone())? else {
            return self.call(entry, socket, event, input).await;
        };
        let keys = &socket.node().once;
        if key.len() > keys.max_key {
            let limit = keys.max_key;
            let refused = format!("the key of this event is longer than {limit} bytes");
            return Err(fail(Forbidden::new(refused).into()));
        }
        let key = socket.once_key(event, &key);
        let mut run = match Run::begin(keys, &key).await {
            Ok(Started::Run(run)) => run,
            Ok(Started::Stored(record)) => {
                let (namespace, sid) = (socket.namespace(), socket.sid());
                socket.node().hub.counters.once_repeated.increment();
                tracing::debug!(target: "socketio", event, namespace, %sid, "the event was handled before: its response is sent again");
                let form = socket.node().hub.codec.form();
                return read_record(record, form).map_err(fail);
            }
            Err(error) => return Err(fail(error)),
        };
        let handler = self.call(entry, socket, event, input.with_response());
        let result = run.keep_while(handler).await;
        let ended = match &result {
            Ok(response) => match write_record(response) {
                Ok(record) => run.complete(record).await,
                Err(error) => Err(error),
            },
            Err(_) => run.abandon().await,
        };
        if let Err(error) = ended {
            socket.node().hub.counters.once_not_stored.increment();
            let problems = &socket.node().options.engine.problems;
            entry.origin.report_not_stored(problems, &*error);
        }
        result
    }

    /// Reads the key of an event.
    fn read_key(
        &self,
        entry: &Entry,
        key: &KeyEntry,
        socket: &Socket,
        event: &str,
        input: Input<'_>,
    ) -> Result<Option<String>, EventFailure> {
        let (pattern, origin) = (&*entry.namespace, &entry.origin);
        let mut cx = EventContext::new(&self.error_ack, socket, event, pattern, origin, input);
        let read = Scope::event(socket.clone()).call(|| (key.read)(&mut cx));
        if let Some(malformed) = cx.take_malformed() {
            return Err(EventFailure::Malformed(malformed));
        }
        let cause = match read {
            Ok(Ok(key)) => return Ok(key),
            Ok(Err(error)) => Cause::Error(error),
            Err(panic) => panic.into(),
        };
        Err(self.error(cause, event, socket, origin).into())
    }
}

/// A key that is claimed by this run of its handler.
struct Run<'a> {
    keys: &'a Keys,
    key: &'a OnceKey,
    claim: Claim,
    ended: bool,
}

enum Started<'a> {
    Run(Run<'a>),
    Stored(Bytes),
}

impl<'a> Run<'a> {
    /// Claims a key. Waits while another run has claimed it.
    async fn begin(keys: &'a Keys, key: &'a OnceKey) -> Result<Started<'a>, BoxError> {
        let claim = Claim::new();
        loop {
            match guarded(keys.store.begin(key, claim, &keys.limits)).await? {
                Begun::Claimed => {
                    return Ok(Started::Run(Run {
                        keys,
                        key,
                        claim,
                        ended: false,
                    }));
                }
                Begun::Completed(record) => return Ok(Started::Stored(record)),
                Begun::Running => {
                    let changed = keys.store.changed(key);
                    guarded(Box::pin(async move {
                        changed.await;
                        Ok(())
                    }))
                    .await?;
                }
            }
        }
    }

    /// Renews the lease until a future is ready.
    async fn keep_while<T>(&self, future: impl Future<Output = T>) -> T {
        let limits = &self.keys.limits;
        let renew = async {
            loop {
                sleep(limits.lease / 3).await;
                let renewed = guarded(self.keys.store.renew(self.key, self.claim, limits)).await;
                if !renewed.as_ref().is_ok_and(|kept| *kept) {
                    tracing::debug!(target: "socketio", ?renewed, "a handler with `once` could not renew its lease");
                }
            }
        };
        let (mut future, mut renew) = (pin!(future), pin!(renew));
        tokio::select! {
            biased;
            result = &mut future => result,
            () = &mut renew => unreachable!("it never stops renewing"),
        }
    }

    async fn complete(&mut self, record: Bytes) -> Result<(), BoxError> {
        let (store, limits) = (&self.keys.store, &self.keys.limits);
        guarded(store.complete(self.key, self.claim, record, limits)).await?;
        self.ended = true;
        Ok(())
    }

    async fn abandon(&mut self) -> Result<(), BoxError> {
        guarded(self.keys.store.abandon(self.key, self.claim)).await?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let dropped = fault::catch(|| self.keys.store.dropped(self.key, self.claim));
            if let Err(panic) = dropped {
                tracing::error!(target: "socketio", %panic, "a store of `once` failed");
            }
        }
    }
}

/// Polls a future of a store, which is user code.
async fn guarded<T>(mut future: BoxFuture<'_, Result<T, BoxError>>) -> Result<T, BoxError> {
    let result = poll_fn(|cx| fault::poll(&mut future, cx)).await;
    let result = result.unwrap_or_else(|panic| Err(panic.into()));
    result.map_err(|error| format!("the store of `once` failed: {error}").into())
}

/// Encodes a response for the store. A response without an acknowledgement is empty.
fn write_record(response: &Response) -> Result<Bytes, BoxError> {
    match response.payload()? {
        Some(payload) => payload.to_record(),
        None => Ok(Bytes::new()),
    }
}

/// Decodes a response from the store.
fn read_record(record: Bytes, form: Form) -> Result<Response, BoxError> {
    if record.is_empty() {
        return Ok(Response::NO_ACK);
    }
    Ok(Response::encoded(Some(Payload::of_record(record, form)?)))
}
