//! whisper.cpp as the engine of Whisper.

use super::Heard;
use super::decode::{Scores, Steps};
use super::engine::Engine;
use super::ggml::GgmlFile;
use super::ggml_vocabulary::{Numbers, vocabulary};
use super::mel::WINDOW;
use super::rules::Specials;
use super::vocabulary::Vocabulary;
use crate::infer::InferError;
use std::path::PathBuf;
use whisper_rs::{WhisperContext, WhisperContextParameters, WhisperError, WhisperState};

/// whisper.cpp's mel picture, encoder and decoder on the CPU, a window at a time.
///
/// Its own loop over a sound (`whisper_full`) is not called: windows, rules of writing, tries and marks of belief are then the same for every engine, and so are their settings.
#[derive(Debug)]
pub(super) struct CppEngine {
    path: PathBuf,
    state: WhisperState,
    threads: usize,
    /// Tokens that the decoder can hold.
    positions: usize,
    /// Tokens that it holds.
    held: usize,
    heard: bool,
    /// A window, made long enough; kept between calls.
    samples: Vec<f32>,
}

/// whisper.cpp mirrors the first 200 samples without asking whether they are there; what is added is silence, as which it takes what follows the end.
const LEAST_SAMPLES: usize = 400;

/// Opens a file; `latest_first_s` is the latest that the first segment may start, in seconds.
///
/// # Errors
/// `Open` where whisper.cpp does not take it.
pub(super) fn open(file: GgmlFile, latest_first_s: f64, threads: usize) -> Result<(CppEngine, Vocabulary), InferError> {
    // What it says goes where our own log goes, and never to the terminal.
    whisper_rs::install_logging_hooks();
    let GgmlFile { path, sizes, tokens } = file;
    let refused = |error: WhisperError| {
        let reason = match error {
            WhisperError::InitError => "whisper.cpp does not take it, and says why in the log".into(),
            other => other.to_string(),
        };
        InferError::Open { path: path.clone(), reason }
    };
    let mut how = WhisperContextParameters::default();
    how.use_gpu(false);
    let context = WhisperContext::new_with_params(&path, how).map_err(refused)?;
    let numbers = numbers(&context, sizes.tokens).ok_or_else(|| InferError::Unrecognised {
        path: path.clone(),
        reason: "its tokens are not where Whisper's are".into(),
    })?;
    let state = context.create_state().map_err(refused)?;
    let engine = CppEngine {
        path,
        state,
        threads: threads.max(1),
        positions: sizes.text_positions,
        held: 0,
        heard: false,
        samples: Vec::new(),
    };
    Ok((engine, vocabulary(tokens, numbers, latest_first_s)))
}

/// Asks where the tokens that are no words lie; none where they do not fit into `count`.
fn numbers(context: &WhisperContext, count: u32) -> Option<Numbers> {
    let known = |token: i32| u32::try_from(token).ok().filter(|t| *t < count);
    let first_timestamp = known(context.token_beg())?;
    let specials = Specials {
        end: known(context.token_eot())?,
        start: known(context.token_sot())?,
        no_timestamps: known(context.token_not())?,
        no_speech: known(context.token_nosp()),
        first_timestamp,
        after_timestamps: count,
    };
    let translate = known(context.token_translate())?;
    let mut languages = Vec::new();
    if context.is_multilingual() {
        for id in 0..=whisper_rs::get_lang_max_id() {
            // A model of fewer languages has its tasks where the next one would be.
            let Some(token) = known(context.token_lang(id)).filter(|t| *t < translate) else { break };
            languages.push((whisper_rs::get_lang_str(id)?.to_owned(), token));
        }
    }
    let never = [context.token_solm(), context.token_prev()].into_iter().filter_map(known).collect();
    Some(Numbers { specials, transcribe: known(context.token_transcribe())?, translate, never, languages })
}

impl CppEngine {
    fn failed(&self, reason: String) -> InferError {
        InferError::Run { path: self.path.clone(), reason }
    }

    /// Adds a token and appends the logits of the one that follows it.
    fn step(&mut self, token: u32, logits: &mut Vec<f32>) -> Result<(), InferError> {
        if !self.heard {
            return Err(self.failed("it was asked to write before it heard".into()));
        }
        if self.held >= self.positions {
            return Err(self.failed(format!("it holds {} tokens and was given one more", self.positions)));
        }
        let token = i32::try_from(token).ok().filter(|t| *t < self.state.n_vocab());
        let token = token.ok_or_else(|| self.failed("it was given a token that it does not have".into()))?;
        self.state.decode(&[token], self.held, self.threads).map_err(|e| self.failed(e.to_string()))?;
        self.held += 1;
        logits.extend_from_slice(self.state.get_logits().map_err(|e| self.failed(e.to_string()))?);
        Ok(())
    }

    fn scores(logits: Vec<f32>, positions: usize) -> Scores {
        let tokens = logits.len() / positions.max(1);
        Scores { logits, positions, tokens, ..Scores::default() }
    }
}

impl Engine for CppEngine {
    fn hear(&mut self, windows: &[Heard<'_>]) -> Result<(), InferError> {
        self.heard = false;
        let [window] = windows else { return Err(self.failed(format!("it hears one window at a time, not {}", windows.len()))) };
        self.samples.clear();
        self.samples.extend_from_slice(&window.samples[..window.samples.len().min(WINDOW)]);
        self.samples.resize(self.samples.len().max(LEAST_SAMPLES), 0.0);
        self.state.pcm_to_mel(&self.samples, self.threads).map_err(|e| self.failed(e.to_string()))?;
        self.state.encode(0, self.threads).map_err(|e| self.failed(e.to_string()))?;
        self.heard = true;
        Ok(())
    }
}

impl Steps for CppEngine {
    fn start(&mut self, rows: &[usize], prompt: &[u32]) -> Result<Scores, InferError> {
        if rows != [0] || prompt.is_empty() {
            return Err(self.failed(format!("rows {rows:?} of one window were asked for")));
        }
        self.held = 0;
        let mut logits = Vec::new();
        // One by one: it gives the logits of the first of several only by accident.
        for token in prompt {
            self.step(*token, &mut logits)?;
        }
        Ok(Self::scores(logits, prompt.len()))
    }

    fn next(&mut self, tokens: &[u32]) -> Result<Scores, InferError> {
        let [token] = tokens else { return Err(self.failed(format!("it writes one row, not {}", tokens.len()))) };
        let mut logits = Vec::new();
        self.step(*token, &mut logits)?;
        Ok(Self::scores(logits, 1))
    }
}
