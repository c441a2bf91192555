//! All the arguments that are left.

use serde::{Serialize, Serializer, de::DeserializeOwned};

use crate::{
    base::BoxError,
    handler::{EventContext, FromEvent, Needs},
};

/// The arguments of the event that the handler's other arguments have left over; the last of a handler's arguments.
/// `Rest<Data>` takes any, binary included.
///
/// As a payload or an answer it is several arguments again, as many as it holds: what a tuple is for a number that is known
/// beforehand.
///
/// ```
/// # use socketio_core::{Data, Rest, emit};
/// async fn echo(arguments: Rest<Data>) {
///     emit("echo", arguments);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest<T>(pub Vec<T>);

impl<T> Rest<T> {
    /// How `std::any::type_name` begins for this type: the payload rule goes by names.
    pub(crate) const TYPE_NAME: &'static str = concat!(module_path!(), "::Rest<");
}

impl<T: DeserializeOwned> FromEvent for Rest<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        cx.rest().map(Rest)
    }

    fn needs(needs: &mut Needs) {
        needs.rest();
    }
}

impl<T: Serialize> Serialize for Rest<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}
