//! [`States`]: values by type, for `State<T>` and namespace impls.

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    fmt,
    sync::Arc,
};

/// At most one value of each type.
#[derive(Default, Clone)]
pub(crate) struct States {
    values: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    /// The names of the types, for messages of `build()`.
    names: Vec<&'static str>,
}

impl States {
    /// Adds a value. Returns false if there was one of this type already.
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: Arc<T>) -> bool {
        self.names.push(type_name::<T>());
        self.values.insert(TypeId::of::<T>(), value).is_none()
    }

    /// Inserts a value of the type with this id.
    pub(crate) fn insert_erased(&mut self, id: TypeId, value: Arc<dyn Any + Send + Sync>) {
        self.values.insert(id, value);
    }

    /// Returns whether there is an `Arc<T>`, where `name` is the name of `T`.
    pub(crate) fn has_arc_of(&self, name: &str) -> bool {
        let arc = format!(
            "{}<{name}>",
            type_name::<Arc<()>>().trim_end_matches("<()>")
        );
        self.names.contains(&arc.as_str())
    }

    /// Returns the value of type `T`.
    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(self.values.get(&TypeId::of::<T>())?)
            .downcast()
            .ok()
    }

    /// Returns whether there is a value of this type.
    pub(crate) fn contains(&self, id: TypeId) -> bool {
        self.values.contains_key(&id)
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} states", self.values.len())
    }
}
