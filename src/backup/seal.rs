//! A passphrase around a backup: Argon2id makes the key, ChaCha20-Poly1305 in the STREAM construction
//! protects it piece by piece, so that a cut or swapped piece is noticed where it is.

use super::format::MARK;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

const SEALED: &[u8; 16] = b"anlao sealed 1\r\n";
const SALT: usize = 16;
const CHECK: usize = 16;
/// Bytes of a piece before and after sealing.
const PLAIN: usize = 64 << 10;
const CLOSED: usize = PLAIN + 16;
/// What making the key from the passphrase costs: memory in KiB, passes, lanes. Next to nothing for a fuzzer.
const COST: Cost = Cost { memory: if cfg!(fuzzing) { 8 } else { 64 << 10 }, passes: 3, lanes: 1 };
const MOST: Cost = Cost { memory: if cfg!(fuzzing) { 64 } else { 256 << 10 }, passes: 10, lanes: 4 };
/// The salt makes the key of every file its own, so the nonce may be fixed.
const NONCE: [u8; 7] = [0; 7];

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("it is protected by a passphrase; name the file that holds it with --passphrase-file")]
    NeedsPassphrase,
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    #[error("it is not protected by a passphrase, but one was given")]
    NotSealed,
    #[error("it is damaged in its first bytes")]
    Damaged,
    #[error("the passphrase is empty")]
    Empty,
    #[error("{0}")]
    Io(#[from] io::Error),
}

#[derive(Clone, Copy)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// The key for this salt, and the first bytes of a digest by which a wrong passphrase is known as one.
fn derive(passphrase: &str, salt: &[u8], cost: Cost) -> Result<([u8; 32], [u8; CHECK]), SealError> {
    if passphrase.is_empty() {
        return Err(SealError::Empty);
    }
    let made = Params::new(cost.memory, cost.passes, cost.lanes, Some(64)).and_then(|params| {
        let mut made = [0; 64];
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(passphrase.as_bytes(), salt, &mut made).map(|()| made)
    });
    let made = made.map_err(|_error| SealError::Damaged)?;
    let (key, rest) = made.split_at(32);
    let (mut into, mut check) = ([0; 32], [0; CHECK]);
    into.copy_from_slice(key);
    check.iter_mut().zip(Sha256::digest(rest)).for_each(|(to, from)| *to = from);
    Ok((into, check))
}

/// Seals what is written to it. Only [`Sealer::finish`] makes it whole.
pub struct Sealer<W> {
    out: W,
    cipher: EncryptorBE32<ChaCha20Poly1305>,
    piece: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    pub fn begin(mut out: W, passphrase: &str) -> Result<Self, SealError> {
        let salt = crate::keys::random(SALT);
        let (key, check) = derive(passphrase, &salt, COST)?;
        out.write_all(SEALED)?;
        for number in [COST.memory, COST.passes, COST.lanes] {
            out.write_all(&number.to_be_bytes())?;
        }
        out.write_all(&salt)?;
        out.write_all(&check)?;
        let cipher = EncryptorBE32::from_aead(ChaCha20Poly1305::new(&key.into()), &NONCE.into());
        Ok(Self { out, cipher, piece: Vec::with_capacity(PLAIN) })
    }

    pub fn finish(mut self) -> io::Result<W> {
        let last = self.cipher.encrypt_last(self.piece.as_slice());
        self.out.write_all(&last.map_err(|_error| io::Error::other("it cannot be sealed"))?)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full piece waits until it is known not to be the last.
        if self.piece.len() == PLAIN {
            let closed = self.cipher.encrypt_next(self.piece.as_slice());
            self.out.write_all(&closed.map_err(|_error| io::Error::other("it is too long to be sealed"))?)?;
            self.piece.clear();
        }
        let taken = bytes.len().min(PLAIN - self.piece.len());
        self.piece.extend(bytes.iter().take(taken));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a backup's bytes, sealed or not.
pub enum Opener<R> {
    Plain(io::Chain<io::Cursor<Vec<u8>>, R>),
    Sealed(Box<Opening<R>>),
}

/// What is left of a sealed file.
pub struct Opening<R> {
    input: R,
    cipher: Option<DecryptorBE32<ChaCha20Poly1305>>,
    /// Read ahead, to know whether a piece is the last.
    closed: Vec<u8>,
    plain: Vec<u8>,
    at: usize,
}

impl<R: Read> Opener<R> {
    /// Looks at the first bytes. A passphrase must be given if, and only if, there is one.
    pub fn open(mut input: R, passphrase: Option<&str>) -> Result<Self, SealError> {
        let mut mark = Vec::new();
        (&mut input).take(MARK.len() as u64).read_to_end(&mut mark)?;
        if mark != SEALED {
            return match passphrase {
                Some(_) if mark == MARK => Err(SealError::NotSealed),
                _ => Ok(Self::Plain(io::Cursor::new(mark).chain(input))),
            };
        }
        let passphrase = passphrase.ok_or(SealError::NeedsPassphrase)?;
        let mut number = || -> Result<u32, SealError> {
            let mut bytes = [0; 4];
            input.read_exact(&mut bytes).map_err(|_error| SealError::Damaged)?;
            Ok(u32::from_be_bytes(bytes))
        };
        let cost = Cost { memory: number()?, passes: number()?, lanes: number()? };
        if cost.memory > MOST.memory || cost.passes > MOST.passes || cost.lanes > MOST.lanes {
            return Err(SealError::Damaged);
        }
        let (mut salt, mut expected) = ([0; SALT], [0; CHECK]);
        input.read_exact(&mut salt).map_err(|_error| SealError::Damaged)?;
        input.read_exact(&mut expected).map_err(|_error| SealError::Damaged)?;
        let (key, check) = derive(passphrase, &salt, cost)?;
        if check != expected {
            return Err(SealError::WrongPassphrase);
        }
        let cipher = DecryptorBE32::from_aead(ChaCha20Poly1305::new(&key.into()), &NONCE.into());
        Ok(Self::Sealed(Box::new(Opening {
            input,
            cipher: Some(cipher),
            closed: Vec::new(),
            plain: Vec::new(),
            at: 0,
        })))
    }
}

impl<R: Read> Opening<R> {
    /// Opens the next piece; false when the last was opened before.
    fn next_piece(&mut self) -> io::Result<bool> {
        let Some(mut cipher) = self.cipher.take() else { return Ok(false) };
        let wanted = (CLOSED + 1).saturating_sub(self.closed.len());
        (&mut self.input).take(wanted as u64).read_to_end(&mut self.closed)?;
        let damaged =
            |_error| io::Error::new(io::ErrorKind::InvalidData, "a sealed piece was changed or cut off");
        self.at = 0;
        if self.closed.len() > CLOSED {
            let rest = self.closed.split_off(CLOSED);
            self.plain = cipher.decrypt_next(self.closed.as_slice()).map_err(damaged)?;
            self.closed = rest;
            self.cipher = Some(cipher);
        } else {
            self.plain = cipher.decrypt_last(self.closed.as_slice()).map_err(damaged)?;
        }
        Ok(true)
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let opening = match self {
            Self::Plain(input) => return input.read(into),
            Self::Sealed(opening) => opening,
        };
        while opening.at == opening.plain.len() {
            if !opening.next_piece()? {
                return Ok(0);
            }
        }
        let rest = opening.plain.get(opening.at..).unwrap_or_default();
        let taken = rest.len().min(into.len());
        into.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        opening.at += taken;
        Ok(taken)
    }
}
