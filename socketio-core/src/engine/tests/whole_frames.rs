//! Large frames are read past tungstenite, and all others are left to it.

use std::{pin::Pin, task::Poll};

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf, duplex};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use crate::engine::stream::Stream;

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x5A, 0x01, 0xFF, 0x80];
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | length as u8),
        length @ ..65_536 => {
            frame.push(0xFE);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0xFF);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
    frame
}

/// Returns the frames that are read past tungstenite, by their sizes, and the bytes that are not.
async fn read_all(
    mut stream: Stream<tokio::io::DuplexStream>,
    room: usize,
) -> (Vec<usize>, Vec<u8>) {
    let (mut whole, mut others) = (Vec::new(), Vec::new());
    let mut buffer = vec![0; room];
    loop {
        let read = std::future::poll_fn(|cx| {
            let mut buffer = ReadBuf::new(&mut buffer);
            match Pin::new(&mut stream).poll_read(cx, &mut buffer) {
                Poll::Ready(result) => {
                    Poll::Ready(Ok(result.map(|()| buffer.filled().len()).unwrap()))
                }
                Poll::Pending => match stream.take_whole() {
                    Some(frame) => Poll::Ready(Err(frame.unwrap())),
                    None => Poll::Pending,
                },
            }
        });
        match read.await {
            Ok(0) => return (whole, others),
            Ok(read) => others.extend(&buffer[..read]),
            Err(frame) => {
                let is_right = match &frame {
                    Frame::Text(text) => text.bytes().all(|byte| byte == b'x'),
                    Frame::Binary(bytes) => bytes.iter().all(|byte| *byte == 7),
                    _ => false,
                };
                assert!(is_right);
                whole.push(frame.len());
            }
        }
    }
}

#[tokio::test]
async fn large_frames_are_read_past_the_reader_however_the_bytes_are_cut() {
    let text = |length: usize| frame(0x81, &vec![b'x'; length]);
    let binary = |length: usize| frame(0x82, &vec![7; length]);
    let small = [text(5), binary(300), frame(0x89, b"ping")];
    let fragments = [frame(0x01, &[b'x'; 20_000]), frame(0x80, &[b'x'; 20_000])];
    let stream = [
        &small[0],
        &text(100_000),
        &binary(16_384),
        &small[1],
        &small[2],
        &fragments.concat(),
        &binary(70_000),
        &text(16_383),
        &text(500_000),
        &small[0],
    ];
    let stream: Vec<u8> = stream.into_iter().flatten().copied().collect();
    let others: Vec<u8> = [
        &small[0],
        &small[1],
        &small[2],
        &fragments.concat(),
        &text(16_383),
        &small[0],
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect();
    for (cut, room) in [
        (1 << 20, 512),
        (1 << 20, 1 << 20),
        (10_007, 512),
        (997, 64),
        (1 << 16, 7),
    ] {
        let (mut peer, io) = duplex(1 << 21);
        let bytes = stream.clone();
        tokio::spawn(async move {
            for bytes in bytes.chunks(cut) {
                peer.write_all(bytes).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let (whole, read) = read_all(Stream::new(io, 1_000_000), room).await;
        // A frame whose head is cut is left to the reader.
        assert!(
            whole
                .iter()
                .all(|length| [100_000, 16_384, 70_000, 500_000].contains(length))
        );
        if cut == 1 << 20 {
            assert_eq!(whole, [100_000, 16_384, 70_000, 500_000]);
            assert!(read == others, "{cut} {room}");
        }
        let heads: usize = whole
            .iter()
            .map(|length| if *length < 65_536 { 8 } else { 14 })
            .sum();
        assert_eq!(
            read.len() + heads + whole.iter().sum::<usize>(),
            stream.len(),
            "{cut} {room}"
        );
    }
}

#[tokio::test]
async fn a_large_frame_that_ends_with_the_stream_is_not_read() {
    let (mut peer, io) = duplex(1 << 20);
    peer.write_all(&frame(0x82, &[7; 50_000])[..40_000])
        .await
        .unwrap();
    drop(peer);
    let (whole, others) = read_all(Stream::new(io, 1_000_000), 512).await;
    assert_eq!((whole, others), (vec![], vec![]));
}

#[tokio::test]
async fn a_text_that_is_not_utf_8_is_an_error() {
    let (mut peer, io) = duplex(1 << 20);
    peer.write_all(&frame(0x81, &[0xFF; 20_000])).await.unwrap();
    let mut stream = Stream::new(io, 1_000_000);
    let mut buffer = [0; 512];
    let taken = std::future::poll_fn(|cx| {
        let pending = Pin::new(&mut stream).poll_read(cx, &mut ReadBuf::new(&mut buffer));
        assert!(pending.is_pending());
        stream.take_whole().map_or(Poll::Pending, Poll::Ready)
    });
    assert!(matches!(taken.await, Err(Error::Utf8(_))));
}
