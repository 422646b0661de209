//! The turn under the cursor: its voice, whom that could belong to, and what speaks for it.

use super::super::super::draw::{Canvas, counted};
use super::super::super::keymap::Action;
use super::super::super::model::{Desk, Model, TurnRow, title};
use super::super::super::text::{bar, clock, fit, score, seconds};
use super::super::super::theme::Role;
use super::{CANDIDATES, Shape, candidates, same_voices};
use crate::domain::{LinkEvidence, LinkMethod, MediaTime};
use crate::session::Speech;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Returns how many candidates have room there.
pub(super) fn offered(desk: &Desk, turn: &TurnRow, shape: Shape) -> usize {
    let Some(speech) = &desk.snapshot.speech else { return 0 };
    let room = (shape.rows + usize::from(shape.head)).saturating_sub(voice(desk, speech, turn).len());
    candidates(desk, turn.speaker).len().min(CANDIDATES).min(room)
}

/// Says what is known of the voice.
fn voice(desk: &Desk, speech: &Speech, turn: &TurnRow) -> Vec<(Role, String)> {
    let of_voice = desk.voices.rows.iter().filter(|r| r.speaker == turn.speaker);
    let (count, time) = of_voice.fold((0, MediaTime::ZERO), |(n, t), r| (n + 1, t + r.span.len()));
    let mut lines = vec![(Role::Title, format!("voice {}  {} in {}", turn.speaker, clock(time), counted(count, "turn")))];
    match desk.snapshot.spoken.links.get(&turn.speaker) {
        Some(link) => {
            let role = Role::from(link.source);
            let who = link.identity.and_then(|id| desk.card_of(id)).map_or_else(|| "nobody known".to_owned(), title);
            let why =
                if link.is_decided() { ", decided".into() } else { format!(" by its sound {}", score(f64::from(link.score))) };
            lines.push((role, format!("{} {who}{why}", role.glyph())));
        }
        None if speech.fused.narrators.contains(&turn.speaker) => {
            lines.push((Role::Doubt, "heard over pictures: no mouth moves with it".into()));
        }
        None => {}
    }
    lines
}

pub(super) fn draw(model: &Model, desk: &Desk, speech: &Speech, canvas: &mut Canvas<'_, '_>, area: Rect) {
    let Some(turn) = desk.voices.row() else { return };
    let wide = usize::from(area.width).saturating_sub(1);
    let mut lines = voice(desk, speech, turn);
    let found = candidates(desk, turn.speaker);
    let seen = speech.fused.candidates.get(&turn.speaker).map(Vec::as_slice).unwrap_or_default();
    for (n, (id, belief)) in found.iter().take(CANDIDATES).enumerate() {
        let name = desk.card_of(*id).map_or_else(|| id.to_string(), title);
        let why = match seen.iter().find(|c| c.identity == *id) {
            Some(mouth) => seconds(MediaTime::from_secs(f64::from(mouth.seconds))),
            None => "sound".into(),
        };
        let belief = f64::from(*belief);
        lines.push((Role::Text, format!("{} {:<16} {} {} {why:>6}", n + 1, fit(&name, 16), score(belief), bar(belief, 6))));
    }
    if seen.is_empty() {
        lines.push((Role::Dim, "no mouth is seen moving with it".into()));
    }
    for other in same_voices(desk, turn.speaker) {
        lines.push((Role::Doubt, format!("▲ {other} seems to be the same: {}", super::key(model, Action::MergeVoices))));
    }
    lines.push((Role::Text, String::new()));
    lines.push((Role::Title, format!("turn {}  {}", turn.id, seconds(turn.span.len()))));
    if let Some(link) = turn.link {
        lines.extend(why(link.method, &link.evidence, f64::from(turn.voice)));
    }
    for (row, (role, text)) in lines.into_iter().enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        canvas.line(area, row, Line::from(canvas.span(role, fit(&text, wide))));
    }
}

fn why(method: LinkMethod, evidence: &LinkEvidence, voice: f64) -> Vec<(Role, String)> {
    let said = match method {
        LinkMethod::ActiveSpeaker => "the mouth is seen saying it",
        LinkMethod::VoiceMatch => "the voice is known, no mouth is seen",
        LinkMethod::CoOccurrence => "the voice is known, the mouth unclear",
        LinkMethod::User => "decided by hand",
        LinkMethod::Unknown => "a voice that nobody knows",
    };
    let mut lines = vec![(Role::Text, said.to_owned())];
    let told = |text: String| (Role::Dim, text);
    if evidence.seconds > 0.0 || evidence.share > 0.0 {
        lines.push(told(format!("mouth moves {}, {:.0} % while seen", seconds(secs(evidence.seconds)), 100.0 * evidence.share)));
        let ratio = if evidence.ratio >= LinkEvidence::MAX_RATIO {
            "no other".into()
        } else {
            format!("{:.1}× the next", evidence.ratio)
        };
        lines.push(told(format!("score {:+.1} over the mark · {ratio}", evidence.score)));
    }
    lines.push(told(format!(
        "for it: this turn {} · its voice {}",
        score(f64::from(evidence.from_turn)),
        score(f64::from(evidence.from_voice))
    )));
    lines.push(told(format!("that it is this voice: {}", score(voice))));
    lines
}

fn secs(seconds: f32) -> MediaTime {
    MediaTime::from_secs(f64::from(seconds))
}
