//! What hears windows and writes tokens behind Whisper.

use super::Heard;
use super::decode::{Scores, Steps};
use super::folder::{Configs, Folder};
use super::mel::{COLUMNS, LogMel};
use super::net::Net;
use crate::infer::{InferError, SessionOptions};
use std::fmt::Debug;

/// Computes; which token is taken, and what becomes of it, is decided outside, alike for every engine.
pub(super) trait Engine: Steps + Debug + Send {
    /// Hears windows; `start` and `next` write down those of the last call.
    ///
    /// # Errors
    /// `Run` where the model fails.
    fn hear(&mut self, windows: &[Heard<'_>]) -> Result<(), InferError>;
}

/// Whisper's nets through onnxruntime, over our own mel picture.
#[derive(Debug)]
pub(super) struct OnnxEngine {
    net: Net,
    mel: LogMel,
    /// `[windows, rows, 3000] f32`, kept between calls.
    pictures: Vec<f32>,
}

impl OnnxEngine {
    /// Opens the nets; returns besides, layer and head, the attentions that words can be timed by: none where the decoder does not tell them.
    ///
    /// # Errors
    /// `Open` where a file cannot be loaded, `Unrecognised` where it is not what its place says.
    pub(super) fn open(
        folder: &Folder,
        configs: &Configs,
        options: &SessionOptions,
    ) -> Result<(Self, Vec<[usize; 2]>), InferError> {
        let mut net = Net::open(folder, configs.mel_rows, options)?;
        let heads = if net.tells_attention() { configs.alignment_heads.clone() } else { Vec::new() };
        net.read_attention(heads.clone());
        Ok((Self { net, mel: LogMel::new(configs.mel_rows), pictures: Vec::new() }, heads))
    }
}

impl Engine for OnnxEngine {
    fn hear(&mut self, windows: &[Heard<'_>]) -> Result<(), InferError> {
        let size = self.mel.rows() * COLUMNS;
        self.pictures.resize(windows.len() * size, 0.0);
        for (window, picture) in windows.iter().zip(self.pictures.chunks_exact_mut(size)) {
            self.mel.picture(window.samples, picture);
        }
        self.net.hear(&self.pictures, windows.len(), self.mel.rows())
    }
}

impl Steps for OnnxEngine {
    fn start(&mut self, rows: &[usize], prompt: &[u32]) -> Result<Scores, InferError> {
        self.net.start(rows, prompt)
    }

    fn next(&mut self, tokens: &[u32]) -> Result<Scores, InferError> {
        self.net.next(tokens)
    }
}
