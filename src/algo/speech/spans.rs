//! Spans of speech from the probabilities of a voice activity model.
//!
//! The rules of Silero VAD 6.2 (`get_speech_timestamps`): speech begins at one threshold and ends at a lower one that lasts.
//! Departs: a span that is too long is cut at its longest pauses afterwards, not while walking on.

use super::Params;
use crate::domain::{MediaTime, Span};

/// Finds the spans of speech between `start` and `end`, by time, apart from one another.
///
/// `probabilities` are `0..=1`, one each `step` from `start` on.
#[must_use]
pub fn speech_spans(probabilities: &[f32], step: MediaTime, start: MediaTime, end: MediaTime, params: &Params) -> Vec<Span> {
    let ms = |ms: u32| MediaTime(i64::from(ms) * 1000);
    let (mut spans, mut pauses) = (Vec::new(), Vec::new());
    let mut open: Option<MediaTime> = None;
    let mut silent_from: Option<MediaTime> = None;
    let mut now = start;
    for p in probabilities {
        if *p >= params.start {
            open = open.or(Some(now));
            pauses.extend(silent_from.take().map(|from| Span::new(from, now)));
        } else if let Some(began) = open
            && *p < params.end
        {
            let from = *silent_from.get_or_insert(now);
            if now - from >= ms(params.min_silence_ms) {
                spans.push(Span::new(began, from));
                (open, silent_from) = (None, None);
            }
        }
        now = now + step;
    }
    spans.extend(open.map(|began| Span::new(began, end)));
    spans.retain(|s| s.len() > ms(params.min_speech_ms));
    if params.max_speech_s > 0.0 {
        pauses.retain(|p| p.len() > ms(params.cut_silence_ms));
        let longest = MediaTime::from_secs(f64::from(params.max_speech_s)).max(step);
        spans = spans.into_iter().flat_map(|s| cut(s, &pauses, longest)).collect();
    }
    pad(&mut spans, ms(params.pad_ms), start, end);
    spans
}

/// Cuts a span into parts that are no longer than `longest`, at the longest pause within reach, else where it is too long.
fn cut(mut span: Span, pauses: &[Span], longest: MediaTime) -> Vec<Span> {
    let mut parts = Vec::new();
    while span.len() > longest {
        let limit = span.start() + longest;
        let inside = pauses.iter().filter(|p| p.start() > span.start() && p.start() <= limit && p.end() < span.end());
        let gap = inside.max_by_key(|p| p.len()).copied().unwrap_or(Span::new(limit, limit));
        parts.push(Span::new(span.start(), gap.start()));
        span = Span::new(gap.end(), span.end());
    }
    parts.push(span);
    parts
}

/// Widens every span by `pad`; a gap too small for two pads is shared.
fn pad(spans: &mut [Span], pad: MediaTime, start: MediaTime, end: MediaTime) {
    let mut from = start;
    for i in 0..spans.len() {
        let (this, next) = (spans[i], spans.get(i + 1).map(|n| n.start()));
        let gap = next.map(|n| n - this.end());
        let room = gap.map_or(pad, |g| if g < pad + pad { MediaTime(g.0 / 2) } else { pad });
        let stop = (this.end() + room).min(end);
        spans[i] = Span::new((this.start() - pad).max(from), stop);
        from = stop;
    }
}

#[cfg(test)]
mod tests {
    use super::super::params::default_params;
    use super::*;
    use proptest::prelude::*;

    const STEP: MediaTime = MediaTime(32_000);

    fn spans(probabilities: &[f32], params: &Params) -> Vec<(i64, i64)> {
        let end = MediaTime(STEP.0 * i64::try_from(probabilities.len()).unwrap());
        let found = speech_spans(probabilities, STEP, MediaTime::ZERO, end, params);
        found.into_iter().map(|s| (s.start().0 / 1000, s.end().0 / 1000)).collect()
    }

    fn runs(parts: &[(f32, usize)]) -> Vec<f32> {
        parts.iter().flat_map(|(p, n)| vec![*p; *n]).collect()
    }

    #[test]
    fn speech_begins_high_and_ends_where_it_stays_low() {
        let params = default_params();
        // 320 ms of nothing, 640 ms of speech with a dip between the thresholds, then silence.
        let p = runs(&[(0.1, 10), (0.9, 10), (0.4, 6), (0.6, 4), (0.1, 20)]);
        assert_eq!(spans(&p, &params), [(290, 990)]);
        // A dip under the lower threshold for less than 100 ms does not end it.
        assert_eq!(spans(&runs(&[(0.9, 10), (0.2, 3), (0.9, 10), (0.0, 9)]), &params), [(0, 766)]);
        // Speech of 224 ms is no speech.
        assert_eq!(spans(&runs(&[(0.0, 5), (0.9, 7), (0.0, 9)]), &params), []);
        assert_eq!(spans(&runs(&[(0.0, 5), (0.9, 20)]), &params), [(130, 800)]);
        assert_eq!(spans(&[], &params), []);
    }

    #[test]
    fn a_gap_too_small_for_two_pads_is_shared() {
        let params = Params { pad_ms: 100, ..default_params() };
        assert_eq!(spans(&runs(&[(0.9, 10), (0.0, 4), (0.9, 10)]), &params), [(0, 768)]);
        assert_eq!(spans(&runs(&[(0.9, 10), (0.0, 5), (0.9, 10)]), &params), [(0, 400), (400, 800)]);
    }

    #[test]
    fn a_span_that_is_too_long_is_cut_at_its_longest_pause() {
        let params = Params { max_speech_s: 1.0, pad_ms: 0, ..default_params() };
        let p = runs(&[(0.9, 10), (0.4, 1), (0.2, 1), (0.4, 4), (0.9, 30), (0.0, 10)]);
        assert_eq!(spans(&p, &params), [(0, 352), (512, 1472)]);
        assert_eq!(spans(&runs(&[(0.9, 40)]), &params), [(0, 1000), (1000, 1280)]);
    }

    proptest! {
        #[test]
        fn spans_are_in_order_apart_and_inside(p in prop::collection::vec(0.0f32..1.0, 0..400), pad in 0u32..200) {
            let params = Params { pad_ms: pad, min_speech_ms: 0, min_silence_ms: 32, ..default_params() };
            let found = spans(&p, &params);
            let end = i64::try_from(p.len()).unwrap() * 32;
            prop_assert!(found.iter().all(|(a, b)| a < b && *a >= 0 && *b <= end));
            prop_assert!(found.windows(2).all(|w| w[0].1 <= w[1].0));
        }
    }
}
