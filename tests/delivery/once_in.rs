//! Effects whose response is stored in their own transaction.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use socketio::{BoxError, OnceTransaction, SocketIo, State, handlers, once_in, set_user};
use socketio_test::TestClient;

/// A database with one table of effects and one of responses.
#[derive(Clone, Default)]
struct Database(Arc<Mutex<Tables>>);

#[derive(Clone, Default)]
struct Tables {
    effects: Vec<String>,
    responses: BTreeMap<String, String>,
    /// Transactions that fail when they commit.
    failing: u32,
    /// Whether another run of the handler commits while a transaction is open.
    is_raced: bool,
}

impl Database {
    fn begin(&self) -> Transaction {
        Transaction {
            database: self.clone(),
            effects: Vec::new(),
            responses: BTreeMap::new(),
        }
    }

    fn effects(&self) -> Vec<String> {
        self.0.lock().unwrap().effects.clone()
    }
}

struct Transaction {
    database: Database,
    effects: Vec<String>,
    responses: BTreeMap<String, String>,
}

impl OnceTransaction for Transaction {
    type Error = BoxError;

    async fn stored(&mut self, key: &str) -> Result<Option<String>, BoxError> {
        let tables = self.database.0.lock().unwrap();
        Ok(tables.responses.get(key).cloned())
    }

    async fn store(&mut self, key: &str, response: &str) -> Result<(), BoxError> {
        let mut tables = self.database.0.lock().unwrap();
        if std::mem::take(&mut tables.is_raced) {
            tables
                .responses
                .insert(key.into(), "\"the other run's\"".into());
        }
        if tables.responses.contains_key(key) {
            return Err("unique constraint failed".into());
        }
        self.responses.insert(key.into(), response.into());
        Ok(())
    }

    async fn commit(self) -> Result<(), BoxError> {
        let tables = &mut *self.database.0.lock().unwrap();
        if tables.failing > 0 {
            tables.failing -= 1;
            return Err("the connection was lost".into());
        }
        tables.effects.extend(self.effects);
        tables.responses.extend(self.responses);
        Ok(())
    }
}

#[socketio::event]
async fn order(id: String, item: String, database: State<Database>) -> socketio::Result<String> {
    let receipt = once_in(database.begin(), ("order", &id), async |transaction| {
        if item.is_empty() {
            return Err(BoxError::from("no item"));
        }
        transaction.effects.push(item.clone());
        Ok(format!("one {item}"))
    });
    receipt.await
}

fn server() -> (SocketIo, Database) {
    let database = Database::default();
    let io = SocketIo::bare()
        .handlers(handlers![order])
        .state(database.clone())
        .on("login", |user: String| set_user(user))
        .build()
        .unwrap();
    (io, database)
}

async fn ordered(client: &TestClient, id: &str, item: &str) -> Value {
    client.call("order", (id, item)).await.unwrap()
}

#[tokio::test]
async fn the_effect_and_its_response_are_committed_together_and_once() {
    let (io, database) = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for _ in 0..3 {
        assert_eq!(ordered(&client, "a", "tea").await, "one tea");
    }
    assert_eq!(ordered(&client, "b", "tea").await, "one tea");
    assert_eq!(database.effects(), ["tea", "tea"]);
}

#[tokio::test]
async fn a_failed_run_leaves_neither_effect_nor_response() {
    let (io, database) = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let failed = json!({"error": "internal error"});
    assert_eq!(ordered(&client, "a", "").await, failed);
    database.0.lock().unwrap().failing = 1;
    assert_eq!(ordered(&client, "a", "tea").await, failed);
    assert_eq!(database.effects(), [""; 0]);
    assert_eq!(ordered(&client, "a", "tea").await, "one tea");
    assert_eq!(database.effects(), ["tea"]);
}

#[tokio::test]
async fn of_two_runs_at_once_one_is_committed_and_a_retry_gets_its_response() {
    let (io, database) = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    database.0.lock().unwrap().is_raced = true;
    let failed = json!({"error": "internal error"});
    assert_eq!(ordered(&client, "a", "tea").await, failed);
    assert_eq!(database.effects(), [""; 0]);
    assert_eq!(ordered(&client, "a", "tea").await, "the other run's");
}

#[tokio::test]
async fn another_process_with_the_same_database_finds_the_response() {
    let (first, database) = server();
    let client = TestClient::connect(&first, "/").await.unwrap();
    client.call::<()>("login", "ana").await.unwrap();
    assert_eq!(ordered(&client, "a", "tea").await, "one tea");
    first.shutdown().await;
    let second = SocketIo::bare()
        .handlers(handlers![order])
        .state(database.clone())
        .on("login", |user: String| set_user(user))
        .build()
        .unwrap();
    let again = TestClient::connect(&second, "/").await.unwrap();
    again.call::<()>("login", "ana").await.unwrap();
    assert_eq!(ordered(&again, "a", "tea").await, "one tea");
    let other = TestClient::connect(&second, "/").await.unwrap();
    other.call::<()>("login", "bo").await.unwrap();
    assert_eq!(ordered(&other, "a", "tea").await, "one tea");
    assert_eq!(database.effects(), ["tea", "tea"]);
}
