//! [`AdminAuth`]: the check of an administrator's `auth`.

use std::{fmt, future::ready, hint::black_box, pin::Pin, sync::Arc};

use serde_json::Value;

/// The `auth` that administrators must send: an object, an array or `Vec` of objects, or a closure `|auth: Value| ->
/// bool`, which may be async.
///
/// The page sends `{"username": "..", "password": ".."}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't authenticate administrators",
    label = "expected a `serde_json::Value`, several of them, or a closure `|auth: Value| -> bool`",
    note = "to allow everyone, use `Admin::open()`"
)]
pub trait AdminAuth<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn into_login(self) -> Login;
}

type Check = dyn Fn(Value) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

/// Checks the `auth` of a client.
#[derive(Clone)]
pub enum Login {
    /// Everyone is accepted.
    #[doc(hidden)]
    Open,
    /// Clients that send one of these objects are accepted.
    #[doc(hidden)]
    AnyOf(Arc<[Value]>),
    /// The closure decides.
    #[doc(hidden)]
    Closure(Arc<Check>),
}

impl Login {
    pub(super) async fn admits(&self, auth: Value) -> bool {
        match self {
            Login::Open => true,
            // All of them are compared, so that the time does not depend on which one matches.
            Login::AnyOf(known) => known
                .iter()
                .fold(false, |found, known| found | same(known, &auth)),
            Login::Closure(check) => check(auth).await,
        }
    }

    /// Returns the problem of a check that would accept everyone by mistake.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let Login::AnyOf(known) = self else {
            return None;
        };
        let says_nothing = |auth: &Value| match auth {
            Value::Object(entries) => entries.is_empty(),
            _ => true,
        };
        known.iter().any(says_nothing).then_some(
            "the `auth` of an administrator must be a non-empty object: \
             `json!({\"username\": .., \"password\": ..})`; to allow everyone, use `Admin::open()`",
        )
    }
}

/// Returns whether two values are equal, in a time that does not depend on where texts differ.
fn same(known: &Value, given: &Value) -> bool {
    match (known, given) {
        (Value::String(known), Value::String(given)) => {
            let pairs = known.bytes().zip(given.bytes());
            let differences = pairs.fold(0, |sum, (one, other)| black_box(sum | (one ^ other)));
            known.len() == given.len() && differences == 0
        }
        (Value::Array(known), Value::Array(given)) => {
            let pairs = known.iter().zip(given);
            known.len() == given.len()
                && pairs.fold(true, |all, (one, other)| all & same(one, other))
        }
        (Value::Object(known), Value::Object(given)) => {
            known.len() == given.len()
                && known.iter().fold(true, |all, (key, value)| {
                    all & given.get(key).is_some_and(|given| same(value, given))
                })
        }
        _ => known == given,
    }
}

/// Marks one value.
#[derive(Debug)]
pub struct Exactly;
/// Marks several values.
#[derive(Debug)]
pub struct AnyOf;
/// Marks closures; `M` is the marker of their return type.
#[derive(Debug)]
pub struct Closure<M>(M);
/// Marks a `bool`.
#[derive(Debug)]
pub struct Now;
/// Marks a future.
#[derive(Debug)]
pub struct Later;

impl AdminAuth<Exactly> for Value {
    fn into_login(self) -> Login {
        Login::AnyOf(Arc::new([self]))
    }
}

impl AdminAuth<AnyOf> for Vec<Value> {
    fn into_login(self) -> Login {
        Login::AnyOf(self.into())
    }
}

impl<const N: usize> AdminAuth<AnyOf> for [Value; N] {
    fn into_login(self) -> Login {
        Login::AnyOf(Arc::new(self))
    }
}

impl<F, V, M> AdminAuth<Closure<M>> for F
where
    F: Fn(Value) -> V + Send + Sync + 'static,
    V: Verdict<M>,
{
    fn into_login(self) -> Login {
        Login::Closure(Arc::new(move |auth| Box::pin(self(auth).verdict())))
    }
}

/// A `bool` or a future of one.
pub trait Verdict<M>: Send + 'static {
    #[doc(hidden)]
    fn verdict(self) -> impl Future<Output = bool> + Send + 'static;
}

impl Verdict<Now> for bool {
    fn verdict(self) -> impl Future<Output = bool> + Send + 'static {
        ready(self)
    }
}

impl<F: Future<Output = bool> + Send + 'static> Verdict<Later> for F {
    fn verdict(self) -> impl Future<Output = bool> + Send + 'static {
        self
    }
}

/// Omits the contents, which are secret.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Login::Open => "Open",
            Login::AnyOf(_) => "AnyOf(..)",
            Login::Closure(_) => "Closure(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_the_same_when_they_are_equal() {
        let values = [
            json!({"a": "x", "b": [1, null]}),
            json!({"a": "y", "b": [1, null]}),
            json!({"a": "xx", "b": [1, null]}),
            json!({"a": "x", "b": [1]}),
            json!({"a": "x"}),
            json!({"a": "x", "c": [1, null]}),
            json!(null),
            json!("x"),
        ];
        for one in &values {
            for other in &values {
                assert_eq!(same(one, other), one == other, "{one} {other}");
            }
        }
    }
}
