//! Decodes the messages of other nodes.

use std::{fmt, ops::RangeInclusive, sync::Arc};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    EnvelopeHeader,
    arguments::read_arguments,
    emit_head::EmitHead,
    names::{Name, Names},
};
use crate::{
    admission::OverflowPolicy,
    base::{BoxError, Sid},
    cluster::{Question, RemoteTarget},
    hub::{DeliveryOptions, Room},
    packet::{JsonPayload, from_text},
};

/// A message of another node.
pub(in crate::cluster) enum ClusterMessage {
    Emit {
        /// The node that published it.
        from: Option<String>,
        namespace: String,
        target: RemoteTarget,
        event: String,
        arguments: JsonPayload,
        ack_request: Option<RemoteAckRequest>,
        delivery: DeliveryOptions,
        /// The outcome in its event store. Boxed, since usually there is none.
        in_store: Option<Box<InStore>>,
    },
    /// An event that this node does not need. Its arguments were not read.
    Unawaited,
    Callback {
        id: u64,
        /// The client that acknowledges or, if the node does not name it, the target of the request.
        client: String,
        /// Whether the node named the client.
        explicit_sid: bool,
        /// `None` if no ack will come.
        arguments: Option<JsonPayload>,
    },
    /// An operation on clients.
    Clients {
        /// The node that published it.
        from: Option<String>,
        namespace: String,
        target: RemoteTarget,
        /// Whether the target may be a room. If not, it is the id of a client, even if there is a room of that name.
        extended: bool,
        operation: ClientOperation,
    },
    CloseRoom {
        namespace: String,
        room: Room,
    },
    /// A question of another node.
    Query {
        from: String,
        id: u64,
        question: Question,
    },
    /// The answer of another node to a question of this one.
    Answer {
        node: String,
        id: u64,
        answer: Box<RawValue>,
    },
    /// The clients of another node that were asked for an ack.
    Asked {
        id: u64,
        clients: Vec<Sid>,
    },
    /// Another node asks for a message, to find out what it has missed.
    RollCall,
    /// A message that was published before, unchanged.
    Again(Bytes),
    /// A node has missed messages of the node `node`.
    Missed {
        node: String,
        numbers: RangeInclusive<u64>,
    },
    /// A node can't publish messages again.
    Gone {
        from: String,
        numbers: RangeInclusive<u64>,
    },
}

/// The outcome of an event in the event store of the node that emits it.
pub(in crate::cluster) enum InStore {
    /// The store of this epoch has it. Contains its number at the node.
    Kept(String, u64),
    /// It is not kept yet. Contains its number at the node, or 0 if it will not be kept.
    Unkept(u64),
}

/// An operation on one client.
pub(in crate::cluster) enum ClientOperation {
    Disconnect,
    Enter(Room),
    Leave(Room),
}

/// Every field that a message may have. A field that is absent is `null`.
#[derive(Deserialize)]
struct Fields<'a> {
    method: String,
    host_id: Option<String>,
    namespace: Option<String>,
    event: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    binary: Option<bool>,
    room: Option<Names>,
    sid: Option<Name>,
    skip_sid: Option<Names>,
    except: Option<Names>,
    #[serde(borrow)]
    callback: Option<&'a RawValue>,
    id: Option<u64>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
    client: Option<String>,
    failed: Option<bool>,
    volatile: Option<bool>,
    overflow: Option<String>,
    key: Option<String>,
    kept: Option<String>,
    kept_number: Option<u64>,
    ext: Option<u8>,
    #[serde(borrow)]
    query: Option<&'a RawValue>,
    node: Option<String>,
    #[serde(borrow)]
    answer: Option<&'a RawValue>,
    clients: Option<Vec<Sid>>,
    numbers: Option<(u64, u64)>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

/// Decodes a message for the node `host_id`. `awaits` returns whether the node needs events of a namespace to these rooms. Returns `None` for
/// a message that is not for this node: its own, an ack that another node has requested, or a message with an unknown method.
pub(in crate::cluster) fn read(
    message: &[u8],
    host_id: &str,
    awaits: impl Fn(&str, Option<&[Room]>) -> bool,
) -> Result<Option<ClusterMessage>, InvalidMessage> {
    if is_own(message, host_id) {
        return Ok(None);
    }
    if let Some((namespace, rooms)) = EmitHead::read(message, host_id)
        && !awaits(&namespace, rooms.as_deref())
    {
        return Ok(Some(ClusterMessage::Unawaited));
    }
    let fields: Fields<'_> = serde_json::from_slice(message)?;
    let own = fields.host_id.as_deref() == Some(host_id);
    if own != matches!(&*fields.method, "callback" | "answer" | "asked") {
        return Ok(None);
    }
    Ok(Some(match &*fields.method {
        "emit" => fields.emit(awaits)?,
        "callback" => fields.callback()?,
        "disconnect" => fields.clients(|_| Ok(ClientOperation::Disconnect))?,
        "enter_room" => fields.clients(|room| Ok(ClientOperation::Enter(room?)))?,
        "leave_room" => fields.clients(|room| Ok(ClientOperation::Leave(room?)))?,
        "close_room" => ClusterMessage::CloseRoom {
            room: one_room(fields.room)?,
            namespace: fields.namespace.unwrap_or_else(main),
        },
        "query" => return fields.query(),
        "answer" => fields.answer()?,
        "again" => {
            let message = fields.message.ok_or("no `message`")?.get();
            ClusterMessage::Again(Bytes::copy_from_slice(message.as_bytes()))
        }
        "roll_call" => ClusterMessage::RollCall,
        "missed" => ClusterMessage::Missed {
            numbers: fields.numbers()?,
            node: fields.node.ok_or("missed messages without a node")?,
        },
        "gone" => ClusterMessage::Gone {
            numbers: fields.numbers()?,
            from: fields.host_id.ok_or("gone messages without a node")?,
        },
        "asked" => ClusterMessage::Asked {
            id: fields.id.ok_or("asked clients without an id")?,
            clients: fields.clients.ok_or("asked clients without `clients`")?,
        },
        _ => return Ok(None),
    }))
}

/// Returns whether the first bytes show that this node has published the message, so that it need not be decoded.
fn is_own(message: &[u8], host_id: &str) -> bool {
    let method = message.strip_prefix(br#"{"method":""#).unwrap_or_default();
    let length = method.iter().position(|byte| *byte == b'"');
    let (method, rest) = method.split_at(length.unwrap_or_default());
    !matches!(method, b"callback" | b"answer" | b"asked")
        && rest
            .strip_prefix(br#"","host_id":""#)
            .and_then(|rest| rest.strip_prefix(host_id.as_bytes()))
            .is_some_and(|rest| rest.starts_with(b"\""))
}

impl Fields<'_> {
    fn numbers(&self) -> Result<RangeInclusive<u64>, InvalidMessage> {
        match self.numbers {
            Some((first, last)) if 0 < first && first <= last && last < u64::MAX => {
                Ok(first..=last)
            }
            _ => Err("no `numbers`".into()),
        }
    }

    fn emit(
        self,
        awaits: impl Fn(&str, Option<&[Room]>) -> bool,
    ) -> Result<ClusterMessage, InvalidMessage> {
        let namespace = self.namespace.ok_or("an event without a namespace")?;
        let rooms = self.room.map(Names::into_rooms);
        if !awaits(&namespace, rooms.as_deref()) {
            return Ok(ClusterMessage::Unawaited);
        }
        let extended = self.ext.is_some();
        let binary = self.binary == Some(true);
        let data = self.data.map(|data| read_arguments(data, binary, extended));
        // A `callback` of another shape is ignored, as Python does.
        let callback: Option<(Name, String, u64)> = self
            .callback
            .and_then(|callback| from_text(callback.get()).ok());
        let ack_request =
            callback
                .zip(self.host_id.as_ref())
                .map(|((room, namespace, id), host_id)| RemoteAckRequest {
                    host_id: host_id.clone(),
                    room,
                    namespace,
                    id,
                    extended,
                });
        Ok(ClusterMessage::Emit {
            from: self.host_id,
            namespace,
            target: RemoteTarget {
                rooms,
                skip: self.skip_sid.map(Names::into_rooms).unwrap_or_default(),
                except: self.except.map(Names::into_rooms).unwrap_or_default(),
            },
            event: self.event.ok_or("an event without a name")?,
            // `null` also means that there are no arguments.
            arguments: data.transpose()?.unwrap_or_default(),
            ack_request,
            delivery: DeliveryOptions {
                is_volatile: self.volatile == Some(true),
                // A newer node may have a policy that is unknown here.
                policy: self.overflow.as_deref().and_then(OverflowPolicy::named),
                given_key: self.key.map(Arc::from),
                key: None,
            },
            in_store: match (self.kept, self.kept_number) {
                (Some(epoch), number) => {
                    Some(Box::new(InStore::Kept(epoch, number.unwrap_or_default())))
                }
                (None, Some(number)) => Some(Box::new(InStore::Unkept(number))),
                (None, None) => None,
            },
        })
    }

    /// Reads a question. An unknown question of a newer version is not answered.
    fn query(self) -> Result<Option<ClusterMessage>, InvalidMessage> {
        let query = self.query.ok_or("a question without `query`")?;
        let Ok(question) = serde_json::from_str(query.get()) else {
            return Ok(None);
        };
        Ok(Some(ClusterMessage::Query {
            from: self.host_id.ok_or("a question without `host_id`")?,
            id: self.id.ok_or("a question without an id")?,
            question,
        }))
    }

    fn answer(self) -> Result<ClusterMessage, InvalidMessage> {
        let answer = self.answer.ok_or("an answer without `answer`")?;
        Ok(ClusterMessage::Answer {
            node: self.node.ok_or("an answer without `node`")?,
            id: self.id.ok_or("an answer without an id")?,
            answer: answer.to_owned(),
        })
    }

    fn callback(self) -> Result<ClusterMessage, InvalidMessage> {
        let arguments = match (self.failed, self.args) {
            (Some(true), _) => None,
            (_, Some(args)) => Some(read_arguments(args, self.binary == Some(true), true)?),
            (_, None) => return Err("an ack without `args`".into()),
        };
        let target = self.sid.map(Name::into_text);
        Ok(ClusterMessage::Callback {
            id: self.id.ok_or("an ack without an id")?,
            explicit_sid: self.client.is_some(),
            client: self.client.or(target).unwrap_or_default(),
            arguments,
        })
    }

    fn clients(
        self,
        operation: impl FnOnce(Result<Room, InvalidMessage>) -> Result<ClientOperation, InvalidMessage>,
    ) -> Result<ClusterMessage, InvalidMessage> {
        let extended = self.ext.is_some();
        let rooms = self.sid.map(|sid| vec![sid.into_room()]);
        if rooms.is_none() && !extended {
            // Only our extension addresses everyone in this way.
            return Err("no `sid`".into());
        }
        Ok(ClusterMessage::Clients {
            operation: operation(one_room(self.room))?,
            from: self.host_id,
            namespace: self.namespace.unwrap_or_else(main),
            target: RemoteTarget {
                rooms,
                skip: self.skip_sid.map(Names::into_rooms).unwrap_or_default(),
                except: self.except.map(Names::into_rooms).unwrap_or_default(),
            },
            extended,
        })
    }
}

fn one_room(room: Option<Names>) -> Result<Room, InvalidMessage> {
    match room {
        Some(Names::One(room)) => Ok(room.into_room()),
        _ => Err("no `room`".into()),
    }
}

/// Returns the namespace of messages without one.
fn main() -> String {
    "/".to_owned()
}

/// A request of another node, with the values that identify it in the ack.
pub(in crate::cluster) struct RemoteAckRequest {
    /// The node that requested the ack.
    pub(in crate::cluster) host_id: String,
    /// The target of its message, repeated in the ack.
    pub(in crate::cluster) room: Name,
    pub(in crate::cluster) namespace: String,
    pub(in crate::cluster) id: u64,
    /// Whether the node understands our extension.
    pub(in crate::cluster) extended: bool,
}

impl RemoteAckRequest {
    /// Returns the header of an ack of `client`. `failed` is whether no ack will come, `binary` whether the arguments contain
    /// binary data.
    pub(in crate::cluster) fn header<'a>(
        &'a self,
        client: &'a str,
        failed: bool,
        binary: bool,
    ) -> EnvelopeHeader<'a> {
        EnvelopeHeader::Callback {
            host_id: &self.host_id,
            sid: &self.room,
            namespace: &self.namespace,
            id: self.id,
            client: self.extended.then_some(client),
            failed,
            binary,
        }
    }
}

/// The reason why a message is invalid.
pub(in crate::cluster) struct InvalidMessage(BoxError);

impl<E: Into<BoxError>> From<E> for InvalidMessage {
    fn from(error: E) -> Self {
        InvalidMessage(error.into())
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
