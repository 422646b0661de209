//! Text that is typed: the query of a picker, the filter of a list.

use super::keymap::{Action, Place};
use super::model::{Model, Overlay};
use super::screens::add;
use super::update::Effect;
use super::{picker, screens};
use crossterm::event::{Event, KeyEvent};
use tui_input::backend::crossterm::EventHandler;
use tui_input::{Input, InputRequest};

/// Takes a key that no binding wants.
pub(crate) fn key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if model.place() == Place::Form {
        return add::key(model, key);
    }
    change(model, |input| {
        input.handle_event(&Event::Key(key));
    })
}

/// Takes pasted text; its line breaks and control characters become blanks. Where nothing is typed, it is nothing.
pub(crate) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.place() == Place::Form {
        return add::paste(model, text);
    }
    change(model, |input| {
        for letter in text.chars() {
            input.handle(InputRequest::InsertChar(if letter.is_control() { ' ' } else { letter }));
        }
    })
}

fn change(model: &mut Model, how: impl FnOnce(&mut Input)) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Picker(picker)) => {
            how(&mut picker.input);
            picker::search(picker);
        }
        Some(Overlay::Filter(input)) => {
            how(input);
            let text = input.value().to_owned();
            set_filter(model, text);
        }
        Some(Overlay::Confirm(confirm)) => how(&mut confirm.input),
        Some(Overlay::Line(line)) => how(&mut line.input),
        Some(Overlay::Help { .. }) | None => {}
    }
    Vec::new()
}

/// Begins to type the filter of the list at hand.
pub(crate) fn begin_filter(model: &mut Model) -> Vec<Effect> {
    if let Some(filter) = filter(model) {
        model.overlay = Some(Overlay::Filter(Input::new(filter.clone())));
    }
    Vec::new()
}

/// Enter keeps the filter, Esc takes it away; what moves the cursor below moves it.
pub(crate) fn end_filter(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Open => model.overlay = None,
        Action::Back => {
            model.overlay = None;
            set_filter(model, String::new());
        }
        Action::Also | Action::Complete if model.place_below() == Place::Log => {
            let text = filter(model).cloned().unwrap_or_default();
            let text = screens::log::complete_filter(&model.log, &text);
            model.overlay = Some(Overlay::Filter(Input::new(text.clone())));
            set_filter(model, text);
        }
        _ => {}
    }
    Vec::new()
}

/// Returns the filter of the list at hand.
pub(crate) fn filter(model: &mut Model) -> Option<&mut String> {
    match model.place_below() {
        Place::Episodes => Some(&mut model.episodes.filter),
        Place::Log => Some(&mut model.log.filter),
        Place::People => Some(&mut model.holdings.people.filter),
        Place::Shows => Some(&mut model.holdings.shows.filter),
        Place::Identities => model.desk.as_mut().map(|d| &mut d.grid.filter),
        Place::Tracks => model.desk.as_mut().map(|d| &mut d.strips.filter),
        Place::Voices => model.desk.as_mut().map(|d| &mut d.voices.filter),
        _ => None,
    }
}

fn set_filter(model: &mut Model, text: String) {
    if let Some(filter) = filter(model) {
        *filter = text;
    }
    if let Some(desk) = &mut model.desk {
        desk.arrange();
    }
    model.holdings.people.arrange();
    model.holdings.shows.arrange(&model.holdings.casts);
    model.log.arrange();
    let episodes = model.episodes.shown().len();
    model.episodes.cursor.show(episodes, 1, usize::from(model.size.1));
}
