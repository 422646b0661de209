//! Whisper: from samples to words with times.

use super::decode::Limits;
use super::engine::{Engine, OnnxEngine};
use super::fallback::{Attempt, Verdict, write_believed};
use super::folder::Folder;
use super::mel::{RATE, WINDOW};
use super::rules::log_sum_exp;
use super::segments::{TokenSegment, segments};
use super::timing::{PLACE_S, align, spread};
use super::vocabulary::Vocabulary;
use super::{Heard, Segment, SpokenTask, TranscribeParams, Transcriber, WindowText};
use crate::domain::{MediaTime, Span, Word, WordTiming};
use crate::infer::{InferError, SessionOptions};

/// Whisper, Radford et al. 2022 (arXiv:2212.04356): through onnxruntime, in the layout that optimum exports and onnx-community publishes (an encoder and a merged decoder that keeps its
/// keys and values); or, where it is built in, through whisper.cpp.
///
/// Departs from its publishers' program: no beam, windows do not know the text before them, so that they can be written side by side and an error does not travel on.
#[derive(Debug)]
pub struct Whisper {
    id: String,
    engine: Box<dyn Engine>,
    vocabulary: Vocabulary,
    params: TranscribeParams,
    limits: Limits,
    batch: usize,
    /// Attentions that words are timed by; none where the decoder does not tell them.
    heads: Vec<[usize; 2]>,
}

impl Whisper {
    /// Opens a model by its files.
    ///
    /// # Errors
    /// `Read`, `Open`, and `Unrecognised` where a file is not what its place says.
    pub fn open(id: &str, folder: &Folder, params: &TranscribeParams, options: &SessionOptions) -> Result<Self, InferError> {
        let configs = folder.configs()?;
        let vocabulary = Vocabulary::open(&folder.tokenizer, &configs, params.latest_first_s)?;
        let (engine, heads) = OnnxEngine::open(folder, &configs, options)?;
        let batch = if options.device.is_cpu() { 1 } else { params.gpu_batch.max(1) };
        let limits = limits(configs.most_positions, params);
        Ok(Self { id: id.to_owned(), engine: Box::new(engine), vocabulary, limits, params: params.clone(), batch, heads })
    }

    /// Opens a ggml file through whisper.cpp, which writes window after window and does not tell where it listens.
    ///
    /// # Errors
    /// `Read`; `Unrecognised` where the file is not whole, or not Whisper's; `Open` where whisper.cpp does not take it.
    #[cfg(feature = "whisper-cpp")]
    pub fn open_ggml(id: &str, path: &std::path::Path, params: &TranscribeParams, threads: usize) -> Result<Self, InferError> {
        let file = super::ggml::GgmlFile::open(path)?;
        let limits = limits(file.sizes.text_positions, params);
        let (engine, vocabulary) = super::whisper_cpp::open(file, params.latest_first_s, threads)?;
        let heads = Vec::new();
        Ok(Self { id: id.to_owned(), engine: Box::new(engine), vocabulary, limits, params: params.clone(), batch: 1, heads })
    }

    /// Hears windows; the encoder's work, without any writing.
    ///
    /// # Errors
    /// `Run` where the model fails.
    pub fn hear(&mut self, windows: &[Heard<'_>]) -> Result<(), InferError> {
        self.engine.hear(windows)
    }

    /// Returns what a transcript of a language begins with.
    fn prompt(&self, language: &str) -> Result<Vec<u32>, InferError> {
        let v = &self.vocabulary;
        let mut prompt = vec![v.rules.specials.start];
        if v.languages.is_empty() {
            // A model of one language is told neither language nor task.
            return Ok(prompt);
        }
        let code = v.languages.iter().find(|(code, _)| code == language);
        let (_, token) = code.ok_or_else(|| InferError::Language {
            model: self.id.clone(),
            wanted: language.to_owned(),
            known: v.languages.iter().map(|(code, _)| code.clone()).collect(),
        })?;
        prompt.push(*token);
        prompt.extend(match self.params.task {
            SpokenTask::Transcribe => v.transcribe,
            SpokenTask::Translate => v.translate,
        });
        Ok(prompt)
    }

    fn read(&self, window: &Heard<'_>, attempt: &Attempt, language: &str) -> WindowText {
        let draft = &attempt.draft;
        let length_s = window.samples.len().min(WINDOW) as f64 / RATE as f64;
        let end = window.start + MediaTime::from_secs(length_s);
        if attempt.verdict == Verdict::Silence {
            return WindowText { until: end, ..WindowText::default() };
        }
        let mut found = segments(&draft.tokens, &self.vocabulary.rules.specials, length_s);
        let ran_out = draft.tokens.len() >= self.limits.most_tokens || draft.circled;
        let mut until = end;
        if ran_out && found.len() > 1 && found.last().is_some_and(|s| !s.is_closed) {
            // Cut off in the middle: what is whole is kept, the rest heard again.
            until = found.pop().map_or(end, |s| window.start + MediaTime::from_secs(s.start_s));
        } else if let Some(last) = found.last().filter(|s| s.is_closed) {
            until = window.start + MediaTime::from_secs(last.end_s);
        }
        let mut text = WindowText { until, ..WindowText::default() };
        for segment in found {
            let span = of_window(window, segment.start_s, segment.end_s);
            let is_heard = window.speech.iter().any(|s| s.start() < span.end() && span.start() < s.end());
            if !is_heard {
                text.unheard += 1;
                continue;
            }
            let (words, timing) = self.words(window, attempt, &segment, span, language);
            if !words.is_empty() {
                text.segments.push(Segment { span, words, timing, is_doubtful: attempt.verdict == Verdict::Doubtful });
            }
        }
        text
    }

    fn words(
        &self,
        window: &Heard<'_>,
        attempt: &Attempt,
        segment: &TokenSegment,
        span: Span,
        language: &str,
    ) -> (Vec<Word>, WordTiming) {
        let draft = &attempt.draft;
        let tokens = draft.tokens.get(segment.tokens.clone()).unwrap_or_default();
        let mut found = self.vocabulary.words(tokens, language);
        found.retain(|w| !w.text.trim().is_empty());
        let chances = draft.log_chances.get(segment.tokens.clone()).unwrap_or_default();
        let chance = |tokens: &std::ops::Range<usize>| {
            let these = chances.get(tokens.clone()).unwrap_or_default();
            these.iter().map(|c| c.exp()).sum::<f32>() / these.len().max(1) as f32
        };
        let spans = self.aligned(window, attempt, segment, &found);
        let timing = if spans.is_some() { WordTiming::Aligned } else { WordTiming::Estimated };
        let spans = spans.unwrap_or_else(|| {
            let texts: Vec<&str> = found.iter().map(|w| w.text.trim()).collect();
            spread(span, window.speech, &texts)
        });
        let word = |(span, w): (Span, &super::vocabulary::WordTokens)| Word {
            span,
            text: w.text.trim().to_owned(),
            confidence: chance(&w.tokens).clamp(0.0, 1.0),
        };
        (spans.into_iter().zip(&found).map(word).collect(), timing)
    }

    /// Returns the times of words from the attention, where the decoder tells it.
    fn aligned(
        &self,
        window: &Heard<'_>,
        attempt: &Attempt,
        segment: &TokenSegment,
        words: &[super::vocabulary::WordTokens],
    ) -> Option<Vec<Span>> {
        if self.heads.is_empty() {
            return None;
        }
        let first = segment.tokens.start;
        let shifted: Vec<_> = words
            .iter()
            .map(|w| super::vocabulary::WordTokens { text: String::new(), tokens: w.tokens.start + first..w.tokens.end + first })
            .collect();
        let length_s = window.samples.len().min(WINDOW) as f64 / RATE as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1500")]
        let places = (length_s / PLACE_S).ceil() as usize;
        let times = align(&attempt.draft.attention, self.heads.len(), places, &shifted)?;
        Some(times.into_iter().map(|(start, end)| of_window(window, start, end.min(length_s))).collect())
    }
}

impl Transcriber for Whisper {
    fn id(&self) -> &str {
        &self.id
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn languages(&mut self, windows: &[Heard<'_>]) -> Result<Vec<Vec<(String, f32)>>, InferError> {
        if self.vocabulary.languages.is_empty() {
            return Ok(vec![Vec::new(); windows.len()]);
        }
        let mut all = Vec::with_capacity(windows.len());
        for part in windows.chunks(self.batch) {
            self.hear(part)?;
            let rows: Vec<usize> = (0..part.len()).collect();
            let scores = self.engine.start(&rows, &[self.vocabulary.rules.specials.start])?;
            for row in rows {
                let logits = scores.at(row, 0);
                let of = |token: u32| logits.get(token as usize).copied().unwrap_or(f32::NEG_INFINITY);
                let known: Vec<f32> = self.vocabulary.languages.iter().map(|(_, token)| of(*token)).collect();
                let sum = log_sum_exp(&known);
                let codes = self.vocabulary.languages.iter().map(|(code, _)| code.clone());
                let mut found: Vec<(String, f32)> = codes.zip(known.iter().map(|l| (l - sum).exp())).collect();
                found.sort_by(|a, b| b.1.total_cmp(&a.1));
                all.push(found);
            }
        }
        Ok(all)
    }

    fn transcribe(&mut self, windows: &[Heard<'_>], language: &str) -> Result<Vec<WindowText>, InferError> {
        let prompt = self.prompt(language)?;
        let mut all = Vec::with_capacity(windows.len());
        for part in windows.chunks(self.batch) {
            self.hear(part)?;
            let rows: Vec<usize> = (0..part.len()).collect();
            let seeds: Vec<u64> = part.iter().map(|w| seed(w.samples)).collect();
            let text = |tokens: &[u32]| self.vocabulary.text(tokens);
            let rules = &self.vocabulary.rules;
            let attempts =
                write_believed(self.engine.as_mut(), &rows, &seeds, &prompt, rules, self.limits, &self.params.belief, &text)?;
            for (window, attempt) in part.iter().zip(&attempts) {
                all.push(self.read(window, attempt, language));
            }
        }
        Ok(all)
    }
}

/// Half of what the decoder holds, `positions` tokens, is for the text, as its publishers have it; the prompt lies in the other half.
fn limits(positions: usize, params: &TranscribeParams) -> Limits {
    Limits { most_tokens: params.most_tokens.clamp(1, (positions / 2).max(1)), circle: params.circle }
}

fn of_window(window: &Heard<'_>, start_s: f64, end_s: f64) -> Span {
    Span::new(window.start + MediaTime::from_secs(start_s), window.start + MediaTime::from_secs(end_s))
}

/// The same sound starts the same chance, wherever it lies and with whom it is written.
fn seed(samples: &[f32]) -> u64 {
    samples.iter().fold(0xcbf2_9ce4_8422_2325, |hash, s| (hash ^ u64::from(s.to_bits())).wrapping_mul(0x0100_0000_01b3))
}
