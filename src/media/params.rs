//! Settings of the decoder.

use serde::{Deserialize, Serialize};

/// Says when pictures that no other picture refers to may be left undecoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipPolicy {
    /// Every picture is decoded.
    Never,
    /// Left out once [`super::Decoder::allow_skipping`] was called.
    Auto,
    /// Left out from the start.
    Always,
}

/// Says what decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hardware {
    /// Software.
    Off,
    /// An NVIDIA GPU, where it is there and decodes the file bit for bit as software does; else software.
    Auto,
}

/// Settings of the decoder: table `decode` of `config/decode.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecodeParams {
    /// Decoder threads; 0 takes one per core, at most 4.
    pub threads: u32,
    pub skip_non_reference: SkipPolicy,
    /// Never changes a picture.
    pub hardware: Hardware,
}

impl DecodeParams {
    const MOST_THREADS: u32 = 4;

    /// Returns the number of threads to start, at least 1.
    pub(super) fn thread_count(&self) -> u32 {
        if self.threads > 0 {
            return self.threads.min(64);
        }
        let cores = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX));
        cores.clamp(1, Self::MOST_THREADS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        decode: DecodeParams,
    }

    #[test]
    fn the_shipped_settings_are_read() {
        let file: File = toml::from_str(include_str!("../../config/decode.toml")).unwrap();
        assert_eq!(file.decode, DecodeParams { threads: 0, skip_non_reference: SkipPolicy::Auto, hardware: Hardware::Auto });
        assert!((1..=4).contains(&file.decode.thread_count()));
    }
}
