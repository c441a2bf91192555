//! Packets as MessagePack maps ([format of the JavaScript parser][format]).
//!
//! [format]: https://github.com/socketio/socket.io-msgpack-parser

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    read,
    write::{write, write_length},
};
use crate::{
    base::{BoxError, Data},
    packet::{Body, Packet},
};

const CONNECT: u64 = 0;
const DISCONNECT: u64 = 1;
const EVENT: u64 = 2;
const ACK: u64 = 3;
const CONNECT_ERROR: u64 = 4;

/// The levels of a packet around its values: the map, and the array of arguments.
const LEVELS: usize = 2;

/// Encodes a packet. Absent fields are left out: the JavaScript parser does not accept `nil` in their place.
pub(super) fn encode(Packet { namespace, body }: Packet) -> Result<Vec<u8>, BoxError> {
    let (kind, data, id) = match body {
        Body::Connect(data) => (CONNECT, data, None),
        Body::Disconnect => (DISCONNECT, None, None),
        Body::Event {
            name,
            mut arguments,
            id,
        } => {
            arguments.insert(0, name.into());
            (EVENT, Some(Data::Array(arguments)), id)
        }
        Body::Ack { id, arguments } => (ACK, Some(Data::Array(arguments)), Some(id)),
        Body::ConnectError(data) => (CONNECT_ERROR, Some(data), None),
    };
    let entries = [
        ("type", Some(kind.into())),
        ("data", data),
        ("nsp", Some(namespace.into())),
        ("id", id.map(Data::from)),
    ];
    let mut buffer = Vec::with_capacity(64);
    let present = entries.iter().filter(|(_, value)| value.is_some()).count();
    write_length(&mut buffer, present, rmp::encode::write_map_len)?;
    for (key, value) in entries {
        if let Some(value) = value {
            rmp::encode::write_str(&mut buffer, key)?;
            write(&mut buffer, &value)?;
        }
    }
    Ok(buffer)
}

/// Decodes a packet. Unknown keys are ignored: JavaScript clients send `options` as well.
pub(super) fn decode(bytes: Bytes, memory: usize) -> Result<Packet, &'static str> {
    let Data::Object(mut packet) = read::read(bytes, LEVELS, memory)? else {
        return Err("a packet that is not a map");
    };
    let Some(Data::String(namespace)) = packet.remove("nsp") else {
        return Err("a packet without a namespace");
    };
    let id = match packet.remove("id") {
        None | Some(Data::Null) => None,
        Some(id) => Some(
            id.as_u64()
                .ok_or("an id that is not an integer of 64 bits")?,
        ),
    };
    let body = match packet.get("type").and_then(Data::as_u64) {
        Some(CONNECT) => Body::Connect(data(&mut packet)),
        Some(DISCONNECT) => match data(&mut packet) {
            None => Body::Disconnect,
            Some(_) => return Err("a disconnect packet with a payload"),
        },
        Some(EVENT) => {
            let mut arguments = array(&mut packet)?;
            if arguments.is_empty() {
                return Err("an event without a name");
            }
            let name = match arguments.remove(0) {
                Data::String(name) => name,
                // As in text, a number names an event too.
                Data::Number(number) => number.to_string(),
                _ => return Err("an event without a name"),
            };
            Body::Event {
                name,
                arguments,
                id,
            }
        }
        Some(ACK) => Body::Ack {
            id: id.ok_or("an ack without an id")?,
            arguments: array(&mut packet)?,
        },
        Some(CONNECT_ERROR) => Body::ConnectError(data(&mut packet).unwrap_or_default()),
        _ => return Err("unknown packet type"),
    };
    Ok(Packet { namespace, body })
}

/// The payload. Python clients send `nil` for an absent one.
fn data(packet: &mut BTreeMap<String, Data>) -> Option<Data> {
    packet.remove("data").filter(|data| !data.is_null())
}

fn array(packet: &mut BTreeMap<String, Data>) -> Result<Vec<Data>, &'static str> {
    match packet.remove("data") {
        Some(Data::Array(elements)) => Ok(elements),
        _ => Err("the payload is not an array"),
    }
}
