//! [`EntryForm`]: the bytes of an entry of the store.
//!
//! An entry consists of a version byte, the number that its node gave it (8 bytes), the length and the id of the node, a line of JSON, and,
//! if it is an event, the record of its packet.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::{Buf, BufMut, Bytes};
use serde::{Deserialize, Serialize};

use super::kept_event::KeptEvent;
use crate::{
    admission::OverflowPolicy,
    base::{BoxError, Sid},
    event_log::Recipients,
    event_store::SessionKey,
    hub::{DeliveryOptions, Room, user_of, user_room},
    packet::Frames,
};

const VERSION: u8 = 1;

/// The bytes of an entry that contain its number.
const NUMBER: std::ops::Range<usize> = 1..9;

/// The content of an entry.
#[derive(Debug)]
pub(super) enum EntryForm {
    Event(Box<KeptEvent>),
    /// The node has delivered events before they were kept. Those that it still had are the entries before this one, unless some are missing.
    Lost {
        is_complete: bool,
    },
    /// The node has taken over a session.
    Taken(SessionKey),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives only while an entry is encoded or decoded"
)]
enum Header<'a> {
    Event {
        namespace: Cow<'a, str>,
        event: Cow<'a, str>,
        /// In milliseconds since 1970.
        time: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<Cow<'a, str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rooms: Option<Vec<Name>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skip: Vec<Name>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        except: Vec<Name>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<Cow<'a, str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overflow: Option<Cow<'a, str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Cow<'a, str>>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
    },
    Lost {
        #[serde(default)]
        complete: bool,
    },
    Taken {
        key: String,
    },
}

/// A room. The room of a user is stored as the user, since its name differs between nodes.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Name {
    Room(String),
    User { user: String },
}

impl Name {
    pub(super) fn of(room: &str) -> Self {
        match user_of(room) {
            Some(user) => Name::User {
                user: user.to_owned(),
            },
            None => Name::Room(room.to_owned()),
        }
    }

    pub(super) fn into_room(self) -> Room {
        match self {
            Name::Room(room) => Arc::from(room),
            Name::User { user } => user_room(&user),
        }
    }

    fn list(rooms: &[Room]) -> Vec<Name> {
        rooms.iter().map(|room| Name::of(room)).collect()
    }

    fn rooms(list: Vec<Name>) -> Vec<Room> {
        list.into_iter().map(Name::into_room).collect()
    }
}

impl EntryForm {
    /// Encodes an entry of a node, with 0 as its number: see [`set_number`](Self::set_number).
    pub(super) fn write(&self, node: &str) -> Result<Vec<u8>, BoxError> {
        let mut bytes = Vec::with_capacity(256);
        bytes.put_u8(VERSION);
        bytes.put_u64(0);
        bytes.put_u8(u8::try_from(node.len())?);
        bytes.put_slice(node.as_bytes());
        serde_json::to_writer(&mut bytes, &self.header())?;
        bytes.put_u8(b'\n');
        if let EntryForm::Event(event) = self {
            event.packet.write_record(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn header(&self) -> Header<'_> {
        let event = match self {
            EntryForm::Event(event) => event,
            EntryForm::Lost { is_complete } => {
                return Header::Lost {
                    complete: *is_complete,
                };
            }
            EntryForm::Taken(key) => {
                return Header::Taken {
                    key: key.as_str().to_owned(),
                };
            }
        };
        let since = event.time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (mut client, mut of_rooms, mut of_skip, mut of_except, mut of_node) =
            (None, None, Vec::new(), Vec::new(), None);
        match &event.recipients {
            Recipients::One(sid) => client = Some(Cow::Borrowed(sid.as_str())),
            Recipients::Some {
                rooms,
                skip,
                except,
                node,
            } => {
                of_rooms = rooms.as_deref().map(Name::list);
                (of_skip, of_except) = (Name::list(skip), Name::list(except));
                of_node = node.as_deref().map(Cow::Borrowed);
            }
        }
        Header::Event {
            namespace: Cow::Borrowed(&event.namespace),
            event: Cow::Borrowed(&event.event),
            time: since.as_millis().try_into().unwrap_or(u64::MAX),
            client,
            rooms: of_rooms,
            skip: of_skip,
            except: of_except,
            node: of_node,
            overflow: event
                .options
                .policy
                .map(|policy| Cow::Borrowed(policy.name())),
            key: event.options.given_key.as_deref().map(Cow::Borrowed),
            late: event.is_late,
        }
    }

    /// Sets the number of an entry.
    pub(super) fn set_number(entry: &mut [u8], number: u64) {
        entry[NUMBER].copy_from_slice(&number.to_be_bytes());
    }

    /// Returns the node of an entry, its number there, and the rest.
    pub(super) fn split(mut entry: Bytes) -> Result<(Bytes, u64, Bytes), BoxError> {
        const INVALID: &str = "an entry of the store without a node";
        if entry.try_get_u8() != Ok(VERSION) {
            return Err("an entry of the store of an unknown version".into());
        }
        let number = entry.try_get_u64().map_err(|_| INVALID)?;
        let length = usize::from(entry.try_get_u8().map_err(|_| INVALID)?);
        if entry.len() < length {
            return Err(INVALID.into());
        }
        let node = entry.split_to(length);
        Ok((node, number, entry))
    }

    /// Decodes the rest of an entry.
    pub(super) fn read(mut rest: Bytes) -> Result<Self, BoxError> {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let header = rest.split_to(end.ok_or("an entry of the store without a header")?);
        rest.advance(1);
        let header: Header<'_> = serde_json::from_slice(&header)?;
        Ok(match header {
            Header::Lost { complete } => EntryForm::Lost {
                is_complete: complete,
            },
            Header::Taken { key } => EntryForm::Taken(SessionKey::from(key)),
            Header::Event {
                namespace,
                event,
                time,
                client,
                rooms,
                skip,
                except,
                node,
                overflow,
                key,
                late,
            } => EntryForm::Event(Box::new(KeptEvent {
                namespace: Arc::from(&*namespace),
                event: Box::from(&*event),
                recipients: match client {
                    Some(client) => Recipients::One(Sid::from(&*client)),
                    None => Recipients::Some {
                        rooms: rooms.map(Name::rooms),
                        skip: Name::rooms(skip),
                        except: Name::rooms(except),
                        node: node.map(|node| Arc::from(&*node)),
                    },
                },
                packet: Frames::read_record(rest)?,
                options: DeliveryOptions {
                    is_volatile: false,
                    // A newer node may have a policy that is unknown here.
                    policy: overflow.as_deref().and_then(OverflowPolicy::named),
                    given_key: key.map(|key| Arc::from(&*key)),
                    key: None,
                },
                time: UNIX_EPOCH
                    .checked_add(Duration::from_millis(time))
                    .unwrap_or_else(SystemTime::now),
                is_late: late,
            })),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Codec;

    fn round(event: &KeptEvent) -> KeptEvent {
        let form = EntryForm::Event(Box::new(event.clone()));
        let mut entry = form.write("a-node").unwrap();
        EntryForm::set_number(&mut entry, 7);
        let (node, number, rest) = EntryForm::split(entry.into()).unwrap();
        assert_eq!((&*node, number), (&b"a-node"[..], 7));
        match EntryForm::read(rest).unwrap() {
            EntryForm::Event(event) => *event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_is_the_same_after_it_was_stored() {
        let image = crate::Data::Binary(Bytes::from_static(&[0, 10, 255]));
        let packet = Codec::default()
            .event("/chat", None, "said", &("hi\n", image))
            .unwrap();
        let room = |name: &str| Arc::<str>::from(name);
        let some = Recipients::Some {
            rooms: Some(vec![room("lobby"), user_room("42")]),
            skip: vec![room("someone")],
            except: vec![room("muted")],
            node: Some(room("here")),
        };
        let options = DeliveryOptions {
            policy: OverflowPolicy::named("drop_oldest"),
            given_key: Some(Arc::from("k")),
            ..DeliveryOptions::default()
        };
        for recipients in [some, Recipients::One(Sid::random())] {
            let mut event = KeptEvent::new(&room("/chat"), recipients, &packet, &options);
            event.is_late = !event.is_late && matches!(event.recipients, Recipients::One(_));
            let read = round(&event);
            assert_eq!(read.is_late, event.is_late);
            assert_eq!(read.packet, event.packet);
            assert_eq!((&*read.event, &*read.namespace), ("said", "/chat"));
            assert_eq!(
                format!("{:?}", read.recipients),
                format!("{:?}", event.recipients)
            );
            assert_eq!(read.options, event.options);
        }
    }

    #[test]
    fn what_is_no_entry_is_an_error() {
        for entry in [
            &b""[..],
            b"\x02",
            b"\x01\0\0\0",
            b"\x01\0\0\0\0\0\0\0\x01\x09abc",
        ] {
            assert!(EntryForm::split(Bytes::from_static(entry)).is_err());
        }
        for rest in [&b""[..], b"{}", b"{}\n", b"{\"kind\":\"else\"}\n"] {
            assert!(EntryForm::read(Bytes::from_static(rest)).is_err());
        }
    }
}
