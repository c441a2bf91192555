//! [`TypeProbe`]: finds out in generated code whether a type is `JsonSchema`, and whether it is a `Result`.

use std::{fmt, marker::PhantomData};

use schemars::JsonSchema;

use super::{Returned, TypeInfo};

/// Carries a type to the traits of this module. Method lookup chooses the first of them that applies. The type must be concrete:
/// `(&TypeProbe::<T>::new()).info()`, `(&&&&TypeProbe::<T>::new()).returned()`.
pub struct TypeProbe<T>(PhantomData<T>);

impl<T> TypeProbe<T> {
    /// Creates the probe.
    #[expect(clippy::new_without_default, reason = "a probe, not a value")]
    pub const fn new() -> Self {
        TypeProbe(PhantomData)
    }
}

impl<T> fmt::Debug for TypeProbe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<T>())
    }
}

/// Preferred where `T: JsonSchema`.
pub trait WithSchema {
    /// Returns the type.
    fn info(&self) -> TypeInfo;
}

impl<T: JsonSchema> WithSchema for TypeProbe<T> {
    fn info(&self) -> TypeInfo {
        TypeInfo::with_schema::<T>()
    }
}

/// The fallback of [`WithSchema`].
pub trait Without {
    /// Returns the type.
    fn info(&self) -> TypeInfo;
}

impl<T> Without for &TypeProbe<T> {
    fn info(&self) -> TypeInfo {
        TypeInfo::without::<T>()
    }
}

/// Preferred for the return type `Result<T, E>` where `T: JsonSchema`.
pub trait FallibleWithSchema {
    /// Returns the type of the acknowledgement.
    fn returned(&self) -> Returned;
}

impl<T: JsonSchema, E> FallibleWithSchema for &&&TypeProbe<Result<T, E>> {
    fn returned(&self) -> Returned {
        Returned::new(TypeInfo::with_schema::<T>(), true)
    }
}

/// The second choice: any other `Result`.
pub trait FallibleWithout {
    /// Returns the type of the acknowledgement.
    fn returned(&self) -> Returned;
}

impl<T, E> FallibleWithout for &&TypeProbe<Result<T, E>> {
    fn returned(&self) -> Returned {
        Returned::new(TypeInfo::without::<T>(), true)
    }
}

/// The third choice: a type that is `JsonSchema` and not a `Result`.
pub trait PlainWithSchema {
    /// Returns the type of the acknowledgement.
    fn returned(&self) -> Returned;
}

impl<T: JsonSchema> PlainWithSchema for &TypeProbe<T> {
    fn returned(&self) -> Returned {
        Returned::new(TypeInfo::with_schema::<T>(), false)
    }
}

/// The last choice: any other type.
pub trait PlainWithout {
    /// Returns the type of the acknowledgement.
    fn returned(&self) -> Returned;
}

impl<T> PlainWithout for TypeProbe<T> {
    fn returned(&self) -> Returned {
        Returned::new(TypeInfo::without::<T>(), false)
    }
}
