//! Encoding values as MessagePack, each in its shortest form.

use rmp::encode::{self, ValueWriteError};

use crate::base::{BoxError, Data};

/// Appends a value.
pub(super) fn write(buffer: &mut Vec<u8>, data: &Data) -> Result<(), BoxError> {
    match data {
        Data::Null => encode::write_nil(buffer)?,
        Data::Bool(value) => encode::write_bool(buffer, *value)?,
        Data::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => _ = encode::write_uint(buffer, value)?,
            (None, Some(value)) => _ = encode::write_sint(buffer, value)?,
            (None, None) => {
                let value = number.as_f64().ok_or("a number that 64 bits can't hold")?;
                encode::write_f64(buffer, value)?;
            }
        },
        Data::String(string) => {
            write_length(buffer, string.len(), encode::write_str_len)?;
            buffer.extend_from_slice(string.as_bytes());
        }
        Data::Array(elements) => {
            write_length(buffer, elements.len(), encode::write_array_len)?;
            for element in elements {
                write(buffer, element)?;
            }
        }
        Data::Object(entries) => {
            write_length(buffer, entries.len(), encode::write_map_len)?;
            for (key, value) in entries {
                write_length(buffer, key.len(), encode::write_str_len)?;
                buffer.extend_from_slice(key.as_bytes());
                write(buffer, value)?;
            }
        }
        Data::Binary(bytes) => {
            write_length(buffer, bytes.len(), encode::write_bin_len)?;
            buffer.extend_from_slice(bytes);
        }
    }
    Ok(())
}

/// Appends a length, which must fit into 32 bits.
pub(super) fn write_length<M>(
    buffer: &mut Vec<u8>,
    len: usize,
    write: fn(&mut Vec<u8>, u32) -> Result<M, ValueWriteError<std::io::Error>>,
) -> Result<(), BoxError> {
    write(buffer, u32::try_from(len)?)?;
    Ok(())
}
