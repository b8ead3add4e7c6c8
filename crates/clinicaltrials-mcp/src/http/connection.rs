//! What is set on every connection when it is accepted.

use axum_server::accept::Accept;
use std::{
    future::{Ready, ready},
    io,
};
use tokio::net::TcpStream;

/// Longest that a client may leave what it was sent unread, in milliseconds; then its connection is cut off, and what
/// waited to be sent takes no memory any more.
#[cfg(target_os = "linux")]
const UNREAD_TIME_MAX_MS: u32 = 60_000;

/// Accepts connections over TCP.
#[derive(Clone, Copy)]
pub(super) struct Acceptor;

impl<Service> Accept<TcpStream, Service> for Acceptor {
    type Stream = TcpStream;
    type Service = Service;
    type Future = Ready<io::Result<(TcpStream, Service)>>;

    fn accept(&self, stream: TcpStream, service: Service) -> Self::Future {
        ready(prepare(&stream).map(|()| (stream, service)))
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    // Answers are written in two parts; with Nagle's algorithm the second would wait 40 ms.
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    rustix::net::sockopt::set_tcp_user_timeout(stream, UNREAD_TIME_MAX_MS)?;
    Ok(())
}
