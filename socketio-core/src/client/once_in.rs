//! [`once_in`]: effects that happen once, because the response is stored in the transaction of the effect.

use serde::{Serialize, de::DeserializeOwned};

use super::{Socket, context::expect_current};
use crate::{base::BoxError, once::OnceKey};

/// A transaction of your own database that stores responses together with the effects of handlers, for [`once_in`].
///
/// It needs a table with a unique key: `CREATE TABLE responses (key TEXT PRIMARY KEY, response TEXT NOT NULL)`. Rows may be deleted
/// once no client repeats the event.
///
/// Implement it for a type of your own that wraps the transaction of your database. With sqlx, `stored` is
/// `SELECT response FROM responses WHERE key = ?` and `store` is `INSERT INTO responses (key, response) VALUES (?, ?)`.
pub trait OnceTransaction: Send {
    /// The error of the database.
    type Error: Into<BoxError>;

    /// Returns the response that is stored for a key.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    fn stored(
        &mut self,
        key: &str,
    ) -> impl Future<Output = Result<Option<String>, Self::Error>> + Send;

    /// Stores a response.
    ///
    /// # Errors
    ///
    /// If it can't be stored, because there is one for this key: another run of the handler has committed first. The effect must
    /// then not be committed.
    fn store(
        &mut self,
        key: &str,
        response: &str,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Commits the transaction. A transaction that is dropped without a commit must be rolled back.
    ///
    /// # Errors
    ///
    /// If it can't be committed.
    fn commit(self) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

impl Socket {
    /// Runs an effect once for each key, as [`once_in`] does, for this client.
    ///
    /// # Errors
    ///
    /// As [`once_in`].
    pub async fn once_in<X, T, E>(
        &self,
        transaction: X,
        key: impl Serialize,
        effect: impl AsyncFnOnce(&mut X) -> Result<T, E>,
    ) -> Result<T, BoxError>
    where
        X: OnceTransaction,
        T: Serialize + DeserializeOwned,
        E: Into<BoxError>,
    {
        let key = self.once_key("", &serde_json::to_string(&key)?);
        run(transaction, &key, effect).await
    }
}

/// Runs an effect once for each key of the current client, and returns the response of the first run, which is stored in the same
/// transaction as the effect.
///
/// A crash at any moment leaves either both or neither, so that the effect happens exactly once, no matter how often the client
/// repeats the event. [`once`](crate::EventHandlerExt::once) alone can't guarantee that: a process may die between an effect and
/// storing its response. Use both: `once` prevents retries from running at the same time and from querying the database.
///
/// A key is valid for the client's user, or for the client if it has none, in its namespace. For events of several kinds, include the
/// kind: `("order", &id)`. The response is stored as JSON.
///
/// ```
/// use socketio_core::{BoxError, OnceTransaction, once_in};
///
/// # struct Transaction;
/// # impl OnceTransaction for Transaction {
/// #     type Error = BoxError;
/// #     async fn stored(&mut self, _: &str) -> Result<Option<String>, BoxError> { Ok(None) }
/// #     async fn store(&mut self, _: &str, _: &str) -> Result<(), BoxError> { Ok(()) }
/// #     async fn commit(self) -> Result<(), BoxError> { Ok(()) }
/// # }
/// # impl Transaction { async fn insert(&mut self, _: &str) -> Result<u32, BoxError> { Ok(1) } }
/// # async fn begin() -> Result<Transaction, BoxError> { Ok(Transaction) }
/// async fn order(id: String, item: String) -> Result<u32, BoxError> {
///     let transaction = begin().await?;
///     once_in(transaction, ("order", id), async |transaction| {
///         transaction.insert(&item).await
///     })
///     .await
/// }
/// ```
///
/// # Errors
///
/// The error of the effect or of the transaction, which is then rolled back: nothing has happened, and the event may be repeated.
///
/// # Panics
///
/// Outside of a handler: use [`Socket::once_in`] there.
pub async fn once_in<X, T, E>(
    transaction: X,
    key: impl Serialize,
    effect: impl AsyncFnOnce(&mut X) -> Result<T, E>,
) -> Result<T, BoxError>
where
    X: OnceTransaction,
    T: Serialize + DeserializeOwned,
    E: Into<BoxError>,
{
    let socket = expect_current("once_in");
    socket.once_in(transaction, key, effect).await
}

async fn run<X, T, E>(
    mut transaction: X,
    key: &OnceKey,
    effect: impl AsyncFnOnce(&mut X) -> Result<T, E>,
) -> Result<T, BoxError>
where
    X: OnceTransaction,
    T: Serialize + DeserializeOwned,
    E: Into<BoxError>,
{
    let key = key.to_string();
    if let Some(stored) = transaction.stored(&key).await.map_err(Into::into)? {
        return Ok(serde_json::from_str(&stored)?);
    }
    let response = effect(&mut transaction).await.map_err(Into::into)?;
    let stored = serde_json::to_string(&response)?;
    transaction.store(&key, &stored).await.map_err(Into::into)?;
    transaction.commit().await.map_err(Into::into)?;
    Ok(response)
}
