//! The thread that decodes the picture at the cursor: the newest one that is asked for, and no other.

use super::errand::Errand;
use super::update::Msg;
use super::worker::{Answer, Told};
use crate::domain::Size;
use crate::session::{FrameSource, Frames};

/// The thread and the way to it.
#[derive(Debug)]
pub(crate) struct Projector(Errand<Order>);

#[derive(Debug)]
enum Order {
    Frame {
        source: FrameSource,
        frame: u64,
        within: Size,
    },
    /// The episode was closed: its video too.
    Rest,
}

impl Projector {
    /// Starts it; `answer` is called from its thread.
    pub(crate) fn start(answer: impl Fn(Msg) + Send + 'static) -> std::io::Result<Self> {
        let mut open = None;
        let serve = move |order, is_newest: &dyn Fn() -> bool| serve_one(&mut open, order, is_newest, &answer);
        Errand::start("frames", serve).map(Self)
    }

    /// Asks for a picture; what was asked for before is not decoded any more.
    pub(crate) fn show(&self, source: FrameSource, frame: u64, within: Size) {
        self.0.anew(Order::Frame { source, frame, within });
    }

    /// Lets go of the video.
    pub(crate) fn rest(&self) {
        self.0.anew(Order::Rest);
    }
}

fn serve_one(open: &mut Option<Frames>, order: Order, is_newest: &dyn Fn() -> bool, answer: &dyn Fn(Msg)) {
    let Order::Frame { source, frame, within } = order else {
        *open = None;
        return;
    };
    let frames = match open.take().filter(|open| open.source().is_of_same(&source)) {
        Some(frames) => open.insert(frames),
        None => open.insert(Frames::new(source)),
    };
    match frames.get(frame, within, is_newest) {
        Ok(Some(view)) => answer(Msg::Answer(Answer::Frame(Ok(view)))),
        Err(error) if is_newest() => answer(Msg::Answer(Answer::Frame(Err(Told::from(error))))),
        Ok(None) | Err(_) => {}
    }
}
