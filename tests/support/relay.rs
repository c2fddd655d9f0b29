//! A road to a server that can be closed and opened again: what an outage looks like from here.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Passes connections on while it is open.
pub struct Relay {
    /// Where it listens.
    pub address: SocketAddr,
    /// The connections that it passes on; none while it is closed.
    passing: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Relay {
    /// A closed one to `server`.
    pub fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let passing = Arc::new(Mutex::new(None::<Vec<TcpStream>>));
        let open = Arc::clone(&passing);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let Ok(near) = near else { return };
                let mut open = open.lock().unwrap();
                // Where it is closed, the connection is dropped here.
                let Some(passing) = open.as_mut() else {
                    continue;
                };
                let far = TcpStream::connect(&server).unwrap();
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    std::thread::spawn(move || {
                        // It ends when either side does, or the relay is closed.
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
                passing.extend([near, far]);
            }
        });
        Self { address, passing }
    }

    /// Passes connections on from now.
    pub fn open(&self) {
        self.passing.lock().unwrap().get_or_insert_with(Vec::new);
    }

    /// Breaks every connection off, and takes no more.
    pub fn close(&self) {
        for stream in self.passing.lock().unwrap().take().into_iter().flatten() {
            // It may have ended by itself.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}
