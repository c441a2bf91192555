//! All the arguments that are left.

use serde::de::DeserializeOwned;

use super::{EventContext, FromEvent, Needs};
use crate::BoxError;

/// The arguments of the event that the handler's other arguments have left over; the last of a handler's arguments.
///
/// `Rest<Data>` takes any, binary included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest<T>(pub Vec<T>);

impl<T: DeserializeOwned> FromEvent for Rest<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        cx.rest().map(Rest)
    }

    fn needs(needs: &mut Needs) {
        needs.rest();
    }
}
