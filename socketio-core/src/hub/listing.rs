//! Lists clients and rooms in pages, for operators.
//!
//! The HTTP API asks it for this node, and the cluster for other nodes. Pages are ordered by key, so that the pages of several nodes
//! can be merged.

use std::{
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Client, Hub, Room, Target, user_of, user_room};
use crate::base::date;

/// The approximate size in bytes at which the page of one node ends.
const PAGE: usize = 1 << 20;

/// Which clients are listed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ClientQuery {
    pub(crate) namespace: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) user: Option<String>,
    /// The id after which the page begins.
    pub(crate) after: Option<String>,
    /// The maximum number of rows on the page.
    pub(crate) limit: usize,
}

/// Which rooms are listed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RoomQuery {
    pub(crate) namespace: Option<String>,
    /// The namespace and the room after which the page begins.
    pub(crate) after: Option<(String, String)>,
    pub(crate) limit: usize,
}

/// A client in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClientRow {
    pub(crate) id: String,
    pub(crate) namespace: String,
    pub(crate) user: Option<String>,
    pub(crate) rooms: Vec<String>,
    pub(crate) transport: String,
    pub(crate) connected_at: String,
    pub(crate) remote_address: Option<String>,
    pub(crate) outbox_messages: usize,
    pub(crate) outbox_bytes: usize,
    pub(crate) inbox_events: usize,
    pub(crate) inbox_bytes: usize,
    /// Set by the node that asks.
    #[serde(default)]
    pub(crate) node: String,
}

/// A room in a list, with the number of its clients.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RoomRow {
    pub(crate) namespace: String,
    pub(crate) room: String,
    pub(crate) clients: usize,
}

/// A page of a list, ordered by its keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listed<T> {
    pub(crate) rows: Vec<T>,
    /// Whether there are rows after the last one of the page.
    pub(crate) more: bool,
}

/// A row that can be ordered and merged.
pub(crate) trait Keyed {
    type Key: Ord + Clone;

    /// Returns the key by which rows are ordered.
    fn key(&self) -> Self::Key;

    /// Merges another node's row with the same key into this one.
    fn merge(&mut self, other: Self);
}

impl Keyed for ClientRow {
    type Key = String;

    fn key(&self) -> String {
        self.id.clone()
    }

    fn merge(&mut self, _: Self) {}
}

impl Keyed for RoomRow {
    type Key = (String, String);

    fn key(&self) -> Self::Key {
        (self.namespace.clone(), self.room.clone())
    }

    fn merge(&mut self, other: Self) {
        self.clients += other.clients;
    }
}

impl<T: Keyed> Listed<T> {
    /// Merges the pages of several nodes into one.
    pub(crate) fn merge(pages: Vec<Listed<T>>, limit: usize) -> Self {
        // The rows of a node after its last one are unknown, so the page ends at the smallest last key.
        let cut_off = |page: &Listed<T>| page.rows.last().filter(|_| page.more).map(Keyed::key);
        let end = pages.iter().filter_map(cut_off).min();
        let mut more = pages.iter().any(|page| page.more);
        let mut rows = BTreeMap::<T::Key, T>::new();
        for row in pages.into_iter().flat_map(|page| page.rows) {
            let key = row.key();
            if end.as_ref().is_some_and(|end| key > *end) {
                continue;
            }
            match rows.get_mut(&key) {
                Some(known) => known.merge(row),
                None => {
                    rows.insert(key, row);
                }
            }
        }
        more |= rows.len() > limit;
        Listed {
            rows: rows.into_values().take(limit).collect(),
            more,
        }
    }
}

/// Collects the smallest of any number of keys.
struct Smallest<K> {
    keys: BinaryHeap<K>,
    most: usize,
}

impl<K: Ord> Smallest<K> {
    /// Keeps one more than `limit`, to know whether there are more.
    fn new(limit: usize) -> Self {
        Smallest {
            keys: BinaryHeap::new(),
            most: limit + 1,
        }
    }

    fn add(&mut self, key: K) {
        if self.keys.len() < self.most {
            self.keys.push(key);
        } else if self.keys.peek().is_some_and(|largest| key < *largest) {
            self.keys.pop();
            self.keys.push(key);
        }
    }

    /// Turns the keys into rows, up to `limit` rows and [`PAGE`] bytes. A key whose row is gone is left out.
    fn page<T>(
        self,
        limit: usize,
        weight: impl Fn(&T) -> usize,
        row: impl Fn(K) -> Option<T>,
    ) -> Listed<T> {
        let mut more = self.keys.len() > limit;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for key in self.keys.into_sorted_vec().into_iter().take(limit) {
            if bytes >= PAGE {
                more = true;
                break;
            }
            if let Some(row) = row(key) {
                bytes += weight(&row);
                rows.push(row);
            }
        }
        Listed { rows, more }
    }
}

impl Hub {
    /// Returns the namespaces that a query covers.
    fn queried(&self, namespace: Option<&str>) -> Vec<String> {
        match namespace {
            Some(namespace) => vec![namespace.to_owned()],
            None => self.namespaces(),
        }
    }

    /// Lists local clients, ordered by their ids.
    pub(crate) fn list_clients(&self, query: &ClientQuery) -> Listed<ClientRow> {
        let user = query.user.as_deref();
        let room = query.room.as_deref().map(Room::from);
        let target = match room.or_else(|| user.map(user_room)) {
            Some(room) => Target::Rooms(vec![room]),
            None => Target::Everyone,
        };
        let mut found = Smallest::new(query.limit);
        for namespace in self.queried(query.namespace.as_deref()) {
            self.select(&namespace, &target, &[], &[], |client| {
                let follows = query
                    .after
                    .as_deref()
                    .is_none_or(|after| **client.sid() > *after);
                if follows && user.is_none_or(|user| client.user().as_deref() == Some(user)) {
                    found.add(ById(Arc::clone(client)));
                }
            });
        }
        let weight = |row: &ClientRow| 256 + row.rooms.iter().map(String::len).sum::<usize>();
        found.page(query.limit, weight, |ById(client)| Some(row(&client)))
    }

    /// Lists the rooms of local clients, ordered by namespace and name. The rooms that clients and users have for
    /// themselves are not listed.
    pub(crate) fn list_rooms(&self, query: &RoomQuery) -> Listed<RoomRow> {
        let mut found = Smallest::new(query.limit);
        for namespace in self.queried(query.namespace.as_deref()) {
            let Some(clients) = self.clients(&namespace) else {
                continue;
            };
            for room in clients.rooms() {
                let key = (namespace.clone(), room.to_string());
                let follows = query.after.as_ref().is_none_or(|after| key > *after);
                if follows && user_of(&room).is_none() {
                    found.add(key);
                }
            }
        }
        let weight = |row: &RoomRow| row.namespace.len() + row.room.len() + 64;
        found.page(query.limit, weight, |(namespace, room)| {
            let clients = self.clients(&namespace)?.room(&room)?.list().len();
            (clients > 0).then_some(RoomRow {
                namespace,
                room,
                clients,
            })
        })
    }
}

/// A client, ordered by its id.
struct ById(Arc<Client>);

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.sid() == other.0.sid()
    }
}

impl Eq for ById {}

impl PartialOrd for ById {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ById {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.sid().cmp(other.0.sid())
    }
}

fn row(client: &Client) -> ClientRow {
    let connection = client.connection();
    let (outbox_messages, outbox_bytes) = connection.waiting();
    let (inbox_events, inbox_bytes) = client.inbox();
    let request = client.request();
    let peer = request.peer_addr().map(|peer| peer.ip());
    let address = request.forwarded_addr().or(peer);
    ClientRow {
        id: client.sid().to_string(),
        namespace: client.namespace().to_string(),
        user: client.user().map(|user| user.to_string()),
        rooms: client.rooms(),
        transport: connection.transport().to_owned(),
        connected_at: date::iso_micros(client.connected_at()),
        remote_address: address.map(|address| address.to_string()),
        outbox_messages,
        outbox_bytes,
        inbox_events,
        inbox_bytes,
        node: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rooms: &[(&str, usize)], more: bool) -> Listed<RoomRow> {
        let row = |(room, clients): &(&str, usize)| RoomRow {
            namespace: "/".into(),
            room: String::from(*room),
            clients: *clients,
        };
        Listed {
            rows: rooms.iter().map(row).collect(),
            more,
        }
    }

    fn merged(pages: Vec<Listed<RoomRow>>, limit: usize) -> (Vec<(String, usize)>, bool) {
        let merged = Listed::merge(pages, limit);
        let rows = merged.rows.into_iter().map(|row| (row.room, row.clients));
        (rows.collect(), merged.more)
    }

    #[test]
    fn rooms_of_several_nodes_are_added_up() {
        let pages = vec![
            page(&[("a", 1), ("c", 2)], false),
            page(&[("a", 3), ("b", 1)], false),
        ];
        let rows = [("a".into(), 4), ("b".into(), 1), ("c".into(), 2)];
        assert_eq!(merged(pages.clone(), 9), (rows.to_vec(), false));
        assert_eq!(merged(pages, 2), (rows[..2].to_vec(), true));
    }

    #[test]
    fn a_page_ends_where_a_node_has_more() {
        let pages = vec![
            page(&[("a", 1), ("b", 2)], true),
            page(&[("b", 1), ("c", 5)], false),
        ];
        assert_eq!(
            merged(pages, 9),
            (vec![("a".into(), 1), ("b".into(), 3)], true)
        );
    }

    #[test]
    fn the_smallest_keys_are_kept() {
        let mut smallest = Smallest::new(2);
        for key in [5, 1, 4, 2, 3] {
            smallest.add(key);
        }
        let page = smallest.page(2, |_| 1, Some);
        assert_eq!((page.rows, page.more), (vec![1, 2], true));
    }
}
