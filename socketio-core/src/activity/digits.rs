//! Numbers as decimal digits, two at a time: faster than formatting.

/// Appends a number.
#[inline]
pub(super) fn number(json: &mut Vec<u8>, mut value: u64) {
    if let Ok(digit @ 0..10) = u8::try_from(value) {
        return json.push(b'0' + digit);
    }
    if let Some(pair) = PAIRS.get(value as usize) {
        return json.extend_from_slice(pair);
    }
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    json.extend_from_slice(&digits[start..]);
}

/// The numbers from 0 to 99, in two digits each.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut value = 0;
    while value < pairs.len() {
        pairs[value] = [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8];
        value += 1;
    }
    pairs
};

/// Fills `digits`, of which there are an even number, with a number and leading zeros.
pub(super) fn pairs<const DIGITS: usize>(digits: &mut [u8; DIGITS], mut value: u32) {
    for pair in digits.rchunks_exact_mut(2) {
        pair.copy_from_slice(&PAIRS[(value % 100) as usize]);
        value /= 100;
    }
}
