//! [`Rest`] as a parameter of a handler.

use serde::de::DeserializeOwned;

use crate::{
    base::BoxError,
    handler::{EventContext, FromEvent, Needs},
    packet::Rest,
};

impl<T: DeserializeOwned> FromEvent for Rest<T> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        cx.rest().map(Rest)
    }

    fn needs(needs: &mut Needs) {
        needs.rest();
    }
}
