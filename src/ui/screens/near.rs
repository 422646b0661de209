//! Who it could be: the identities that look like what is under the cursor.

use super::super::draw::Canvas;
use super::super::keymap::Action;
use super::super::model::{Desk, Model, Nearby, Screen, Tab, title};
use super::super::text::{fit, score, width};
use super::super::theme::Role;
use super::super::update::Effect;
use super::super::worker::Ask;
use crate::domain::IdentityId;
use crate::session::{Candidate, Near, Nearest};
use ratatui::text::Span;

/// Cells that a name may take.
const NAME: usize = 18;
/// Of those that are seen together with it, only such are told that would be among the first so many.
const TEMPTING: usize = 3;

/// Asks who looks like what is under the cursor, once for each state of the episode.
pub(crate) fn ask(model: &mut Model) -> Vec<Effect> {
    if model.screen != Screen::Episode {
        return Vec::new();
    }
    let Some(desk) = &mut model.desk else { return Vec::new() };
    let Some(to) = under(desk) else { return Vec::new() };
    let of = Some((to, desk.snapshot.seq));
    if desk.near.of == of {
        return Vec::new();
    }
    desk.near = Nearby { of, ..Nearby::default() };
    vec![Effect::Ask(Ask::Near(to))]
}

/// Takes an answer; asks on where it is not worked out yet, and somebody still waits for it.
pub(crate) fn answered(desk: &mut Desk, to: Near, found: Nearest) -> Vec<Effect> {
    if desk.near.of.is_none_or(|(of, _)| of != to) {
        return Vec::new();
    }
    match found {
        Nearest::Found(list) => (desk.near.list, desk.near.progress, desk.near.is_known) = (list, None, true),
        Nearest::NotYet { done, of } => {
            desk.near.progress = Some((done, of));
            return vec![Effect::Ask(Ask::Near(to))];
        }
    }
    Vec::new()
}

fn under(desk: &Desk) -> Option<Near> {
    match desk.tab {
        Tab::Tracks => desk.track().map(|t| Near::Track(t.track.id)),
        Tab::Identities => desk.grid.under.map(Near::Identity),
        Tab::Detections | Tab::Voices | Tab::Results | Tab::Runs => None,
    }
}

/// Returns what is known of who looks like what is under the cursor now.
fn known(desk: &Desk) -> Option<&[Candidate]> {
    let is_of = desk.near.of.is_some() && desk.near.of == under(desk).map(|to| (to, desk.snapshot.seq));
    (is_of && desk.near.is_known).then_some(desk.near.list.as_slice())
}

/// Returns the same, if it is `to` that is under the cursor.
pub(crate) fn known_of(desk: &Desk, to: Near) -> Option<&[Candidate]> {
    known(desk).filter(|_| under(desk) == Some(to))
}

/// Returns the columns that candidates have at the right of the line over the strips.
pub(crate) fn room(wide: u16) -> usize {
    let wide = usize::from(wide);
    wide.saturating_sub((wide * 2 / 5).clamp(36, 60))
}

/// One candidate as it is shown.
struct Offer {
    /// The digit that takes it; none where it is seen together.
    digit: Option<(usize, IdentityId)>,
    text: String,
}

/// Returns those that fit into so many cells, those of the line's end apart.
fn offers(desk: &Desk, list: &[Candidate], cells: usize) -> Vec<Offer> {
    let (mut offers, mut digit, mut used) = (Vec::new(), 0, 0);
    for (rank, candidate) in list.iter().filter(|c| c.likeness > 0.0).enumerate() {
        let Some(card) = desk.card_of(candidate.identity) else { continue };
        let name = fit(&title(card), NAME);
        let offer = if candidate.together.is_some() {
            if rank >= TEMPTING {
                continue;
            }
            Offer { digit: None, text: format!("✕ {name} together") }
        } else {
            digit += 1;
            let text = format!("{digit} {name} {}", score(f64::from(candidate.likeness)));
            Offer { digit: Some((digit, candidate.identity)), text }
        };
        used += width(&offer.text) + 2;
        if used > cells || digit > 9 {
            break;
        }
        offers.push(offer);
    }
    offers
}

/// Cells that the keys for nobody and somebody new take: short where there is little room.
fn tail(cells: usize, keys: &[(String, &'static str)]) -> Vec<(String, String)> {
    let said = |(key, word): &(String, &'static str)| (key.clone(), if cells >= 66 { format!(" {word}") } else { String::new() });
    keys.iter().filter(|(key, _)| !key.is_empty()).map(said).collect()
}

fn wide(tail: &[(String, String)]) -> usize {
    tail.iter().map(|(key, word)| width(key) + width(word) + 2).sum()
}

/// Cells that candidates have beside the keys: a key is one letter unless somebody changed it.
fn beside(cells: usize) -> usize {
    cells.saturating_sub(if cells >= 66 { 26 } else { 8 })
}

/// Returns whom the n-th digit means, or why it means nobody.
pub(crate) fn candidate(desk: &Desk, nth: usize, cells: usize) -> Result<IdentityId, String> {
    let Some(list) = known(desk) else { return Err("who it could be is being worked out; a moment".into()) };
    let offers = offers(desk, list, beside(cells));
    let found = offers.iter().filter_map(|o| o.digit).find(|(digit, _)| *digit == nth);
    found.map(|(_, identity)| identity).ok_or_else(|| match offers.iter().filter(|o| o.digit.is_some()).count() {
        0 => "nobody of the episode looks like it".into(),
        1 => "there is one candidate: 1".into(),
        n => format!("there are {n} candidates: 1 to {n}"),
    })
}

/// Draws the candidates of the track under the cursor.
pub(crate) fn candidates<'a>(
    desk: &Desk,
    canvas: &Canvas<'_, '_>,
    cells: usize,
    keys: &[(String, &'static str)],
) -> Vec<Span<'a>> {
    let tail = tail(cells, keys);
    let mut spans = Vec::new();
    match known(desk) {
        None => {
            let told = desk
                .near
                .progress
                .map_or_else(|| "candidates …".into(), |(done, of)| format!("comparing {done} of {of} tracks …"));
            spans.push(canvas.dim(fit(&told, beside(cells))));
        }
        Some(list) => {
            let offers = offers(desk, list, beside(cells));
            if offers.is_empty() {
                spans.push(canvas.dim("nobody looks like it"));
            }
            for (n, offer) in offers.into_iter().enumerate() {
                let gap = if n == 0 { "" } else { "  " };
                match offer.digit {
                    Some((digit, _)) => {
                        let digit = digit.to_string();
                        let rest = offer.text.strip_prefix(&digit).unwrap_or_default().to_owned();
                        spans.extend([canvas.span(Role::Accent, format!("{gap}{digit}")), canvas.span(Role::Text, rest)]);
                    }
                    None => spans.push(canvas.span(Role::Rejected, format!("{gap}{}", offer.text))),
                }
            }
        }
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let gap = cells.saturating_sub(used + wide(&tail) + 1);
    // They stand where they stood, however many there are.
    spans.insert(0, canvas.dim(" ".repeat(gap)));
    for (key, word) in tail {
        spans.extend([canvas.span(Role::Accent, format!("  {key}")), canvas.dim(word)]);
    }
    spans
}

/// Says who looks like the identity under the cursor: `neighbours: Person D .34, unnamed 7 .52`.
pub(crate) fn neighbours(desk: &Desk, cells: usize) -> Option<String> {
    let list = known(desk)?;
    let mut told = String::new();
    for offer in offers(desk, list, usize::MAX) {
        let one = match offer.digit {
            Some((digit, _)) => offer.text.strip_prefix(&format!("{digit} ")).unwrap_or_default().to_owned(),
            None => offer.text,
        };
        let next = if told.is_empty() { format!("neighbours: {one}") } else { format!("{told}, {one}") };
        if width(&next) > cells {
            break;
        }
        told = next;
    }
    (!told.is_empty()).then_some(told)
}

/// Returns which candidate a key means.
pub(crate) fn nth(action: Action) -> Option<usize> {
    let all = [
        Action::Take1,
        Action::Take2,
        Action::Take3,
        Action::Take4,
        Action::Take5,
        Action::Take6,
        Action::Take7,
        Action::Take8,
        Action::Take9,
    ];
    all.iter().position(|a| *a == action).map(|at| at + 1)
}
