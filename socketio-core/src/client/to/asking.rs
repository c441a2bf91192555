//! Asks for the acknowledgements of [`To::callback`], and ends them after the timeout.

use std::{panic::Location, sync::Arc};

use tokio::{runtime::Handle, time::Instant};

use super::To;
use crate::{
    ack::Callback,
    base::{EmitError, Sid},
    client::scope,
    cluster::{Asked, Emission, OutgoingEvent},
    node::Node,
    packet::Payload,
};

impl To {
    pub(super) fn with_callback(
        &self,
        callback: Callback,
        event: &str,
        values: Payload,
    ) -> Result<OutgoingEvent, EmitError> {
        // A client may end on a thread without a runtime.
        let runtime = Handle::try_current().ok();
        let has_end = self.has_timeout || callback.takes_errors();
        let expires = has_end.then(|| (self.timeout, runtime.clone()));
        let (node, from) = (Arc::clone(&self.node), self.sender());
        let on_ack = move |_: &Sid| {
            let (node, from, runtime) = (Arc::clone(&node), from.clone(), runtime.clone());
            let problems = node.options.engine.problems.clone();
            callback.on_ack(problems, move |origin, run| {
                let Ok(runtime) = Handle::try_current().or(runtime.ok_or(())) else {
                    return;
                };
                let _entered = runtime.enter();
                // The callback runs for the sending client, if there is one.
                match from {
                    Some(from) => node.tasks.spawn(origin, scope::scope_task(from, run)),
                    None => node.tasks.spawn(origin, run),
                };
            })
        };
        let packet = OutgoingEvent::with_ack(
            &self.node.hub.codec,
            event,
            values,
            self.node.hub.limits.pending_acks,
            Arc::new(on_ack),
            self.timeout,
        )?;
        Ok(packet.expires(expires))
    }
}

/// Emits an event, and ends the pending acknowledgements of its callback after the timeout. Returns the number of local recipients.
pub(super) fn emit(node: &Arc<Node>, emission: &Emission) -> u64 {
    let mut asked = Asked::default();
    let clients = node.emitter.emit(emission, &mut asked);
    expire(node, asked, &emission.packet);
    clients
}

/// Ends the acknowledgements of a callback that are still pending after its timeout. Without a runtime they remain pending.
pub(super) fn expire(node: &Arc<Node>, asked: Asked, packet: &OutgoingEvent) {
    let OutgoingEvent::WithAck {
        expires: Some((timeout, runtime)),
        ..
    } = packet
    else {
        return;
    };
    let Some(runtime) = Handle::try_current().ok().or_else(|| runtime.clone()) else {
        return;
    };
    if asked.is_empty() {
        return;
    }
    let _entered = runtime.enter();
    let (deadline, counters) = (Instant::now() + *timeout, Arc::clone(&node.hub.counters));
    let expire = async move {
        tokio::time::sleep_until(deadline).await;
        counters.acks_timed_out.add(asked.expire());
    };
    node.tasks.spawn(Location::caller(), Box::pin(expire));
}
