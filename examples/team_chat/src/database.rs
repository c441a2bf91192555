//! [`Database`]: users, logins and messages in SQLite.

use std::str::FromStr;

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier, password_hash::SaltString};
use serde::{Deserialize, Serialize};
use sqlx::{
    FromRow, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

/// Days until a login has to be renewed.
pub(crate) const LOGIN_DAYS: u32 = 30;

const SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        password TEXT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS logins (
        token TEXT PRIMARY KEY,
        user INTEGER NOT NULL REFERENCES users (id),
        expires TEXT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        author TEXT NOT NULL,
        text TEXT NOT NULL,
        at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    )",
];

/// The database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Database(SqlitePool);

/// A user with an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct User {
    /// The id, which never changes.
    pub id: i64,
    /// The name, which is shown to others.
    pub name: String,
}

/// A message of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, FromRow)]
pub struct Message {
    /// The id, which increases with each message of any channel.
    pub id: i64,
    /// The channel that it was written in.
    pub channel: String,
    /// The name of the user who wrote it.
    pub author: String,
    /// The text.
    pub text: String,
    /// The time of the message, in UTC: `2026-01-31T12:00:00Z`.
    pub at: String,
}

impl Database {
    /// Opens the file, which is created if it does not exist. `:memory:` opens a new database in memory.
    ///
    /// # Errors
    ///
    /// If the file can't be opened, or is not a database.
    pub async fn open(file: &str) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::from_str(file)?.create_if_missing(true);
        // SQLite has one writer at a time, and a database in memory belongs to one connection.
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await?;
        for table in SCHEMA {
            sqlx::query(table).execute(&pool).await?;
        }
        Ok(Database(pool))
    }

    /// Creates an account, and returns its id. `None` if the name is taken.
    pub(crate) async fn register(&self, name: &str, password: String) -> sqlx::Result<Option<i64>> {
        let password = hash(password).await.ok_or(sqlx::Error::WorkerCrashed)?;
        let insert = "INSERT INTO users (name, password) VALUES (?, ?) ON CONFLICT DO NOTHING";
        let done = sqlx::query(insert).bind(name).bind(password);
        let done = done.execute(&self.0).await?;
        Ok((done.rows_affected() > 0).then(|| done.last_insert_rowid()))
    }

    /// Returns the id of the user with this name and password.
    pub(crate) async fn check(&self, name: &str, password: String) -> sqlx::Result<Option<i64>> {
        let select = "SELECT id, password FROM users WHERE name = ?";
        let row: Option<(i64, String)> = sqlx::query_as(select)
            .bind(name)
            .fetch_optional(&self.0)
            .await?;
        let Some((id, known)) = row else {
            return Ok(None);
        };
        Ok(verify(password, known).await.then_some(id))
    }

    /// Stores a login.
    pub(crate) async fn log_in(&self, user: i64, token: &str) -> sqlx::Result<()> {
        let insert = "INSERT INTO logins (token, user, expires) VALUES (?, ?, datetime('now', ?))";
        let days = format!("+{LOGIN_DAYS} days");
        let insert = sqlx::query(insert).bind(token).bind(user).bind(days);
        insert.execute(&self.0).await.map(drop)
    }

    /// Deletes a login.
    pub(crate) async fn log_out(&self, token: &str) -> sqlx::Result<()> {
        let delete = sqlx::query("DELETE FROM logins WHERE token = ?").bind(token);
        delete.execute(&self.0).await.map(drop)
    }

    /// Returns the user of a login that has not expired.
    pub(crate) async fn user(&self, token: &str) -> sqlx::Result<Option<User>> {
        let select = "SELECT users.id, users.name FROM logins JOIN users ON users.id = logins.user
            WHERE token = ? AND expires > datetime('now')";
        sqlx::query_as(select)
            .bind(token)
            .fetch_optional(&self.0)
            .await
    }

    /// Stores a message, and returns it as it was stored.
    pub(crate) async fn add(
        &self,
        channel: &str,
        author: &str,
        text: &str,
    ) -> sqlx::Result<Message> {
        let insert = "INSERT INTO messages (channel, author, text) VALUES (?, ?, ?) RETURNING *";
        let insert = sqlx::query_as(insert).bind(channel).bind(author).bind(text);
        insert.fetch_one(&self.0).await
    }

    /// Returns the last messages of a channel that are newer than `since`, the oldest first.
    pub(crate) async fn messages(
        &self,
        channel: &str,
        since: i64,
        limit: u32,
    ) -> sqlx::Result<Vec<Message>> {
        let select = "SELECT * FROM (
                SELECT * FROM messages WHERE channel = ? AND id > ? ORDER BY id DESC LIMIT ?
            ) ORDER BY id";
        let select = sqlx::query_as(select).bind(channel).bind(since).bind(limit);
        select.fetch_all(&self.0).await
    }
}

/// Hashes a password on the blocking pool, because it takes long.
async fn hash(password: String) -> Option<String> {
    let hash = move || {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).ok()?;
        let salt = SaltString::encode_b64(&salt).ok()?;
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        Some(hash.ok()?.to_string())
    };
    tokio::task::spawn_blocking(hash).await.ok().flatten()
}

async fn verify(password: String, known: String) -> bool {
    let verify = move || {
        PasswordHash::new(&known).is_ok_and(|known| {
            Argon2::default()
                .verify_password(password.as_bytes(), &known)
                .is_ok()
        })
    };
    tokio::task::spawn_blocking(verify).await.unwrap_or(false)
}
