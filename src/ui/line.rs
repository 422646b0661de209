//! A line of text that is asked for: a name, a path.

use super::keymap::Action;
use super::model::{Asking, Line, Model, Overlay};
use super::screens::catalog;
use super::update::{Effect, if_writable};
use super::worker::Ask;
use crate::session::{CatalogCommand, Command, Over, Target};
use tui_input::Input;

/// Asks for a line; `text` stands there to begin with.
pub(crate) fn begin(model: &mut Model, what: Asking, prompt: &str, text: &str) {
    model.overlay = Some(Overlay::Line(Line { what, prompt: prompt.to_owned(), input: Input::new(text.to_owned()) }));
}

/// Enter takes the line, Esc leaves everything as it was.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Back => model.overlay = None,
        Action::Open => {
            if let Some(Overlay::Line(line)) = model.overlay.take() {
                return done(model, line);
            }
        }
        _ => {}
    }
    Vec::new()
}

fn done(model: &mut Model, line: Line) -> Vec<Effect> {
    let typed = line.input.value().trim().to_owned();
    match line.what {
        Asking::NewPerson(given) => {
            // Without a name it is somebody all the same.
            let target = if typed.is_empty() { Target::New } else { Target::Person(typed) };
            if let Some(desk) = &mut model.desk {
                desk.strips.select_nothing();
            }
            if_writable(model, Ask::Decide(given.to(target)))
        }
        Asking::Export { taken } if !typed.is_empty() => {
            let over = if taken.as_ref() == Some(&typed) { Over::Replace } else { Over::Refuse };
            vec![Effect::Ask(Ask::Export { path: typed, over })]
        }
        Asking::Rename(person) if !typed.is_empty() => {
            vec![Effect::Ask(Ask::Catalog(CatalogCommand::Rename { person, name: typed }))]
        }
        // Nothing is also something that can be said: nothing.
        Asking::Words(turn) => if_writable(model, Ask::Decide(Command::Words { turn, text: typed })),
        // An empty line takes away what was said.
        Asking::Field(subject, field) => catalog::typed(model, &subject, field, &typed),
        what @ (Asking::NewShow | Asking::NewSeason(_) | Asking::NewMember(_)) if !typed.is_empty() => {
            catalog::typed_new(model, &what, &typed)
        }
        Asking::NewPicture(person, _) if !typed.is_empty() => vec![Effect::Ask(Ask::AddPicture { person, file: typed })],
        Asking::Export { .. }
        | Asking::Rename(_)
        | Asking::NewShow
        | Asking::NewSeason(_)
        | Asking::NewMember(_)
        | Asking::NewPicture(..) => Vec::new(),
    }
}
