//! Decoding values from untrusted MessagePack.

use std::collections::BTreeMap;

use bytes::Bytes;
use rmp::Marker;

use crate::{
    base::{Data, date, lossy},
    packet::{json::MAX_DEPTH, packet::NODE},
};

/// The number of elements that are reserved for an array before any is read, so that a message can't allocate memory by announcing a length.
const ANNOUNCED: usize = 16;

/// The extension types that are known: the one that the JavaScript library `notepack.io` uses, and the timestamp of the
/// MessagePack specification.
const NOTEPACK: i8 = 0;
const TIMESTAMP: i8 = -1;

/// The reason why a message is invalid.
type Invalid = &'static str;

/// Decodes a message that is one value. It may have `levels` more than the depth of an argument, and take `memory` bytes.
pub(super) fn read(bytes: Bytes, levels: usize, memory: usize) -> Result<Data, Invalid> {
    let mut input = Input {
        bytes,
        position: 0,
        memory,
    };
    let value = input.value(MAX_DEPTH + levels)?;
    if input.position < input.bytes.len() {
        return Err("more than one value");
    }
    Ok(value)
}

/// A message and how far it has been read.
struct Input {
    bytes: Bytes,
    position: usize,
    /// Bytes that are left for values.
    memory: usize,
}

impl Input {
    /// Counts bytes of memory that a value takes.
    fn charge(&mut self, bytes: usize) -> Result<(), Invalid> {
        let left = self.memory.checked_sub(bytes);
        self.memory = left.ok_or("the values take too much memory")?;
        Ok(())
    }

    /// Returns the next bytes, as a slice that shares the message's memory.
    fn take(&mut self, len: usize) -> Result<Bytes, Invalid> {
        let end = self.position.checked_add(len);
        let end = end.filter(|&end| end <= self.bytes.len());
        let end = end.ok_or("the message ends within a value")?;
        let start = std::mem::replace(&mut self.position, end);
        Ok(self.bytes.slice(start..end))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Invalid> {
        let rest = &self.bytes[self.position..];
        let bytes = rest
            .first_chunk()
            .ok_or("the message ends within a value")?;
        self.position += N;
        Ok(*bytes)
    }

    fn marker(&mut self) -> Result<Marker, Invalid> {
        let [byte] = self.fixed()?;
        Ok(Marker::from_u8(byte))
    }

    fn len8(&mut self) -> Result<usize, Invalid> {
        let [len] = self.fixed()?;
        Ok(len.into())
    }

    fn len16(&mut self) -> Result<usize, Invalid> {
        Ok(u16::from_be_bytes(self.fixed()?).into())
    }

    fn len32(&mut self) -> Result<usize, Invalid> {
        let len = u32::from_be_bytes(self.fixed()?);
        usize::try_from(len).map_err(|_| "the message ends within a value")
    }

    /// Decodes a value of at most `depth` levels.
    fn value(&mut self, depth: usize) -> Result<Data, Invalid> {
        Ok(match self.marker()? {
            Marker::Null => Data::Null,
            Marker::False => Data::Bool(false),
            Marker::True => Data::Bool(true),
            Marker::FixPos(value) => value.into(),
            Marker::U8 => u8::from_be_bytes(self.fixed()?).into(),
            Marker::U16 => u16::from_be_bytes(self.fixed()?).into(),
            Marker::U32 => u32::from_be_bytes(self.fixed()?).into(),
            Marker::U64 => u64::from_be_bytes(self.fixed()?).into(),
            Marker::FixNeg(value) => value.into(),
            Marker::I8 => i8::from_be_bytes(self.fixed()?).into(),
            Marker::I16 => i16::from_be_bytes(self.fixed()?).into(),
            Marker::I32 => i32::from_be_bytes(self.fixed()?).into(),
            Marker::I64 => i64::from_be_bytes(self.fixed()?).into(),
            Marker::F32 => f64::from(f32::from_be_bytes(self.fixed()?)).into(),
            Marker::F64 => f64::from_be_bytes(self.fixed()?).into(),
            Marker::FixStr(len) => self.string(len.into())?,
            Marker::Str8 => self.len8().and_then(|len| self.string(len))?,
            Marker::Str16 => self.len16().and_then(|len| self.string(len))?,
            Marker::Str32 => self.len32().and_then(|len| self.string(len))?,
            Marker::Bin8 => self.len8().and_then(|len| self.binary(len))?,
            Marker::Bin16 => self.len16().and_then(|len| self.binary(len))?,
            Marker::Bin32 => self.len32().and_then(|len| self.binary(len))?,
            Marker::FixArray(len) => self.array(len.into(), depth)?,
            Marker::Array16 => self.len16().and_then(|len| self.array(len, depth))?,
            Marker::Array32 => self.len32().and_then(|len| self.array(len, depth))?,
            Marker::FixMap(len) => self.map(len.into(), depth)?,
            Marker::Map16 => self.len16().and_then(|len| self.map(len, depth))?,
            Marker::Map32 => self.len32().and_then(|len| self.map(len, depth))?,
            Marker::FixExt1 => self.fixed_extension(1)?,
            Marker::FixExt2 => self.fixed_extension(2)?,
            Marker::FixExt4 => self.fixed_extension(4)?,
            Marker::FixExt8 => self.fixed_extension(8)?,
            Marker::FixExt16 => self.fixed_extension(16)?,
            Marker::Ext8 => self.len8().and_then(|len| self.extension(len))?,
            Marker::Ext16 => self.len16().and_then(|len| self.extension(len))?,
            Marker::Ext32 => self.len32().and_then(|len| self.extension(len))?,
            Marker::Reserved => return Err("a reserved byte"),
        })
    }

    fn text(&mut self, len: usize) -> Result<String, Invalid> {
        let bytes = self.take(len)?;
        Ok(match str::from_utf8(&bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => lossy(&bytes),
        })
    }

    fn string(&mut self, len: usize) -> Result<Data, Invalid> {
        self.text(len).map(Data::String)
    }

    fn binary(&mut self, len: usize) -> Result<Data, Invalid> {
        self.take(len).map(Data::Binary)
    }

    fn array(&mut self, len: usize, depth: usize) -> Result<Data, Invalid> {
        let depth = deeper(depth)?;
        let mut elements = Vec::with_capacity(len.min(ANNOUNCED));
        for _ in 0..len {
            self.charge(size_of::<Data>())?;
            elements.push(self.value(depth)?);
        }
        Ok(Data::Array(elements))
    }

    fn map(&mut self, len: usize, depth: usize) -> Result<Data, Invalid> {
        let depth = deeper(depth)?;
        let mut entries = BTreeMap::new();
        if len > 0 {
            self.charge(NODE)?;
        }
        for _ in 0..len {
            self.charge(size_of::<(String, Data)>())?;
            let key = self.key()?;
            if !self.undefined() {
                entries.insert(key, self.value(depth)?);
            }
        }
        Ok(Data::Object(entries))
    }

    /// Decodes a key. Python has keys of other types, of which JavaScript and JSON make text.
    fn key(&mut self) -> Result<String, Invalid> {
        match self.value(0)? {
            Data::String(key) => Ok(key),
            Data::Number(key) => Ok(key.to_string()),
            Data::Bool(key) => Ok(key.to_string()),
            Data::Null => Ok(String::from("null")),
            Data::Binary(key) => Ok(lossy(&key)),
            _ => Err("a key that is not text"),
        }
    }

    /// Passes over JavaScript's `undefined`, if it is next.
    fn undefined(&mut self) -> bool {
        const UNDEFINED: [u8; 2] = [0xd4, 0];
        let rest = &self.bytes[self.position..];
        let found = rest.starts_with(&UNDEFINED) && rest.len() > UNDEFINED.len();
        if found {
            self.position += UNDEFINED.len() + 1;
        }
        found
    }

    /// Decodes an extension whose marker has its length. The JavaScript library has one of one byte, `undefined`, and one of
    /// eight bytes, a `Date` in milliseconds.
    fn fixed_extension(&mut self, len: usize) -> Result<Data, Invalid> {
        let kind = i8::from_be_bytes(self.fixed()?);
        let bytes = self.take(len)?;
        Ok(match (kind, &bytes[..]) {
            (NOTEPACK, [_]) => Data::Null,
            (NOTEPACK, &[a, b, c, d, e, f, g, h]) => {
                date::from_millis(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
            _ => other_extension(kind, bytes),
        })
    }

    /// Decodes an extension of any length; the one of the JavaScript library is an `ArrayBuffer`.
    fn extension(&mut self, len: usize) -> Result<Data, Invalid> {
        let kind = i8::from_be_bytes(self.fixed()?);
        let bytes = self.take(len)?;
        Ok(match kind {
            NOTEPACK => Data::Binary(bytes),
            _ => other_extension(kind, bytes),
        })
    }
}

fn deeper(depth: usize) -> Result<usize, Invalid> {
    depth.checked_sub(1).ok_or("nested too deep")
}

fn other_extension(kind: i8, bytes: Bytes) -> Data {
    let date = match kind {
        TIMESTAMP => date::from_timestamp(&bytes),
        _ => None,
    };
    date.unwrap_or_else(|| Data::Array(vec![kind.into(), bytes.into()]))
}
