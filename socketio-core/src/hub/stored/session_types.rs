//! [`SessionTypes`]: the types of session values that are stored.

use std::{
    any::{Any, TypeId, type_name},
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    base::fault,
    hub::{
        Slot,
        slots::{AnySlot, Slots},
    },
};

/// Values by the names of their types.
pub(super) type StoredValues = BTreeMap<String, Box<RawValue>>;

/// The types of session values that are stored, with the functions that encode and decode them.
#[derive(Clone, Default)]
pub(crate) struct SessionTypes(HashMap<TypeId, SessionType>);

#[derive(Clone, Copy)]
struct SessionType {
    name: &'static str,
    save: fn(&(dyn Any + Send + Sync)) -> Option<Box<RawValue>>,
    load: fn(&RawValue) -> Option<AnySlot>,
}

impl SessionTypes {
    /// Adds a type.
    pub(crate) fn add<T: Serialize + DeserializeOwned + Send + 'static>(&mut self) {
        let of_type = SessionType {
            name: type_name::<T>(),
            save: |slot| {
                let slot = slot.downcast_ref::<Slot<T>>()?;
                slot.with(|value| to_raw_value(value)).ok()
            },
            load: |text| {
                let value: T = serde_json::from_str(text.get()).ok()?;
                Some(Arc::new(Slot::new(value)))
            },
        };
        self.0.insert(TypeId::of::<T>(), of_type);
    }

    pub(super) fn has(&self, of_type: TypeId) -> bool {
        self.0.contains_key(&of_type)
    }

    /// Encodes the values of these types. Those that can't be encoded are left out.
    pub(super) fn save(&self, slots: &Slots) -> StoredValues {
        let mut values = StoredValues::new();
        for (id, slot) in slots.entries() {
            let Some(of_type) = self.0.get(id) else {
                continue;
            };
            match fault::catch(|| (of_type.save)(&**slot)) {
                Ok(Some(value)) => {
                    values.insert(of_type.name.to_owned(), value);
                }
                Ok(None) => self.log_failure(of_type, &"it can't be written as JSON"),
                Err(panic) => self.log_failure(of_type, &panic),
            }
        }
        values
    }

    /// Decodes values. Those of unknown types, and those that can't be decoded, are left out.
    pub(super) fn load(&self, values: &StoredValues) -> Slots {
        let mut slots = Slots::default();
        for (id, of_type) in &self.0 {
            let Some(value) = values.get(of_type.name) else {
                continue;
            };
            match fault::catch(|| (of_type.load)(value)) {
                Ok(Some(slot)) => slots.insert(*id, slot),
                Ok(None) => self.log_failure(of_type, &"it can't be read from JSON"),
                Err(panic) => self.log_failure(of_type, &panic),
            }
        }
        slots
    }

    fn log_failure(&self, of_type: &SessionType, error: &dyn fmt::Display) {
        let name = of_type.name;
        tracing::error!(target: "socketio", r#type = name, %error, "a session value can't be stored or read: it is left out");
    }
}

impl fmt::Debug for SessionTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.values().map(|of_type| of_type.name))
            .finish()
    }
}
