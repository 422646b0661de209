//! From a message to the next state, and to what has to be done outside: the only place that changes the model. No IO.

use super::keymap::{Action, Resolved};
use super::list::{Cursor, Step};
use super::model::{Arrive, Asking, Desk, LogDetail, Made, Model, Overlay, Panel, Picking, Screen, Status, Tab};
use super::screens;
use super::text::fit;
use super::tryout::Trial;
use super::worker::{Answer, Ask, Deed, Told};
use super::{confirm, edit, help, line, picker, refusal, replay, sight};
use crate::domain::{MediaTime, Size, Span};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Msg {
    Key(KeyEvent),
    Paste(String),
    Mouse(MouseEvent),
    Resize(u16, u16),
    Answer(Answer),
    /// A picture is ready to be painted.
    Picture,
    /// Nothing was pressed for a while.
    Settled,
    /// Nothing was pressed for longer.
    Rested,
    /// What is played is there now.
    Heard(MediaTime),
    /// The terminal is not there any more.
    Gone,
}

/// Something to do outside.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    Ask(Ask),
    /// Decodes a picture of the open episode, to fit in so many pixels.
    Frame(u64, Size),
    /// Plays a span of the open episode.
    Play(Span),
    /// Lets the time of a span run on without sound.
    PlayMute(Span),
    StopPlaying,
    /// Tries thresholds of grouping out.
    Try(Trial),
    /// To the clipboard of the terminal.
    Copy(String),
    /// Another theme, by name.
    Theme(String),
    ToggleMeter,
    /// Everything again, whatever the terminal is believed to show.
    Redraw,
    Quit,
}

/// Takes one message.
pub(crate) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => on_key(model, key),
        Msg::Paste(text) => edit::paste(model, &text),
        Msg::Mouse(mouse) => on_mouse(model, mouse),
        Msg::Resize(width, height) => {
            model.size = (width, height);
            screens::settle(model)
        }
        Msg::Answer(answer) => on_answer(model, answer),
        Msg::Picture => Vec::new(),
        Msg::Settled => screens::settle(model),
        Msg::Rested => screens::rest(model),
        Msg::Heard(at) => replay::heard(model, at),
        Msg::Gone => vec![Effect::Quit],
    }
}

fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let place = model.place();
    let resolved = model.keymap.resolve(place, &model.pending, key);
    match resolved {
        Resolved::Pending => {
            model.pending.push(key);
            Vec::new()
        }
        Resolved::Action(action) => {
            model.pending.clear();
            act(model, action)
        }
        Resolved::Unbound if !model.pending.is_empty() => {
            model.pending.clear();
            Vec::new()
        }
        Resolved::Unbound if place.takes_text() => edit::key(model, key),
        Resolved::Unbound => {
            if key.code == KeyCode::Esc {
                calm(model);
            }
            Vec::new()
        }
    }
}

/// Takes what was said and what was selected away.
fn calm(model: &mut Model) {
    model.status = Status::Quiet;
    if let Some(desk) = &mut model.desk {
        match desk.tab {
            Tab::Identities => {
                desk.grid.selected.clear();
                desk.grid.anchor = None;
            }
            Tab::Tracks => {
                desk.strips.select_nothing();
            }
            Tab::Voices => desk.voices.select_nothing(),
            Tab::Detections | Tab::Results | Tab::Runs => {}
        }
    }
}

/// Does what a key, the palette or a click means.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let stops = replay::stop(model);
    if !stops.is_empty() && action == Action::Play {
        return stops;
    }
    let effects = act_now(model, action);
    stops.into_iter().chain(effects).collect()
}

fn act_now(model: &mut Model, action: Action) -> Vec<Effect> {
    let sure = matches!(&model.status, Status::Sure(asked, _) if *asked == action);
    if !sure && matches!(model.status, Status::Sure(..) | Status::Done(_)) && !is_move(action) {
        model.status = Status::Quiet;
    }
    if let Some(effects) = over(model, action) {
        return effects;
    }
    match action {
        Action::Quit => quit(model, sure),
        Action::Back => back(model),
        Action::Help => {
            model.overlay = Some(Overlay::Help { cursor: Cursor::default() });
            Vec::new()
        }
        Action::Palette => picker::palette(model),
        Action::Filter => edit::begin_filter(model),
        Action::GoEpisodes => go(model, Screen::Episodes),
        Action::GoPeople => go(model, Screen::People),
        Action::GoShows => go(model, Screen::Shows),
        Action::GoJobs => go(model, Screen::Jobs),
        Action::GoLog => go(model, Screen::Log),
        Action::GoHealth => go(model, Screen::Health),
        Action::NextTheme => {
            let next =
                model.themes.iter().position(|n| n == model.theme.name()).map_or(0, |at| (at + 1) % model.themes.len().max(1));
            model.themes.get(next).map(|name| Effect::Theme(name.clone())).into_iter().collect()
        }
        Action::ToggleMeter => vec![Effect::ToggleMeter],
        Action::Redraw => vec![Effect::Redraw],
        Action::CopyLink => {
            let Some(link) = model.link() else { return Vec::new() };
            model.status = Status::Done(format!("copied: {link}"));
            vec![Effect::Copy(link)]
        }
        Action::Undo | Action::Redo => undo(model, action, sure),
        _ => screens::act(model, action),
    }
}

/// What the overlay makes of an action; `None` where it is for the screen below.
fn over(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    match &mut model.overlay {
        Some(Overlay::Help { .. }) => {
            help::act(model, action);
            Some(Vec::new())
        }
        Some(Overlay::Picker(_)) => Some(picker::act(model, action)),
        Some(Overlay::Filter(_)) => Some(edit::end_filter(model, action)),
        Some(Overlay::Confirm(_)) => Some(confirm::act(model, action)),
        Some(Overlay::Line(_)) => Some(line::act(model, action)),
        None => None,
    }
}

/// Goes where one came from.
pub(crate) fn back(model: &mut Model) -> Vec<Effect> {
    let is_within = match model.screen {
        Screen::People => screens::people::leave(model),
        Screen::Log => screens::log::leave(model),
        _ => false,
    };
    if is_within {
        return Vec::new();
    }
    match model.screen {
        Screen::Episode => {
            let Some(desk) = &mut model.desk else { return go(model, Screen::Episodes) };
            if desk.panel.is_some() {
                return screens::in_panel(model, Action::Back);
            }
            if desk.is_zoomed {
                desk.is_zoomed = false;
                return Vec::new();
            }
            if desk.tab == Tab::Tracks && screens::tracks::leave_whole(desk) {
                return screens::settle(model);
            }
            if desk.tab == Tab::Tracks && desk.strips.of.is_some() {
                desk.strips.of = None;
                desk.tab = Tab::Identities;
                desk.arrange();
                return Vec::new();
            }
            model.before.clear();
            go(model, Screen::Episodes)
        }
        Screen::Episodes => {
            model.status = Status::Done("Q leaves".into());
            Vec::new()
        }
        Screen::People | Screen::Shows | Screen::Jobs | Screen::Add | Screen::Log | Screen::Health => {
            let to = model.before.pop().unwrap_or(Screen::Episodes);
            go(model, to)
        }
    }
}

pub(crate) fn go(model: &mut Model, to: Screen) -> Vec<Effect> {
    if !is_home(to) && is_home(model.screen) {
        model.before.push(model.screen);
    }
    model.screen = to;
    match to {
        // The lock goes with the episode: other processes may decide or run.
        Screen::Episodes => {
            model.desk = None;
            vec![Effect::Ask(Ask::Close), Effect::Ask(Ask::Episodes)]
        }
        Screen::People | Screen::Shows => vec![Effect::Ask(Ask::Casts)],
        Screen::Log => {
            if model.desk.is_none() {
                model.log = super::model::LogView::default();
            }
            // Entries about people are told by name.
            let names = (model.desk.is_none() && !model.holdings.is_read).then_some(Effect::Ask(Ask::Casts));
            std::iter::once(Effect::Ask(Ask::Log)).chain(names).collect()
        }
        Screen::Health => vec![Effect::Ask(Ask::Health)],
        Screen::Episode | Screen::Jobs | Screen::Add => Vec::new(),
    }
}

/// Tells whether a screen is where others are looked at from.
fn is_home(screen: Screen) -> bool {
    matches!(screen, Screen::Episodes | Screen::Episode)
}

/// Leaves; with a run at work only at the second key.
fn quit(model: &mut Model, sure: bool) -> Vec<Effect> {
    let open = model.jobs.open();
    if open == 0 || sure {
        if open > 0 {
            model.status = Status::Busy("waiting for the last whole shot".into());
        }
        return vec![Effect::Quit];
    }
    let episode = model.jobs.running().map_or_else(String::new, |l| format!(" of {}", l.order.episode));
    let told = format!("a run{episode} is at work · Q again stops it at its last whole shot; the next start goes on");
    model.status = Status::Sure(Action::Quit, told);
    Vec::new()
}

/// Opens an episode, and shows there what `arrive` names.
pub(crate) fn open(model: &mut Model, arrive: Arrive) -> Vec<Effect> {
    let Some(episode) = arrive.episode.clone() else { return Vec::new() };
    model.status = Status::Busy(format!("opening {episode}"));
    model.arrive = Some(arrive);
    vec![Effect::Ask(Ask::Open(episode))]
}

/// Takes the last decision back, or does it again; one out of sight is named first, and goes at the second key.
fn undo(model: &mut Model, action: Action, sure: bool) -> Vec<Effect> {
    let is_of_catalog = matches!(model.screen, Screen::People | Screen::Shows);
    if is_of_catalog || (model.screen == Screen::Log && model.desk.is_none()) {
        return vec![Effect::Ask(if action == Action::Redo { Ask::RedoPeople } else { Ask::UndoPeople(None) })];
    }
    let Some(desk) = &model.desk else { return Vec::new() };
    let (next, none, does) = match action {
        Action::Redo => (&desk.snapshot.next_redo, "nothing is left to do again", "does again"),
        _ => (&desk.snapshot.next_undo, "nothing is left to undo", "takes back"),
    };
    let Some((seq, summary)) = next else {
        model.status = Status::Done(none.into());
        return Vec::new();
    };
    if let Some(place) = sight::hidden(model, *seq).filter(|_| !sure) {
        let key = model.keymap.key_of(model.place_below(), action).unwrap_or_default();
        model.status = Status::Sure(action, format!("{key} again {does} #{seq}, {place}: {summary}"));
        return Vec::new();
    }
    if_writable(model, if action == Action::Redo { Ask::Redo } else { Ask::Undo(None) })
}

/// Asks for what changes the episode; says why where it is only read.
pub(crate) fn if_writable(model: &mut Model, ask: Ask) -> Vec<Effect> {
    let Some(desk) = &model.desk else { return Vec::new() };
    if let crate::session::Access::Read { why } = &desk.access {
        let hint = Some("the episode can be looked at meanwhile; open it again when the other is done".into());
        model.status = Status::Failed(Told { what: why.clone(), hint });
        return Vec::new();
    }
    vec![Effect::Ask(ask)]
}

fn on_answer(model: &mut Model, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::Episodes(lines) => {
            model.episodes.lines = Some(lines);
            let count = model.episodes.shown().len();
            model.episodes.cursor.show(count, 1, screens::rows(model));
            if matches!(model.status, Status::Busy(_)) && model.arrive.is_none() {
                model.status = Status::Quiet;
            }
        }
        Answer::Opened { snapshot, access, thumbs, frames } => {
            return opened(model, Desk::new(snapshot, access, thumbs, frames));
        }
        Answer::NotOpened(why) => {
            model.arrive = None;
            model.status = Status::Failed(why);
            model.screen = Screen::Episodes;
        }
        Answer::Decided { snapshot, made, what } => {
            let Some(desk) = &mut model.desk else { return Vec::new() };
            let more = match (&made, what) {
                (Some(made), Deed::Decision) => screens::preview::invites(&model.keymap, desk.tab, made, &snapshot),
                _ => String::new(),
            };
            let cells = usize::from(model.size.0).saturating_sub(more.chars().count());
            model.status = Status::Done(said(made.as_ref().map(|m| m.summary.as_str()), what, cells) + &more);
            let touched = made.as_ref().map(|operation| (operation.seq, Made::new(desk, operation)));
            let known = desk.voices.known();
            desk.take(snapshot);
            if let Some((_, made)) = touched.as_ref().filter(|_| desk.tab == Tab::Voices) {
                desk.voices.follow(what, &made.turns, &known);
            }
            if let (Some((seq, made)), Deed::Decision) = (touched, what) {
                desk.made.insert(seq, made);
            }
            // What is taken back may have settled what an earlier run left open.
            let is_open = desk.runs.waiting() > 0 || (what != Deed::Decision && desk.runs.has_any());
            let is_open = is_open && desk.tab != Tab::Runs;
            let mut effects = screens::follow_panel(desk, Some(what));
            effects.extend(is_open.then_some(Effect::Ask(Ask::Carried)));
            effects.extend((model.screen == Screen::Log).then_some(Effect::Ask(Ask::Log)));
            return effects;
        }
        Answer::Compared { others, with, diff, carried } => {
            if let Some(desk) = &mut model.desk {
                let runs = &mut desk.runs;
                (runs.others, runs.with, runs.diff, runs.carried) = (others, with, diff, Some(carried));
                runs.asked = Some((desk.snapshot.seq, with));
                screens::runs::arrange(model);
            }
        }
        Answer::WhatIf(source) => return screens::what_if::sourced(model, source),
        Answer::Tried(tried) => return screens::what_if::tried(model, tried),
        Answer::NotCompared(why) => {
            if let Some(desk) = &mut model.desk {
                desk.runs.fault = Some(why);
            }
        }
        Answer::Carried(report) => {
            if let Some(desk) = &mut model.desk {
                desk.runs.carried = Some(report);
            }
            screens::runs::arrange(model);
        }
        Answer::Refused(why) => {
            screens::refused_in_panel(model);
            model.jobs.is_ordering = false;
            model.status = Status::Failed(why);
        }
        Answer::Against(why) => {
            model.status = Status::Failed(refusal::told(model, &why));
            screens::refused_in_panel(model);
        }
        Answer::FacesOf { person, episode, faces } => screens::people::faces_found(model, person, &episode, faces),
        Answer::AgainstCatalog(why) => model.status = Status::Failed(refusal::catalog::told(model, *why)),
        Answer::Dependents { command, what } => screens::catalog::dependents(model, &command, &what),
        Answer::Log(entries) => {
            model.log.take(entries);
            return [vec![Effect::Ask(Ask::Touches)], screens::log::ask_for_detail(model)].concat();
        }
        Answer::Touches(touches) => {
            model.log.touches = Some(touches);
            model.log.arrange();
        }
        Answer::Entry(operation) => model.log.detail = Some(LogDetail::Episode(operation)),
        Answer::PeopleEntry(operation) => model.log.detail = Some(LogDetail::People(operation)),
        Answer::InTheWay { by, told } => {
            model.status = Status::Failed(told);
            model.log.in_the_way = Some(by);
            model.log.show(by);
            return screens::log::ask_for_detail(model);
        }
        Answer::Reopened { snapshot, access, thumbs, frames } => {
            if let Some(desk) = model.desk.as_mut().filter(|d| d.snapshot.episode == snapshot.episode) {
                (desk.access, desk.thumbs, desk.film.source) = (access, thumbs, frames);
                desk.film.trouble = None;
                desk.take(snapshot);
                let followed = screens::follow_panel(desk, None);
                return [followed, vec![Effect::Ask(Ask::Carried)], screens::settle(model)].concat();
            }
        }
        Answer::Jobs(lines) => {
            if let Some(last) = model.jobs.take(lines).last() {
                model.status = screens::jobs::ended(&model.keymap, last);
            }
        }
        Answer::LeftOver(left) => {
            if !left.is_empty() {
                model.status = screens::episodes::left_over_text(&left);
            }
            model.jobs.left = left;
        }
        Answer::Standing(standing) => return screens::episodes::standing(model, *standing),
        Answer::Defaults(defaults) => {
            let here = model.here.clone();
            return screens::add::opened(model, *defaults, here);
        }
        answer @ (Answer::Folder(..) | Answer::Video(..)) => return screens::add::answered(model, answer),
        Answer::WhatGoes { episodes, is_all, goes } => confirm::ask(model, episodes, is_all, goes),
        Answer::Deleted { lines, asked, count, fault } => {
            // Whatever was asked for is not open any more, deleted or not.
            if model.desk.as_ref().is_some_and(|d| asked.contains(&d.snapshot.episode)) {
                model.desk = None;
            }
            model.episodes.lines = Some(Ok(lines));
            let shown = model.episodes.shown().len();
            model.episodes.cursor.show(shown, 1, screens::rows(model));
            model.status = match fault {
                Some(why) => Status::Failed(why),
                None if count == 1 => Status::Done("deleted".into()),
                None => Status::Done(format!("{count} episodes deleted")),
            };
            if model.screen == Screen::Shows {
                return vec![Effect::Ask(Ask::Casts)];
            }
        }
        Answer::Played(event) => return replay::told(model, event),
        Answer::Frame(found) => screens::detections::take_frame(model, found),
        Answer::ShotFaces(shot) => {
            if let Some(desk) = &mut model.desk {
                desk.film.take_shot(shot);
            }
        }
        Answer::Spread(spread) => {
            if let Some(desk) = &mut model.desk {
                desk.film.take_spread(spread);
            }
        }
        Answer::Health(checks) => model.health = Some(checks),
        Answer::Reading { roster, directory, portraits, done } => model.holdings.begin(roster, *directory, portraits, done),
        Answer::Casts { lines, all, is_last } => {
            screens::people::fit_to_screen(model);
            screens::shows::fit_to_screen(model);
            model.holdings.take(lines, all, is_last);
        }
        Answer::NotRead(why) => model.holdings.fault = Some(why),
        Answer::Changed(snapshot) => {
            if let Some(desk) = &mut model.desk {
                desk.take(snapshot);
                return screens::follow_panel(desk, None);
            }
        }
        Answer::Crops { track, every, first, page } => {
            let Some(desk) = &mut model.desk else { return Vec::new() };
            if desk.strips.every_of(track) != every {
                return Vec::new();
            }
            // A page that goes on where nothing is any more is of no use: it is asked for anew.
            if first {
                desk.strips.crops.entry(track).or_default().rows.clear();
            }
            if let Some(strip) = desk.strips.crops.get_mut(&track) {
                strip.rows.extend(page.rows);
                (strip.every, strip.next, strip.total, strip.is_asked) = (every, page.next, page.total, false);
            }
        }
        Answer::Near { to, found } => {
            return model.desk.as_mut().map_or_else(Vec::new, |desk| screens::near::answered(desk, to, found));
        }
        Answer::NotAlike(why) => {
            if let Some(desk) = &mut model.desk {
                desk.panel.take_if(|panel| matches!(panel, Panel::Propagate(_)));
            }
            return on_answer(model, *why);
        }
        Answer::Alike { from, found } => return screens::preview::answered(model, &from, found),
        Answer::PeopleDecided { made, what } => {
            if let Some(made) = &made {
                model.holdings.expect(&made.changes);
            }
            let cells = usize::from(model.size.0);
            model.status = Status::Done(match (made.as_ref().map(|m| m.summary.as_str()), model.screen) {
                // Where one reviews, the key takes back what was decided of the episode.
                (Some(made), Screen::Episode) if what == Deed::Decision => {
                    format!("{}; u in People takes it back", fit(made, cells.saturating_sub(30)))
                }
                (made, _) => said(made, what, cells),
            });
            // The open episode shows people too.
            let refresh = model.desk.is_some().then_some(Effect::Ask(Ask::Refresh));
            let shown = if model.screen == Screen::Log { Ask::Log } else { Ask::Casts };
            return std::iter::once(Effect::Ask(shown)).chain(refresh).collect();
        }
        Answer::Promoted(done) => model.status = Status::Done(screens::promote::said(&done)),
        Answer::Exported(path) => model.status = Status::Done(format!("the totals are in {path}")),
        Answer::IsThere(path) => {
            let what = Asking::Export { taken: Some(path.clone()) };
            line::begin(model, what, "it is there already; Enter replaces it", &path);
        }
    }
    Vec::new()
}

fn opened(model: &mut Model, mut desk: Desk) -> Vec<Effect> {
    let arrive = model.arrive.take().unwrap_or_default();
    desk.tab = arrive.tab.unwrap_or_default();
    desk.grid.sort = arrive.sort;
    desk.grid.filter = arrive.filter;
    desk.arrange();
    let at = |id| desk.grid.order.iter().position(|i| desk.snapshot.identities[*i].identity.id == id);
    if let Some(at) = arrive.identity.and_then(at) {
        desk.grid.cursor.at = at;
    }
    let nearest = arrive.at.and_then(|t| {
        desk.strips
            .order
            .iter()
            .copied()
            .take_while(|id| desk.snapshot.tracks[id].track.first.pts - desk.snapshot.run.video.first_pts <= t)
            .last()
    });
    if let Some(at) = arrive.track.or(nearest).and_then(|id| desk.strips.order.iter().position(|t| *t == id)) {
        desk.strips.cursor.at = at;
    }
    if let Some(at) = arrive.at {
        desk.film.frame = desk.snapshot.frame_at(at + desk.origin());
        desk.voices.go_to(at + desk.origin());
    }
    desk.grid.under = desk.card().map(|c| c.identity.id);
    model.status = match &desk.access {
        crate::session::Access::Write => Status::Quiet,
        crate::session::Access::Read { why } => Status::Done(format!("read only: {why}")),
    };
    model.log = super::model::LogView::default();
    model.desk = Some(desk);
    model.screen = Screen::Episode;
    screens::identities::settle(model);
    vec![Effect::Ask(Ask::Carried)]
}

/// One line about what was done, and how to take it back.
fn said(made: Option<&str>, what: Deed, cells: usize) -> String {
    let summary = made.map(|m| fit(m, cells.saturating_sub(24))).unwrap_or_default();
    match (made, what) {
        (Some(_), Deed::Decision | Deed::Redo) => format!("{summary} · u undoes"),
        (Some(_), Deed::Undo) => format!("{summary} · C-r does it again"),
        (None, Deed::Decision) => "nothing to change: it is so already".into(),
        (None, Deed::Undo) => "nothing is left to undo".into(),
        (None, Deed::Redo) => "nothing is left to do again".into(),
    }
}

fn on_mouse(model: &mut Model, mouse: MouseEvent) -> Vec<Effect> {
    match mouse.kind {
        MouseEventKind::ScrollDown => act(model, Action::Down),
        MouseEventKind::ScrollUp => act(model, Action::Up),
        MouseEventKind::Down(crossterm::event::MouseButton::Left) => screens::click(model, mouse.column, mouse.row),
        MouseEventKind::Drag(crossterm::event::MouseButton::Left) => screens::drag(model, mouse.column, mouse.row),
        _ => Vec::new(),
    }
}

/// Returns the move of the cursor that an action is.
pub(crate) fn step_of(action: Action) -> Option<Step> {
    Some(match action {
        Action::Up => Step::Up,
        Action::Down => Step::Down,
        Action::Left => Step::Left,
        Action::Right => Step::Right,
        Action::PageUp => Step::PageUp,
        Action::PageDown => Step::PageDown,
        Action::First => Step::First,
        Action::Last => Step::Last,
        _ => return None,
    })
}

fn is_move(action: Action) -> bool {
    step_of(action).is_some()
}

/// Begins to pick something.
pub(crate) fn pick(model: &mut Model, what: Picking) -> Vec<Effect> {
    if what != Picking::Palette
        && let Some(crate::session::Access::Read { .. }) = model.desk.as_ref().map(|d| &d.access)
    {
        return if_writable(model, Ask::Redo);
    }
    picker::begin(model, what);
    Vec::new()
}
