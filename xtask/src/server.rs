//! Whether there is a PostgreSQL server for the tests.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Where it is looked for, unless the variable says where it is.
const DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/test";
const VARIABLE: &str = "LEVAIN_TEST_DATABASE_URL";

/// The variables that the tests read, which mean nothing to a host.
pub const VARIABLES: [&str; 2] = [VARIABLE, "LEVAIN_TEST_STORE"];

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a client may ask before anything else: whether the connection can be encrypted. A server answers
/// with one letter. (PostgreSQL, "Message Formats": SSLRequest.)
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The server that the tests would use, without its user and password: `127.0.0.1:5432`.
///
/// # Errors
///
/// The URL names no server.
pub fn address() -> Result<String> {
    let url = std::env::var(VARIABLE).unwrap_or_else(|_| DEFAULT.to_owned());
    let server = server(&url).with_context(|| format!("{VARIABLE} names no server"))?;
    Ok(server)
}

/// Whether a PostgreSQL server answers there.
pub fn answers(address: &str) -> bool {
    ask(address).is_ok_and(|answer| matches!(answer, b'S' | b'N'))
}

fn ask(address: &str) -> std::io::Result<u8> {
    let address = address
        .to_socket_addrs()?
        .next()
        .ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&SSL_REQUEST)?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    let [letter] = answer;
    Ok(letter)
}

/// `host:port` of a URL.
fn server(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let server = authority.rsplit('@').next()?;
    if server.is_empty() {
        return None;
    }
    // The colons of an address of version 6 stand in brackets.
    let has_port = server.rsplit(']').next()?.contains(':');
    Some(match has_port {
        true => server.to_owned(),
        false => format!("{server}:5432"),
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_url_names_its_server() {
        for (url, address) in [
            (DEFAULT, Some("127.0.0.1:5432")),
            ("postgres://u:p@ss@db/test?sslmode=disable", Some("db:5432")),
            ("postgres://[::1]:6000/test", Some("[::1]:6000")),
            ("postgres://[::1]/test", Some("[::1]:5432")),
            ("postgres:///test", None),
            ("nonsense", None),
        ] {
            assert_eq!(server(url).as_deref(), address, "{url}");
        }
    }

    #[test]
    fn only_what_speaks_as_a_server_is_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let speaking = std::thread::spawn(move || {
            for answer in [b"N", b"H"] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 8];
                stream.read_exact(&mut request).unwrap();
                assert_eq!(request, SSL_REQUEST);
                stream.write_all(answer).unwrap();
            }
        });
        assert!(answers(&address));
        assert!(!answers(&address), "something else answers");
        speaking.join().unwrap();
        assert!(!answers(&address), "nobody answers");
    }
}
