//! Playing a span of the episode: sound where there is a device, and along with it the picture in Detections, the moment in A/V.

use super::model::{Model, Screen, Status, Tab};
use super::screens;
use super::update::Effect;
use super::worker::Told;
use crate::domain::{MediaTime, Span};
use crate::session::{PlayError, PlayEvent};

/// What is being played.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    span: Option<Span>,
    /// Whether it was said that there is no sound here; said once.
    said_silent: bool,
}

/// Begins to play.
pub(crate) fn begin(model: &mut Model, span: Span) -> Vec<Effect> {
    if span.is_empty() {
        return Vec::new();
    }
    model.replay.span = Some(span);
    vec![Effect::Play(span)]
}

/// Stops, where something is played.
pub(crate) fn stop(model: &mut Model) -> Vec<Effect> {
    if let Some(desk) = &mut model.desk {
        desk.voices.heard = None;
    }
    model.replay.span.take().map(|_| Effect::StopPlaying).into_iter().collect()
}

/// Goes to the picture, or the moment, of what is heard.
pub(crate) fn heard(model: &mut Model, at: MediaTime) -> Vec<Effect> {
    let shows = model.replay.span.is_some() && follows(model);
    let Some(desk) = model.desk.as_mut().filter(|_| shows) else { return Vec::new() };
    if desk.tab == Tab::Voices {
        desk.voices.heard = Some(at);
        return Vec::new();
    }
    let frame = desk.snapshot.frame_at(at).min(desk.snapshot.frames().saturating_sub(1));
    if frame > desk.film.frame { screens::detections::go(model, frame) } else { Vec::new() }
}

/// Takes what the speaker says.
pub(crate) fn told(model: &mut Model, event: PlayEvent) -> Vec<Effect> {
    match event {
        PlayEvent::Ended(span) if model.replay.span == Some(span) => {
            let mut effects = stop(model);
            effects.extend(screens::settle(model));
            effects
        }
        PlayEvent::Began(_) | PlayEvent::Ended(_) => Vec::new(),
        PlayEvent::Silent { span, error, command } => {
            let goes_on = model.replay.span == Some(span) && follows(model) && is_only_silent(&error);
            let mut effects = say(model, &error, command, goes_on);
            if goes_on {
                let film = model.desk.as_ref().filter(|d| d.tab == Tab::Detections);
                let from = film.map_or(span.start(), |d| d.snapshot.time_of(d.film.frame).max(span.start()));
                let rest = Span::new(from, span.end());
                model.replay.span = Some(rest);
                effects.push(Effect::PlayMute(rest));
            } else if model.replay.span == Some(span) {
                effects.extend(stop(model));
            }
            effects
        }
    }
}

/// Tells that nothing is heard: in full once, with the command that plays it elsewhere; later only where nothing is seen either.
fn say(model: &mut Model, error: &PlayError, command: Option<String>, goes_on: bool) -> Vec<Effect> {
    let no_device = matches!(error, PlayError::NoDevice { .. } | PlayError::NotBuilt);
    if no_device && goes_on && std::mem::replace(&mut model.replay.said_silent, true) {
        return Vec::new();
    }
    let Some(command) = command.filter(|_| is_only_silent(error)) else {
        model.status = Status::Failed(Told { what: error.to_string(), hint: error.hint() });
        return Vec::new();
    };
    let what = match error {
        PlayError::NotBuilt => "silent: built without sound",
        PlayError::NoDevice { .. } => "silent: no sound device here",
        PlayError::Lost { .. } => "the sound device is gone",
        _ => "silent: the video has no sound",
    };
    tracing::info!(%error, command, "plays nothing");
    model.status = Status::Done(format!("{what} • copied: {command}"));
    vec![Effect::Copy(command)]
}

/// Tells whether the pictures can go on without the sound.
fn is_only_silent(error: &PlayError) -> bool {
    !matches!(error, PlayError::NoVideo { .. } | PlayError::Media(_))
}

/// Tells whether the screen moves with what is played.
fn follows(model: &Model) -> bool {
    let tab = model.desk.as_ref().map(|desk| desk.tab);
    model.screen == Screen::Episode && matches!(tab, Some(Tab::Detections | Tab::Voices))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keymap::Action;
    use crate::ui::rehearsal::Rehearsal;
    use crate::ui::update::{Msg, act, update};
    use crate::ui::worker::Answer;

    fn frame(at: &Rehearsal) -> u64 {
        at.model.desk.as_ref().unwrap().film.frame
    }

    /// Plays from the first picture in Detections; returns the span.
    fn playing() -> (Rehearsal, Span) {
        let mut at = Rehearsal::begin();
        at.model.desk.as_mut().unwrap().tab = Tab::Detections;
        let effects = act(&mut at.model, Action::Play);
        let [Effect::Play(span)] = effects[..] else { panic!("{effects:?}") };
        (at, span)
    }

    fn silent(span: Span, error: PlayError) -> Msg {
        Msg::Answer(Answer::Played(PlayEvent::Silent { span, error, command: Some("ffplay a.mp4".into()) }))
    }

    fn no_device() -> PlayError {
        PlayError::NoDevice { reason: "none".into() }
    }

    #[test]
    fn the_picture_follows_what_is_heard_until_a_key_stops_it() {
        let (mut at, span) = playing();
        let middle = MediaTime(i64::midpoint(span.start().0, span.end().0));
        update(&mut at.model, Msg::Heard(middle));
        assert_eq!(frame(&at), at.model.desk.as_ref().unwrap().snapshot.frame_at(middle));
        assert!(frame(&at) > 0);
        assert_eq!(act(&mut at.model, Action::Play), [Effect::StopPlaying]);
        let before = frame(&at);
        update(&mut at.model, Msg::Heard(span.end() - MediaTime(1)));
        assert_eq!(frame(&at), before, "what comes late moves nothing");
    }

    #[test]
    fn what_is_heard_of_a_turn_is_shown_and_moves_neither_the_moment_nor_the_range() {
        let mut at = Rehearsal::begin();
        at.model.desk.as_mut().unwrap().tab = Tab::Voices;
        act(&mut at.model, Action::RangeTime);
        act(&mut at.model, Action::Right);
        let told = |at: &Rehearsal| {
            let desk = at.model.desk.as_ref().unwrap();
            (desk.voices.at, desk.voices.range(&desk.snapshot))
        };
        let before = told(&at);
        let effects = act(&mut at.model, Action::Play);
        let [Effect::Play(span)] = effects[..] else { panic!("{effects:?}") };
        assert_eq!(Some(span), before.1);
        let now = span.start() + MediaTime(100_000);
        update(&mut at.model, Msg::Heard(now));
        assert_eq!((at.model.desk.as_ref().unwrap().voices.heard, told(&at)), (Some(now), before));
        update(&mut at.model, Msg::Answer(Answer::Played(PlayEvent::Ended(span))));
        assert_eq!((at.model.desk.as_ref().unwrap().voices.heard, told(&at)), (None, before));
    }

    #[test]
    fn without_a_device_the_picture_goes_on_and_that_is_said_once() {
        let (mut at, span) = playing();
        let effects = update(&mut at.model, silent(span, no_device()));
        assert_eq!(effects, [Effect::Copy("ffplay a.mp4".into()), Effect::PlayMute(span)]);
        assert_eq!(at.model.status, Status::Done("silent: no sound device here • copied: ffplay a.mp4".into()));
        update(&mut at.model, Msg::Answer(Answer::Played(PlayEvent::Ended(span))));
        at.model.status = Status::Quiet;
        act(&mut at.model, Action::Play);
        assert_eq!(update(&mut at.model, silent(span, no_device())), [Effect::PlayMute(span)]);
        assert_eq!(at.model.status, Status::Quiet);
    }

    #[test]
    fn where_nothing_is_seen_either_it_stops_and_says_so_each_time() {
        let mut at = Rehearsal::begin();
        at.model.desk.as_mut().unwrap().tab = Tab::Tracks;
        for _ in 0..2 {
            let effects = act(&mut at.model, Action::Play);
            let [Effect::Play(span)] = effects[..] else { panic!("{effects:?}") };
            let effects = update(&mut at.model, silent(span, no_device()));
            assert_eq!(effects, [Effect::Copy("ffplay a.mp4".into()), Effect::StopPlaying]);
        }
        let effects = act(&mut at.model, Action::Play);
        let [Effect::Play(span)] = effects[..] else { panic!("{effects:?}") };
        let gone = PlayError::NoVideo { what: "the video is gone".into(), hint: None };
        assert_eq!(update(&mut at.model, silent(span, gone)), [Effect::StopPlaying]);
        assert!(matches!(&at.model.status, Status::Failed(told) if told.what == "the video is gone"));
    }
}
