//! The bytes of a connection: what arrives is looked at, and a client that reads nothing is given up.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::head_scanner::{HeadFault, HeadScanner};

/// How long the rest of a refused body is read and thrown away, and how much of it. A connection that is closed earlier is
/// reset, and the client may not see why it was refused.
const LINGER: Duration = Duration::from_secs(1);
const MAX_LINGER_BYTES: usize = 1 << 20;

/// A connection with a client.
pub(super) struct ClientStream {
    stream: TcpStream,
    scanner: HeadScanner,
    /// How long the client may read nothing of what is sent to it.
    patience: Duration,
    /// Runs while nothing can be written.
    stalled: Option<Pin<Box<Sleep>>>,
    lingering: Option<Lingering>,
}

/// What is left of the time and of the bytes after an answer.
struct Lingering {
    timer: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl ClientStream {
    pub(super) fn new(stream: TcpStream, patience: Duration) -> ClientStream {
        // Answers are written in one piece: Nagle's algorithm would only delay them.
        let _ = stream.set_nodelay(true);
        ClientStream { stream, scanner: HeadScanner::default(), patience, stalled: None, lingering: None }
    }

    /// What is wrong with the head of a request.
    pub(super) fn head_fault(&self) -> HeadFault {
        self.scanner.fault()
    }

    /// Fails when nothing could be written for too long.
    fn check_progress<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        // The kernel would keep what was not read for some more minutes.
        let _ = self.stream.set_zero_linger();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let from = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.scanner.scan(&buffer.filled()[from..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.check_progress(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.check_progress(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        if !this.scanner.is_in_body() {
            return Poll::Ready(Ok(()));
        }
        let lingering = this
            .lingering
            .get_or_insert_with(|| Lingering { timer: Box::pin(sleep(LINGER)), bytes_left: MAX_LINGER_BYTES });
        while lingering.bytes_left > 0 && lingering.timer.as_mut().poll(cx).is_pending() {
            let mut thrown_away = [0; 8 << 10];
            let mut buffer = ReadBuf::new(&mut thrown_away);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buffer))?;
            match buffer.filled().len() {
                0 => break,
                read => lingering.bytes_left = lingering.bytes_left.saturating_sub(read),
            }
        }
        Poll::Ready(Ok(()))
    }
}
