//! The sizes of what every connection keeps, since idle connections are most of a server's memory. A field that few connections use belongs
//! in a box.

use super::Connection;
use crate::{
    engine,
    hub::{Client, ConnectionHandle},
};

#[test]
fn a_connection_takes_little_memory() {
    let sizes = [
        ("Connection", size_of::<Connection<engine::Session>>(), 540),
        ("Session", size_of::<engine::Session>(), 320),
        ("ConnectionHandle", size_of::<ConnectionHandle>(), 360),
        ("Client", size_of::<Client>(), 240),
        ("EventQueue", size_of::<super::EventQueue>(), 160),
    ];
    println!("{sizes:?}");
    for (name, size, most) in sizes {
        assert!(size <= most, "{name} takes {size} bytes");
    }
}
