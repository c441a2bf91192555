//! Handles events with a chunk of an upload.
//!
//! [`serve`] is called by the dispatcher for each chunk. The first one runs the handler, in its own task, since the following
//! chunks must reach it; [`UploadState`] passes them on.

use std::sync::Arc;

use bytes::Bytes;

use super::upload_state::{ChunkHeader, Fed, Known, UploadState, Uploads, check_first};
use crate::{
    base::{Cause, Forbidden, Problem, ProblemDetails},
    client::Socket,
    handler::{
        ClientContext, EventFailure, Input, Response, ResponseEncoder,
        ack_request::{AckRequest, AckSource},
        entry::Entry,
        failure::count_failure,
    },
    hub::StreamName,
    packet::Arguments,
};

/// Passes a chunk on to the handler of its upload, and runs the handler if it is the first. Returns the acknowledgement of the chunk.
pub(super) async fn serve(
    context: &Arc<ClientContext>,
    entry: &Arc<Entry>,
    name: &str,
    input: Input<'_>,
    request: Option<&AckRequest>,
) -> Result<Response, EventFailure> {
    let ClientContext {
        socket,
        handlers,
        dispatcher,
    } = &**context;
    let Input::Event { arguments, ack } = input else {
        return Ok(Response::NONE);
    };
    let mut read = arguments.clone();
    let chunk = read
        .next::<ChunkHeader>()
        .and_then(|header| Ok((header, read.next::<Bytes>()?)));
    let Ok((header, chunk)) = chunk else {
        // Reading the handler's argument reports what is wrong.
        let input = Input::Event { arguments, ack };
        let called = dispatcher.through(handlers, socket, name, Some(entry), input);
        return called.await;
    };
    let uploads = socket.client().data::<Uploads>();
    let state = match uploads.with(|uploads| uploads.get(name, &header.id)) {
        Some(Known::Finished(values)) => return Ok(Response::encoded(values)),
        Some(Known::Running(state)) => state,
        None => match begin(socket, &header) {
            Err(error) => return Err(refused(error, context, entry, name)),
            Ok(state) => {
                let state = Arc::new(state);
                uploads.with(|uploads| uploads.add(name, &header.id, &state));
                let ack = request.map(|request| {
                    let state = request.state(&dispatcher.error_ack, socket, name);
                    Arc::clone(state)
                });
                let run = run(
                    Arc::clone(context),
                    Arc::clone(entry),
                    (name.to_owned(), header.id),
                    (arguments, ack.map_or(AckSource::None, AckSource::State)),
                    Arc::clone(&state),
                );
                let location = entry.origin.location;
                socket.node().tasks.spawn(location, Box::pin(run));
                state
            }
        },
    };
    match state.feed(header.offset, chunk).await {
        Ok(Fed::Received(received)) => {
            let form = || socket.node().hub.codec.form();
            let encoder = ResponseEncoder::new(request.is_some().then(form));
            encoder.value(&received).map_err(|error| {
                let cause = Cause::Error(error);
                dispatcher.error(cause, name, socket, &entry.origin).into()
            })
        }
        Ok(Fed::Ended(values)) => Ok(Response::encoded(values)),
        Err(error) => Err(refused(error, context, entry, name)),
    }
}

fn refused(error: Forbidden, context: &ClientContext, entry: &Entry, name: &str) -> EventFailure {
    let cause = Cause::Error(error.into());
    let dispatcher = &context.dispatcher;
    dispatcher
        .error(cause, name, &context.socket, &entry.origin)
        .into()
}

/// Admits a new upload.
fn begin(socket: &Socket, header: &ChunkHeader) -> Result<UploadState, Forbidden> {
    let (node, client) = (socket.node(), socket.client());
    check_first(header, node.options.upload_size)?;
    let counted = client.connection().begin_stream(node.options.streams);
    let counted = counted.ok_or_else(|| {
        let details = ProblemDetails::of(client.request(), socket.transport());
        let problems = &node.options.engine.problems;
        problems.report(Problem::TooManyStreams, details.input(header.id.as_bytes()));
        Forbidden::new("too many streams")
    })?;
    let entry = client
        .streams_or_new()
        .add(StreamName::default(), usize::MAX);
    let entry = entry.ok_or_else(|| Forbidden::new("too many streams"))?;
    Ok(UploadState::new(header.total, entry, counted))
}

/// Runs the handler of an upload to its end.
async fn run(
    context: Arc<ClientContext>,
    entry: Arc<Entry>,
    (name, id): (String, String),
    (arguments, ack): (Arguments, AckSource<'static>),
    state: Arc<UploadState>,
) {
    let ClientContext {
        socket,
        handlers,
        dispatcher,
    } = &*context;
    // Its `disconnect` handler waits for it, as for any other.
    let _running = socket.client().begin_background();
    let acknowledge = ack.is_requested();
    let input = Input::Event {
        arguments,
        ack: ack.clone(),
    };
    let result = dispatcher.through(handlers, socket, &name, Some(&entry), input);
    let response = match dispatcher.settle(result.await, socket, &name, acknowledge) {
        Ok(response) => response,
        Err(failure) => {
            if let EventFailure::Failed(error) = &failure {
                count_failure(Some(&entry.origin), error);
            }
            let input = (Arguments::default(), ack);
            let recovered = dispatcher.recover(handlers, socket, &name, failure, input);
            recovered
                .await
                .map(|(response, _)| response)
                .unwrap_or_default()
        }
    };
    // The only error left is text that is not UTF-8, which serde_json does not write.
    let values = response.payload().unwrap_or_default();
    let uploads = socket.client().data::<Uploads>();
    uploads.with(|uploads| uploads.finish(&name, &id, values.clone()));
    state.end(values);
}
