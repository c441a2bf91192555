//! [`LargeBuffer`]: the buffer of a large message.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use memmap2::MmapMut;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A buffer for a message of a known size. A large buffer has its own memory map, so that its memory goes back to the system when it is
/// dropped. A few maps are kept for the next messages, because a new one costs a page fault for every 4 KiB.
///
/// The initial content is arbitrary and may be that of an earlier message: callers must pass on only bytes that they have written.
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

/// The sizes of maps are multiples of this, in bytes, so that a map can be reused for messages of similar sizes.
const STEP: usize = 16 * 1024;

/// The maximum total size of the maps that are kept, in bytes.
const KEPT: usize = 4 << 20;

/// The maps that are kept for the next messages.
static SPARE: Mutex<Spare> = Mutex::new(Spare {
    maps: Vec::new(),
    bytes: 0,
});

struct Spare {
    /// Each is counted in [`MAPS`]. The newest is last, and is used first.
    maps: Vec<MmapMut>,
    bytes: usize,
}

impl Spare {
    fn lock() -> MutexGuard<'static, Spare> {
        SPARE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a map of at least this size, and at most twice this size.
    fn take(&mut self, size: usize) -> Option<MmapMut> {
        let fits = |map: &MmapMut| (size..=2 * size).contains(&map.len());
        let map = self.maps.remove(self.maps.iter().rposition(fits)?);
        self.bytes -= map.len();
        Some(map)
    }

    /// Keeps a map. Returns the oldest maps beyond [`KEPT`], for the caller to drop outside of the lock.
    fn keep(&mut self, map: MmapMut) -> Vec<MmapMut> {
        self.bytes += map.len();
        self.maps.push(map);
        let mut removed = 0;
        while self.bytes > KEPT {
            self.bytes -= self.maps[removed].len();
            removed += 1;
        }
        self.maps.drain(..removed).collect()
    }
}

/// A memory map, counted in [`MAPS`] while it exists.
pub(crate) struct Map {
    /// `None` only while it is dropped.
    map: Option<MmapMut>,
    length: usize,
}

impl Map {
    fn new(length: usize) -> Option<Self> {
        let size = length.checked_next_multiple_of(STEP)?;
        let spare = Spare::lock().take(size);
        if let Some(map) = spare {
            return Some(Map {
                map: Some(map),
                length,
            });
        }
        if MAPS.fetch_add(1, Ordering::Relaxed) < MOST_MAPS
            && let Ok(map) = MmapMut::map_anon(size)
        {
            return Some(Map {
                map: Some(map),
                length,
            });
        }
        MAPS.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if let Some(map) = self.map.take() {
            let removed = Spare::lock().keep(map);
            MAPS.fetch_sub(removed.len(), Ordering::Relaxed);
        }
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_deref().map_or(&[], |map| &map[..self.length])
    }
}

impl DerefMut for Map {
    fn deref_mut(&mut self) -> &mut [u8] {
        let map = self.map.as_deref_mut();
        map.map_or(&mut [], |map| &mut map[..self.length])
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        self
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
            LargeBuffer::Mapped(map) => map,
        }
    }
}

impl DerefMut for LargeBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            LargeBuffer::Allocated(bytes) => bytes,
            LargeBuffer::Mapped(map) => map,
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
            assert_eq!(buffer.len(), length);
            buffer.fill(7);
            assert_eq!(buffer.freeze(), vec![7; length]);
            let text = "é".repeat(length / 2);
            assert_eq!(fitted(text.clone()).as_str(), text);
        }
    }

    #[test]
    fn maps_are_reused_and_a_limited_size_is_kept() {
        let map = |size| MmapMut::map_anon(size).unwrap();
        let mut spare = Spare {
            maps: Vec::new(),
            bytes: 0,
        };
        for size in [4 * STEP, 2 * STEP, 9 * STEP] {
            assert!(spare.keep(map(size)).is_empty());
        }
        assert_eq!(spare.take(10 * STEP).map(|map| map.len()), None);
        assert_eq!(spare.take(5 * STEP).map(|map| map.len()), Some(9 * STEP));
        assert_eq!(spare.take(2 * STEP).map(|map| map.len()), Some(2 * STEP));
        assert_eq!(spare.take(2 * STEP).map(|map| map.len()), Some(4 * STEP));
        assert_eq!((spare.maps.len(), spare.bytes), (0, 0));

        let removed: usize = (0..100).map(|_| spare.keep(map(8 * STEP)).len()).sum();
        assert_eq!(spare.bytes, KEPT);
        assert_eq!(removed, 100 - KEPT / (8 * STEP));
        assert_eq!(
            spare.keep(map(KEPT + STEP)).len(),
            spare.maps.len() + KEPT / (8 * STEP) + 1
        );
        assert_eq!(spare.bytes, 0);
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
