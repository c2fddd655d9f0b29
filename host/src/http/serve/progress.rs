//! Watches the bytes of a connection: when the last one moved. Fails writes that make no progress.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Bytes that a client must take within the time limit of a write. A client that takes single bytes holds a response
/// no longer than one that takes none.
const PROGRESS: usize = 16 << 10;

/// When a connection last moved a byte.
#[derive(Debug)]
pub(super) struct LastMoved {
    begun: Instant,
    after_ms: AtomicU64,
}

impl LastMoved {
    pub(super) fn now() -> Self {
        Self {
            begun: Instant::now(),
            after_ms: AtomicU64::new(0),
        }
    }

    /// When that was.
    pub(super) fn at(&self) -> Instant {
        self.begun + Duration::from_millis(self.after_ms.load(Ordering::Relaxed))
    }

    pub(super) fn touch(&self) {
        let after = self.begun.elapsed().as_millis();
        let after = u64::try_from(after).unwrap_or(u64::MAX);
        self.after_ms.store(after, Ordering::Relaxed);
    }
}

/// A connection that is watched.
pub(super) struct Watched<S> {
    stream: S,
    moved: Arc<LastMoved>,
    within: Duration,
    /// Runs while a write waits for the client to take what was written.
    stalled: Option<Stalled>,
    /// Drops what the client did not take: the system would otherwise buffer and resend it for minutes.
    forget: fn(&S),
}

struct Stalled {
    deadline: Pin<Box<Sleep>>,
    /// Bytes that were taken since it began.
    taken: usize,
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    pub(super) const fn new(
        stream: S,
        moved: Arc<LastMoved>,
        within: Duration,
        forget: fn(&S),
    ) -> Self {
        Self {
            stream,
            moved,
            within,
            stalled: None,
            forget,
        }
    }

    /// What a write came to. One that waits fails when its time is over.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(wrote) = wrote else {
            return self.wait(context).map(Err);
        };
        if let (Ok(bytes), Some(stalled)) = (&wrote, &mut self.stalled) {
            stalled.taken += bytes;
            if stalled.taken >= PROGRESS {
                self.stalled = None;
            }
        }
        if wrote.is_ok() {
            self.moved.touch();
        }
        Poll::Ready(wrote)
    }

    /// Waits for the client; ready where it takes too long.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let within = self.within;
        let stalled = self.stalled.get_or_insert_with(|| Stalled {
            deadline: Box::pin(tokio::time::sleep(within)),
            taken: 0,
        });
        ready!(stalled.deadline.as_mut().poll(context));
        let reason = format!("the client took too little of an answer within {within:?}");
        Poll::Ready(io::Error::new(ErrorKind::TimedOut, reason))
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        if self.stalled.is_some() {
            (self.forget)(&self.stream);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.moved.touch();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when nothing is left to write.
        self.stalled = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::*;

    /// Bytes that the other side takes without reading them.
    const ROOM: usize = 64;

    fn watched(within: Duration) -> (Watched<DuplexStream>, DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(ROOM);
        let moved = Arc::new(LastMoved::now());
        (Watched::new(ours, moved, within, |_| {}), theirs)
    }

    #[tokio::test]
    async fn unread_write_times_out() {
        let (mut ours, _theirs) = watched(Duration::from_millis(5));
        let error = ours.write_all(&[0; ROOM + 1]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn single_bytes_do_not_extend_the_time_limit() {
        let (mut ours, mut theirs) = watched(Duration::from_secs(3600));
        ours.write_all(&[0; ROOM]).await.unwrap();
        assert!(ours.stalled.is_none());
        assert!(poll!(Box::pin(ours.write(&[0]))).is_pending());
        // A byte now and then is no progress.
        for taken in 1..=PROGRESS {
            assert!(ours.stalled.is_some(), "{taken}");
            theirs.read_u8().await.unwrap();
            assert_eq!(ours.write(&[0]).await.unwrap(), 1);
        }
        assert!(ours.stalled.is_none());
    }

    #[tokio::test]
    async fn complete_write_does_not_wait() {
        let (mut ours, mut theirs) = watched(Duration::from_secs(3600));
        ours.write_all(&[0; ROOM]).await.unwrap();
        assert!(poll!(Box::pin(ours.write(&[0]))).is_pending());
        theirs.read_u8().await.unwrap();
        ours.write_all(&[0]).await.unwrap();
        ours.flush().await.unwrap();
        assert!(ours.stalled.is_none());
    }
}
