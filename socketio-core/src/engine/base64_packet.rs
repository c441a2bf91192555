//! Binary messages in text form: `b` and base64. Polling has no other form, and a WebSocket carries them in text frames
//! for clients that can't read binary ones.
//!
//! Decoding is as lenient as the reference servers are with what clients write: MIME encoders wrap lines at 76
//! characters, others leave out the padding or write the URL-safe alphabet. Characters that no encoder writes are
//! refused, because the message would be a different one without them.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use bytes::Bytes;

/// The packet type of a binary message in text form.
pub(super) const TYPE: char = 'b';

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes what follows the packet type; `None` if it is not base64.
pub(super) fn decode(base64: &[u8]) -> Option<Bytes> {
    LENIENT
        .decode(base64)
        .or_else(|_| LENIENT.decode(normalized(base64)))
        .map(Bytes::from)
        .ok()
}

/// Returns the text without white space and padding, in the standard alphabet.
fn normalized(base64: &[u8]) -> Vec<u8> {
    let mut text: Vec<u8> = base64
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    text.truncate(text.len() - padding);
    text
}

/// Appends a packet. It needs [`encoded_length`] bytes.
pub(super) fn encode(bytes: &[u8], packet: &mut String) {
    packet.push(TYPE);
    STANDARD.encode_string(bytes, packet);
}

/// Returns the length of the packet with this number of bytes.
pub(super) fn encoded_length(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_all_encoders_is_decoded() {
        for text in [
            "AQIDBA==",
            "AQIDBA",
            "AQIDBA=",
            "AQIDBA====",
            "AQIDBA==\n",
            "AQID\r\nBA==\r\n",
            "\tAQ ID BA = =",
            "AQIDBB==",
        ] {
            assert_eq!(
                decode(text.as_bytes()).unwrap(),
                [1, 2, 3, 4][..],
                "{text:?}"
            );
        }
        assert_eq!(decode(b"-_-_").unwrap(), decode(b"+/+/").unwrap());
        assert_eq!(decode(b"").unwrap(), b""[..]);
        assert_eq!(decode(b"\n").unwrap(), b""[..]);
    }

    #[test]
    fn lines_of_76_characters_are_one_message() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        let mut packet = String::new();
        encode(&bytes, &mut packet);
        assert_eq!(packet.len(), encoded_length(bytes.len()));
        let wrapped: Vec<u8> = packet.as_bytes()[1..]
            .chunks(76)
            .collect::<Vec<_>>()
            .join(&b"\r\n"[..]);
        assert_eq!(decode(&wrapped).unwrap(), bytes);
    }

    #[test]
    fn text_that_no_encoder_writes_is_malformed() {
        for text in ["!!", "AQ!D", "AQIDB", "A", "AQ==AQ==", "AQ=ID", "AQ\u{e9}D"] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
    }
}
