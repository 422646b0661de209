//! Reads what whisper.cpp's files say of themselves, and whether they are whole.
//!
//! whisper.cpp trusts its files: a wrong size makes it ask for any amount of memory, or end the process. So a file is read here from end to end before it is handed on.

use super::GGML_MAGIC;
use crate::infer::InferError;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Tokens of the models of OpenAI: English, many languages, many languages and Cantonese.
const TOKENS: [u32; 3] = [51_864, 51_865, 51_866];
/// Longest name of a tensor, and longest token.
const LONGEST_NAME: u32 = 256;

/// A whole file in whisper.cpp's format.
#[derive(Debug)]
pub(super) struct GgmlFile {
    pub(super) path: PathBuf,
    pub(super) sizes: Sizes,
    /// The bytes of each token that the file spells; those of timestamps, languages and tasks follow unspelt.
    pub(super) tokens: Vec<Vec<u8>>,
}

/// The sizes of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    /// All tokens, unspelt ones too.
    pub(super) tokens: u32,
    /// Tokens that the decoder can hold.
    pub(super) text_positions: usize,
}

/// How numbers lie in a tensor: so many in a block of so many bytes; by the number that ggml gives the format.
fn block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),
        1 => (1, 2),
        2 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        10 => (256, 84),
        11 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        _ => return None,
    })
}

impl GgmlFile {
    /// Reads a file from end to end, its numbers left out.
    ///
    /// # Errors
    /// `Read` where it cannot be read; `Unrecognised` where it is cut short, or not a Whisper of the sizes that OpenAI's have.
    pub(super) fn open(path: &Path) -> Result<Self, InferError> {
        let unread = |e: std::io::Error| InferError::Read { path: path.to_path_buf(), reason: e.to_string() };
        let odd = |reason: String| InferError::Unrecognised { path: path.to_path_buf(), reason };
        let file = File::open(path).map_err(unread)?;
        let length = file.metadata().map_err(unread)?.len();
        let mut reader = Reader { file: BufReader::new(file), left: length };
        let (sizes, tokens) = reader.walk().map_err(|fault| match fault {
            Fault::Io(e) => unread(e),
            Fault::Odd(reason) => odd(reason),
        })?;
        Ok(Self { path: path.to_path_buf(), sizes, tokens })
    }
}

enum Fault {
    Io(std::io::Error),
    Odd(String),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

fn odd<T>(reason: String) -> Result<T, Fault> {
    Err(Fault::Odd(reason))
}

struct Reader {
    file: BufReader<File>,
    /// Bytes that are not read yet.
    left: u64,
}

impl Reader {
    fn walk(&mut self) -> Result<(Sizes, Vec<Vec<u8>>), Fault> {
        if self.bytes(4)? != GGML_MAGIC {
            return odd("it is not a ggml file of whisper.cpp".into());
        }
        let mut head = [0u32; 11];
        for value in &mut head {
            *value = self.number()?;
        }
        let [tokens, sound_positions, sound_width, sound_heads, sound_layers, positions, width, heads, layers, mels, format] =
            head;
        let fits = |width: u32, heads: u32, layers: u32| {
            (1..=8192).contains(&width) && heads > 0 && width.is_multiple_of(heads) && (1..=128).contains(&layers)
        };
        let is_whisper = TOKENS.contains(&tokens)
            && sound_positions == 1500
            && positions == 448
            && sound_width == width
            && fits(width, heads, layers)
            && fits(sound_width, sound_heads, sound_layers)
            && matches!(mels, 80 | 128);
        if !is_whisper {
            return odd(format!("its sizes are none of Whisper's: {head:?}"));
        }
        // The thousands are the version of the format.
        let block = match format % 1000 {
            0 => {
                return odd(
                    "its weights are of 32 bits, which whisper.cpp cannot compute with; take one of 16 bits or fewer".into()
                );
            }
            1 => 1,
            2 | 3 | 7 | 8 | 9 => 32,
            10..=14 => 256,
            _ => return odd(format!("its weights are in format {format}, which is not known")),
        };
        if !width.is_multiple_of(block) {
            return odd(format!("its weights are in blocks of {block}, into which {width} cannot be cut"));
        }
        let (rows, columns) = (self.number()?, self.number()?);
        if (rows, columns) != (mels, 201) {
            return odd(format!("its mel filters are {rows} x {columns} where {mels} x 201 were due"));
        }
        self.pass(4 * u64::from(rows) * u64::from(columns))?;
        let spelt = self.number()?;
        if !(50_256..=tokens).contains(&spelt) {
            return odd(format!("it spells {spelt} tokens of {tokens}"));
        }
        let mut texts = Vec::new();
        for _ in 0..spelt {
            let length = self.number()?;
            texts.push(self.named(length)?);
        }
        while self.left > 0 {
            self.tensor()?;
        }
        Ok((Sizes { tokens, text_positions: 448 }, texts))
    }

    fn tensor(&mut self) -> Result<(), Fault> {
        let (sides, length, kind) = (self.number()?, self.number()?, self.number()?);
        if !(1..=4).contains(&sides) {
            return odd(format!("a tensor has {sides} sides"));
        }
        let mut count = 1u64;
        for _ in 0..sides {
            count = count.saturating_mul(u64::from(self.number()?));
        }
        let name = self.named(length)?;
        let name = String::from_utf8_lossy(&name);
        let Some((numbers, bytes)) = block(kind) else {
            return odd(format!("tensor {name:?} is in format {kind}, which is not known"));
        };
        // More numbers than ggml counts in 32 bits are none of Whisper's.
        if count > u64::from(u32::MAX >> 1) || !count.is_multiple_of(numbers) {
            return odd(format!("tensor {name:?} has {count} numbers"));
        }
        self.pass(count / numbers * bytes)
    }

    fn named(&mut self, length: u32) -> Result<Vec<u8>, Fault> {
        if length > LONGEST_NAME {
            return odd(format!("a name of {length} bytes comes where one of at most {LONGEST_NAME} was due"));
        }
        self.bytes(length.into())
    }

    fn number(&mut self) -> Result<u32, Fault> {
        let mut bytes = [0; 4];
        self.take(4)?;
        self.file.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Reads a few bytes.
    fn bytes(&mut self, count: u64) -> Result<Vec<u8>, Fault> {
        self.take(count)?;
        let mut bytes = Vec::new();
        (&mut self.file).take(count).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn pass(&mut self, count: u64) -> Result<(), Fault> {
        self.take(count)?;
        let by = i64::try_from(count).map_err(std::io::Error::other)?;
        self.file.seek_relative(by)?;
        Ok(())
    }

    fn take(&mut self, count: u64) -> Result<(), Fault> {
        match self.left.checked_sub(count) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => odd(format!("it is cut short: {} bytes are missing, at least", count - self.left)),
        }
    }
}
