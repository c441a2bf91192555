//! Reading JSON in which placeholders stand for attachments.

use bytes::Bytes;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde_json::Error;

use super::{
    key::Key,
    placeholders::{MAX_DEPTH, Placeholders, skip_whitespace, value_end},
};

/// The name under which serde_json's `RawValue` asks for a value's text.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// A deserialiser over one argument of a binary packet.
///
/// Whether an object is a placeholder must be known before its first key is read, because it decides
/// what the visitor is given; a wrapper around serde_json's deserialiser would have to read ahead and
/// keep what it read. This one walks over arrays and objects itself, so that it knows the offset
/// it is at, and leaves everything else to serde_json.
pub(super) struct Attached<'de> {
    /// One value, known to be valid JSON.
    json: &'de str,
    placeholders: Placeholders,
    attachments: &'de [Bytes],
    position: usize,
    depth: usize,
}

impl<'de> Attached<'de> {
    pub(super) fn new(
        json: &'de str,
        placeholders: Placeholders,
        attachments: &'de [Bytes],
    ) -> Self {
        Attached {
            json,
            placeholders,
            attachments,
            position: 0,
            depth: 0,
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        self.position = skip_whitespace(self.json, self.position);
        self.json.as_bytes().get(self.position).copied()
    }

    /// The text of the next value, which is passed over.
    fn value(&mut self) -> &'de str {
        self.peek();
        let start = self.position;
        self.position = value_end(self.json, start);
        &self.json[start..self.position]
    }

    /// The attachment that stands here, which is passed over.
    fn attachment(&mut self) -> Option<&'de Bytes> {
        self.peek();
        let attachment = self.attachments.get(self.placeholders.at(self.position)?)?;
        self.value();
        Some(attachment)
    }

    fn refuse_attachment(&mut self, expected: &dyn Expected, hint: &str) -> Result<(), Error> {
        match self.attachment() {
            Some(_) => Err(Error::custom(format_args!(
                "invalid type: binary data, expected {expected}{hint}"
            ))),
            None => Ok(()),
        }
    }

    /// Steps into an array or an object, and out of it again.
    fn inside<R>(
        &mut self,
        close: u8,
        read: impl FnOnce(&mut Self) -> Result<R, Error>,
    ) -> Result<R, Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::custom("recursion limit exceeded"));
        }
        self.depth += 1;
        self.position += 1;
        let value = read(self)?;
        self.depth -= 1;
        if self.peek() != Some(close) {
            return Err(Error::custom("more elements than expected"));
        }
        self.position += 1;
        Ok(value)
    }

    fn array<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.inside(b']', |json| {
            visitor.visit_seq(Elements {
                json,
                close: b']',
                first: true,
            })
        })
    }

    fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.inside(b'}', |json| {
            visitor.visit_map(Elements {
                json,
                close: b'}',
                first: true,
            })
        })
    }
}

macro_rules! left_to_serde_json {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.refuse_attachment(&visitor, "")?;
            serde_json::Deserializer::from_str(self.value()).$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Attached<'de> {
    type Error = Error;

    left_to_serde_json! {
        deserialize_bool deserialize_char deserialize_str deserialize_string deserialize_identifier
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_unit
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Some(attachment) = self.attachment() {
            return visitor.visit_borrowed_bytes(attachment);
        }
        match self.peek() {
            Some(b'{') => self.object(visitor),
            Some(b'[') => self.array(visitor),
            _ => serde_json::Deserializer::from_str(self.value()).deserialize_any(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Some(attachment) = self.attachment() {
            return visitor.visit_borrowed_bytes(attachment);
        }
        match self.peek() {
            Some(b'[') => self.array(visitor),
            _ => serde_json::Deserializer::from_str(self.value()).deserialize_bytes(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.attachment() {
            Some(attachment) => visitor.visit_byte_buf(attachment.to_vec()),
            None => self.deserialize_bytes(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.peek() == Some(b'n') {
            self.value();
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != RAW_VALUE {
            return visitor.visit_newtype_struct(self);
        }
        self.peek();
        let start = self.position;
        let text = self.value();
        if self.placeholders.any_in(start..self.position) {
            return Err(Error::custom(
                "invalid type: binary data, expected JSON text",
            ));
        }
        serde_json::Deserializer::from_str(text).deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // Who meant bytes and wrote `Vec<u8>` comes here.
        self.refuse_attachment(&visitor, " (`Bytes` takes binary data)")?;
        match self.peek() {
            Some(b'[') => self.array(visitor),
            _ => serde_json::Deserializer::from_str(self.value()).deserialize_seq(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.refuse_attachment(&visitor, "")?;
        match self.peek() {
            Some(b'{') => self.object(visitor),
            _ => serde_json::Deserializer::from_str(self.value()).deserialize_map(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.peek() {
            Some(b'[') => self.array(visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.refuse_attachment(&visitor, "")?;
        match self.peek() {
            Some(b'{') => self.inside(b'}', |json| {
                visitor.visit_enum(Elements {
                    json,
                    close: b'}',
                    first: true,
                })
            }),
            _ => serde_json::Deserializer::from_str(self.value())
                .deserialize_enum(name, variants, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value();
        visitor.visit_unit()
    }
}

/// What stands between the brackets of an array or of an object.
struct Elements<'a, 'de> {
    json: &'a mut Attached<'de>,
    close: u8,
    first: bool,
}

impl<'de> Elements<'_, 'de> {
    /// Moves to the next element, if there is one.
    fn advance(&mut self) -> Result<bool, Error> {
        if self.json.peek() == Some(self.close) {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.pass(b',')?;
        }
        Ok(true)
    }

    /// Passes a separator. It can only be missing when a visitor left the value before it unread.
    fn pass(&mut self, separator: u8) -> Result<(), Error> {
        if self.json.peek() != Some(separator) {
            return Err(Error::custom("a value was not read"));
        }
        self.json.position += 1;
        Ok(())
    }

    /// Reads a key and passes the colon.
    fn key<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let key = Key(self.json.value());
        self.pass(b':')?;
        seed.deserialize(key)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if !self.advance()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.json).map(Some)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if !self.advance()? {
            return Ok(None);
        }
        self.key(seed).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(&mut *self.json)
    }
}

impl<'de> EnumAccess<'de> for Elements<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<(S::Value, Self), Error> {
        if !self.advance()? {
            return Err(Error::custom("expected the name of a variant"));
        }
        let variant = self.key(seed)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Deserialize::deserialize(self.json)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.json)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.json.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.json.deserialize_struct("", fields, visitor)
    }
}
