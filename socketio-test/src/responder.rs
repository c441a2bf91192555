//! [`Responder`]: a closure that acknowledges events of the server.

use std::{any::Any, panic::AssertUnwindSafe, panic::Location, sync::Arc};

use serde::Serialize;
use socketio_core::{
    parser::{Form, Payload},
    protocol::{ArgumentError, Arguments},
};

/// A type-erased closure given to `on`.
#[derive(Clone)]
pub(crate) struct Responder(Arc<dyn Fn(Arguments, Form) -> Payload + Send + Sync>);

impl Responder {
    #[track_caller]
    pub(crate) fn new<A, R: Serialize>(
        event: &str,
        read: impl Fn(Arguments) -> Result<A, ArgumentError> + Send + Sync + 'static,
        respond: impl Fn(A) -> R + Send + Sync + 'static,
    ) -> Self {
        let event = event.to_owned();
        let origin = Location::caller();
        Responder(Arc::new(move |arguments, form| {
            let arguments = match read(arguments) {
                Ok(arguments) => arguments,
                Err(error) => panic!("{origin}: `on({event:?})` received other arguments: {error}"),
            };
            match form.payload(&respond(arguments)) {
                Ok(response) => response,
                Err(error) => panic!(
                    "{origin}: the return value of `on({event:?})` can't be encoded: {error}"
                ),
            }
        }))
    }

    /// Runs the closure and returns the encoded acknowledgement. A panic is passed on to the test.
    pub(crate) fn respond(
        &self,
        arguments: Arguments,
        form: Form,
    ) -> Result<Payload, Box<dyn Any + Send>> {
        std::panic::catch_unwind(AssertUnwindSafe(|| (self.0)(arguments, form)))
    }
}
