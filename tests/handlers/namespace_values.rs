//! The options of the derive, and access to the values of namespace impls.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use socketio::SocketIo;
use socketio_test::TestClient;

#[derive(Default, socketio::Namespace)]
#[socketio(namespace = "/counter", server = "counting")]
struct Counter(AtomicU64);

#[socketio::namespace]
impl Counter {
    async fn on_count(&self) -> u64 {
        self.0.fetch_add(1, Relaxed) + 1
    }
}

#[socketio::event(server = "another")]
async fn x() {}

const TORN: u32 = line!() + 3;
#[derive(Default, socketio::Namespace)]
#[socketio(namespace = "/here", server = "torn")]
struct Torn;

const IMPL: u32 = line!() + 2;
#[socketio::namespace("/there", server = "apart")]
impl Torn {
    async fn on_x(&self) {}
}

#[tokio::test]
async fn the_derive_names_the_server() {
    let io = SocketIo::builder().named("counting").build().unwrap();
    let client = TestClient::connect(&io, "/counter").await.unwrap();
    assert_eq!(client.call::<u64>("count", ()).await.unwrap(), 1);
    let io = SocketIo::builder().named("another").build().unwrap();
    assert!(TestClient::connect(&io, "/counter").await.is_err());
}

#[test]
fn two_paths_or_servers_of_one_type_are_refused_with_both_places() {
    for builder in [
        SocketIo::builder().named("apart"),
        SocketIo::bare().namespace(Torn),
    ] {
        let error = builder.build().unwrap_err();
        let [paths, servers] = error.problems() else {
            panic!("{error}")
        };
        for fragment in [
            "`Torn` has two paths",
            "\"/here\"",
            "\"/there\"",
            &format!("namespace_values.rs:{TORN}"),
            &format!("namespace_values.rs:{IMPL}"),
        ] {
            assert!(paths.contains(fragment), "{fragment} in {paths}");
        }
        for fragment in ["two servers", "\"torn\"", "\"apart\""] {
            assert!(servers.contains(fragment), "{fragment} in {servers}");
        }
    }
}

#[tokio::test]
async fn the_value_of_a_namespace_impl_is_shared_with_the_program() {
    let io = SocketIo::bare()
        .namespace(Counter(41.into()))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/counter").await.unwrap();
    assert_eq!(client.call::<u64>("count", ()).await.unwrap(), 42);
    let counter = io.namespace_value::<Counter>().expect("it is registered");
    assert_eq!(counter.0.load(Relaxed), 42);
    assert!(
        SocketIo::bare()
            .build()
            .unwrap()
            .namespace_value::<Counter>()
            .is_none()
    );
}

#[test]
fn of_several_values_the_one_at_the_types_own_path_or_the_first_is_returned() {
    let at = |path: &'static str, value: u64| (path, Counter(value.into()));
    for (values, expected) in [
        ([at("/a", 1), at("/counter", 2), at("/b", 3)], 2),
        ([at("/a", 1), at("/b", 2), at("/c", 3)], 1),
    ] {
        let io = values
            .into_iter()
            .fold(SocketIo::bare(), |builder, (path, value)| {
                builder.namespace_at(path, value)
            })
            .build()
            .unwrap();
        let counter = io.namespace_value::<Counter>().unwrap();
        assert_eq!(counter.0.load(Relaxed), expected);
    }
}
