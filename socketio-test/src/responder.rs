//! Closures that answer the server.

use std::{any::Any, panic::AssertUnwindSafe, panic::Location, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use socketio_core::{
    parser::{Form, Payload},
    protocol::Arguments,
};

/// What was given to `on`, behind one type.
#[derive(Clone)]
pub(crate) struct Responder(Arc<dyn Fn(Arguments, Form) -> Payload + Send + Sync>);

impl Responder {
    #[track_caller]
    pub(crate) fn new<A, R>(event: &str, respond: impl Fn(A) -> R + Send + Sync + 'static) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        let event = event.to_owned();
        let origin = Location::caller();
        Responder(Arc::new(move |mut arguments, form| {
            let arguments = match arguments.read() {
                Ok(arguments) => arguments,
                Err(error) => panic!("{origin}: `on({event:?})` got other arguments: {error}"),
            };
            match form.payload(&respond(arguments)) {
                Ok(answer) => answer,
                Err(error) => panic!("{origin}: `on({event:?})` answered: {error}"),
            }
        }))
    }

    /// What the closure answers. Its panic is the test's, and is handed there.
    pub(crate) fn answer(
        &self,
        arguments: Arguments,
        form: Form,
    ) -> Result<Payload, Box<dyn Any + Send>> {
        std::panic::catch_unwind(AssertUnwindSafe(|| (self.0)(arguments, form)))
    }
}
