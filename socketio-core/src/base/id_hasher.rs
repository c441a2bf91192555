//! [`IdHasher`]: a cheap hash of ids.

use std::hash::{BuildHasherDefault, Hasher};

/// A table by ids or numbers that the server itself has chosen.
///
/// The standard hash costs several times as much. It keeps clients from choosing keys that collide, but no client chooses a key that is
/// stored in these tables: ids are random, and numbers are counted up. Names of rooms, for example, don't belong here.
pub(crate) type BuildIdHasher = BuildHasherDefault<IdHasher>;

/// An odd number without a pattern in its bits: the fraction of the golden ratio.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Multiplies each word into the state.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in words.by_ref() {
            self.write_u64(
                word.iter()
                    .fold(0, |word, byte| word << 8 | u64::from(*byte)),
            );
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            self.write_u64(
                rest.iter()
                    .fold(0, |word, byte| word << 8 | u64::from(*byte)),
            );
        }
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        // Both halves of the product, since tables use the first bits of a hash and the last ones.
        let product = u128::from(self.0 ^ word ^ FACTOR) * u128::from(FACTOR);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        hash::{BuildHasher as _, Hash},
    };

    use super::*;

    /// Returns how many different hashes there are if only these bits of each count.
    fn different<T: Hash>(ids: impl Iterator<Item = T>, bits: impl Fn(u64) -> u64) -> usize {
        let build = BuildIdHasher::default();
        let hashes: HashSet<u64> = ids.map(|id| bits(build.hash_one(id))).collect();
        hashes.len()
    }

    #[test]
    fn numbers_and_texts_are_spread_over_the_first_and_the_last_bits() {
        for bits in [|hash: u64| hash & 0xFFFF, |hash| hash >> 48] {
            // Of 10,000 random numbers below 65,536, 9,270 are different.
            let numbers = different(0..10_000_u64, bits);
            assert!(numbers > 9_000, "{numbers}");
            let texts = different((0..10_000).map(|id| format!("{id:020}")), bits);
            assert!(texts > 9_000, "{texts}");
        }
    }
}
