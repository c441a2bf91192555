//! [`LargeBuffer`]: the buffer of a large message.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use memmap2::MmapMut;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A buffer for a message of a known size, initially filled with zeros. A large buffer has its own memory map, so that its memory goes back
/// to the system when it is dropped.
///
/// glibc's allocator does not return memory between small allocations that are still in use, or that it caches for a thread. After a burst
/// of large messages, that is most of their memory.
pub(crate) enum LargeBuffer {
    Allocated(Vec<u8>),
    Mapped(Map),
}

/// The number of maps of this process. Linux allows 65,530 maps by default, beyond which the allocator fails and the process aborts.
static MAPS: AtomicUsize = AtomicUsize::new(0);

/// The number of maps from which on buffers are allocated instead.
const MOST_MAPS: usize = 16_384;

/// A memory map, counted in [`MAPS`] while it exists.
pub(crate) struct Map(MmapMut);

impl Map {
    fn new(length: usize) -> Option<Self> {
        if MAPS.fetch_add(1, Ordering::Relaxed) < MOST_MAPS
            && let Ok(map) = MmapMut::map_anon(length)
        {
            return Some(Map(map));
        }
        MAPS.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        MAPS.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl LargeBuffer {
    /// The size from which on a buffer is mapped, in bytes.
    pub(crate) const MAPPED: usize = 32 * 1024;

    pub(crate) fn new(length: usize) -> Self {
        if length >= Self::MAPPED
            && let Some(map) = Map::new(length)
        {
            return LargeBuffer::Mapped(map);
        }
        LargeBuffer::Allocated(vec![0; length])
    }

    /// Returns the content. The memory is freed with the last reference to it.
    pub(crate) fn freeze(self) -> Bytes {
        match self {
            LargeBuffer::Allocated(bytes) => bytes.into(),
            LargeBuffer::Mapped(map) => Bytes::from_owner(map),
        }
    }
}

/// Moves a large text into a buffer of its exact size, since a string that has grown may have twice the capacity.
pub(crate) fn fitted(text: String) -> Utf8Bytes {
    if text.len() < LargeBuffer::MAPPED {
        return text.into();
    }
    let mut buffer = LargeBuffer::new(text.len());
    buffer.copy_from_slice(text.as_bytes());
    Utf8Bytes::try_from(buffer.freeze()).unwrap_or_else(|_| text.into())
}

impl Deref for LargeBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            LargeBuffer::Allocated(bytes) => bytes,
            LargeBuffer::Mapped(map) => &map.0,
        }
    }
}

impl DerefMut for LargeBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            LargeBuffer::Allocated(bytes) => bytes,
            LargeBuffer::Mapped(map) => &mut map.0,
        }
    }
}

impl fmt::Debug for LargeBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPED: usize = LargeBuffer::MAPPED;

    #[test]
    fn a_buffer_of_any_size_is_filled_and_frozen() {
        for length in [0, 1, MAPPED - 1, MAPPED, MAPPED + 1, 1_000_000] {
            let mut buffer = LargeBuffer::new(length);
            assert_eq!(
                (buffer.len(), buffer.iter().any(|byte| *byte != 0)),
                (length, false)
            );
            buffer.fill(7);
            assert_eq!(buffer.freeze(), vec![7; length]);
            let text = "é".repeat(length / 2);
            assert_eq!(fitted(text.clone()).as_str(), text);
        }
    }

    #[test]
    fn beyond_a_number_of_maps_buffers_are_allocated() {
        let mut buffers: Vec<_> = (0..MOST_MAPS).map(|_| LargeBuffer::new(MAPPED)).collect();
        let more = LargeBuffer::new(MAPPED);
        assert!(matches!(more, LargeBuffer::Allocated(_)));
        // Other tests have maps, too.
        buffers.truncate(MOST_MAPS / 2);
        let frozen: Vec<_> = buffers.into_iter().map(LargeBuffer::freeze).collect();
        assert!(MAPS.load(Ordering::Relaxed) < MOST_MAPS);
        drop(frozen);
        let again = LargeBuffer::new(MAPPED);
        assert!(matches!(again, LargeBuffer::Mapped(_)));
    }
}
