//! What passes between a host and a process that compiles for it: frames of a kind and a length, and their content.

use std::io::{self, ErrorKind, Read, Write};

/// The exit code of a child that ran out of memory and could still say so.
pub(super) const MEMORY: u8 = 3;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Asked: compile this component.
    Compile = b'c',
    /// Asked: instrument and compile this component, whose state is going to be snapshotted.
    Instrument = b'i',
    /// The name of the value in the next frame: part of the state of an instance.
    Name = b'n',
    /// A value of that state, in little-endian order.
    I32 = b'w',
    /// As above.
    I64 = b'l',
    /// As above, the bits of it.
    F32 = b'f',
    /// As above.
    F64 = b'd',
    /// A memory.
    Memory = b'm',
    /// Asked: compile the component with the state that was sent.
    Snapshot = b's',
    /// Answered: code, followed by its lines.
    Code = b'o',
    /// Answered: the encoded table of source lines of the code before.
    Lines = b't',
    /// Answered: why it cannot be done.
    Refused = b'r',
}

const KINDS: [Kind; 12] = [
    Kind::Compile,
    Kind::Instrument,
    Kind::Name,
    Kind::I32,
    Kind::I64,
    Kind::F32,
    Kind::F64,
    Kind::Memory,
    Kind::Snapshot,
    Kind::Code,
    Kind::Lines,
    Kind::Refused,
];

pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) content: Vec<u8>,
}

pub(super) fn write(to: &mut impl Write, kind: Kind, content: &[u8]) -> io::Result<()> {
    to.write_all(&[kind as u8])?;
    to.write_all(&(content.len() as u64).to_le_bytes())?;
    to.write_all(content)
}

/// The next frame; `None` where there is none. One that is longer than `most` is an error.
pub(super) fn read(from: &mut impl Read, most: u64) -> io::Result<Option<Frame>> {
    let mut kind = [0];
    if from.read(&mut kind)? == 0 {
        return Ok(None);
    }
    let invalid = |what: String| io::Error::new(ErrorKind::InvalidData, what);
    let kind = KINDS
        .into_iter()
        .find(|known| [*known as u8] == kind)
        .ok_or_else(|| invalid(format!("a frame of kind {kind:?} is not known")))?;
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > most {
        return Err(invalid(format!(
            "a frame has {length} bytes, {most} are allowed"
        )));
    }
    let mut content = Vec::new();
    // Room is made as bytes come, and not for what is promised.
    if from.take(length).read_to_end(&mut content)? as u64 != length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(Frame { kind, content }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_is_written() {
        for kind in KINDS {
            let mut bytes = Vec::new();
            write(&mut bytes, kind, b"content").unwrap();
            let mut rest = bytes.as_slice();
            let frame = read(&mut rest, 7).unwrap().unwrap();
            assert_eq!((frame.kind, &frame.content[..]), (kind, &b"content"[..]));
            assert!(read(&mut rest, 7).unwrap().is_none());
            assert!(read(&mut bytes.as_slice(), 6).is_err());
            for end in 1..bytes.len() {
                assert!(read(&mut &bytes[..end], 7).is_err(), "{end}");
            }
        }
        assert!(read(&mut &b"?00000000"[..], u64::MAX).is_err());
    }
}
