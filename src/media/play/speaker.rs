//! The thread that plays: the newest thing it is asked for, and no other.

use super::super::audio::{Excerpt, SoundChoice};
use super::PlayError;
use crate::domain::{MediaTime, Span};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Finds the file to play. Asked on the speaker's own thread, as disks can be slow.
pub type Where = Box<dyn Fn() -> Result<PathBuf, PlayError> + Send>;

/// What is to be played.
pub struct Asked {
    pub video: Where,
    pub choice: SoundChoice,
    pub span: Span,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("choice", &self.choice).field("span", &self.span).finish_non_exhaustive()
    }
}

/// What becomes of it. Of what a newer order or a stop overtakes nothing more is told.
#[derive(Debug)]
pub enum PlayEvent {
    /// It is heard from now on.
    Began(Span),
    Ended(Span),
    /// It is not heard, or no longer; `command` plays it elsewhere.
    Silent {
        span: Span,
        error: PlayError,
        command: Option<String>,
    },
}

/// Somewhere to put samples.
pub(super) trait Output {
    /// Samples a second that it takes, of two channels.
    fn rate(&self) -> u32;
    /// Takes a piece, waiting as long as it has enough and `goes_on` says so.
    fn write(&mut self, piece: Vec<f32>, goes_on: &dyn Fn() -> bool) -> Result<(), PlayError>;
    /// Takes no more; tells whether all is heard by now.
    fn is_done(&mut self) -> Result<bool, PlayError>;
    /// Returns how many samples of each channel were heard.
    fn heard(&self) -> u64;
}

type Opens = Box<dyn Fn() -> Result<Box<dyn Output>, PlayError> + Send>;

/// The thread and the way to it.
#[derive(Debug)]
pub struct Speaker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    /// Counts what was asked for: what is older stops.
    newest: AtomicU64,
    /// Microseconds of what is heard now, [`NOTHING`] where nothing is.
    position: AtomicI64,
}

#[derive(Debug, Default)]
struct State {
    asked: Option<(u64, Asked)>,
    is_closing: bool,
}

const NOTHING: i64 = i64::MIN;
/// How often what is heard is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(20);

impl Speaker {
    /// Starts it; `tell` is called from its thread. Nothing is opened before something is to be played.
    ///
    /// # Errors
    /// Fails where no thread can be started.
    pub fn start(tell: impl Fn(PlayEvent) + Send + 'static) -> std::io::Result<Self> {
        Self::start_on(Box::new(open), tell)
    }

    fn start_on(opens: Opens, tell: impl Fn(PlayEvent) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { position: AtomicI64::new(NOTHING), ..Shared::default() });
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("speaker".into()).spawn(move || serve(&served, &opens, &tell))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Plays a span; what was being played stops. Returns at once.
    pub fn play(&self, asked: Asked) {
        let number = self.shared.newest.fetch_add(1, Ordering::SeqCst) + 1;
        self.shared.lock().asked = Some((number, asked));
        self.shared.wake.notify_all();
    }

    /// Stops what is being played. Returns at once.
    pub fn stop(&self) {
        self.shared.newest.fetch_add(1, Ordering::SeqCst);
        self.shared.lock().asked = None;
    }

    /// Returns the moment that is heard now, on the container's clock, so that the picture can follow; `None` where nothing is.
    pub fn position(&self) -> Option<MediaTime> {
        Some(self.shared.position.load(Ordering::Relaxed)).filter(|p| *p != NOTHING).map(MediaTime)
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.shared.newest.fetch_add(1, Ordering::SeqCst);
        self.shared.lock().is_closing = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic there was its own; there is nothing left to tell here.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The state stays usable after a panic elsewhere: every change to it is made in one go.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn order(&self) -> Option<(u64, Asked)> {
        let mut state = self.lock();
        loop {
            if state.is_closing {
                return None;
            }
            if let Some(order) = state.asked.take() {
                return Some(order);
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn serve(shared: &Shared, opens: &Opens, tell: &dyn Fn(PlayEvent)) {
    while let Some((number, asked)) = shared.order() {
        let goes_on = || shared.newest.load(Ordering::SeqCst) == number;
        let mut path = None;
        let played = play(shared, opens, &asked, &mut path, &goes_on, tell);
        shared.position.store(NOTHING, Ordering::Relaxed);
        let span = asked.span;
        match played {
            _ if !goes_on() => {}
            Ok(()) => tell(PlayEvent::Ended(span)),
            Err(error) => {
                let command = path.map(|path| super::command(&path, &asked.choice, span));
                tell(PlayEvent::Silent { span, error, command });
            }
        }
    }
}

fn play(
    shared: &Shared,
    opens: &Opens,
    asked: &Asked,
    path: &mut Option<PathBuf>,
    goes_on: &dyn Fn() -> bool,
    tell: &dyn Fn(PlayEvent),
) -> Result<(), PlayError> {
    let path = path.insert((asked.video)()?);
    let mut output = opens()?;
    let rate = output.rate();
    let no_sound = || PlayError::NoSound { path: path.clone() };
    let mut excerpt = Excerpt::open(path, &asked.choice, asked.span, rate)?.ok_or_else(no_sound)?;
    let mut has_begun = false;
    let place = |output: &dyn Output| {
        let heard = MediaTime::from_secs(output.heard() as f64 / f64::from(rate));
        shared.position.store((asked.span.start() + heard).0, Ordering::Relaxed);
    };
    let refuse = |e: ffmpeg_next::Error| PlayError::Rate { path: path.clone(), rate, reason: e.to_string() };
    while goes_on() {
        let Some(piece) = excerpt.next().map_err(refuse)? else { break };
        if !has_begun && goes_on() {
            has_begun = true;
            tell(PlayEvent::Began(asked.span));
        }
        // Pieces are short, so that the picture that follows does not jump.
        for piece in piece.chunks(rate as usize / 25 * 2) {
            output.write(piece.to_vec(), goes_on)?;
            place(&*output);
        }
    }
    while goes_on() && !output.is_done()? {
        place(&*output);
        std::thread::sleep(LOOK);
    }
    Ok(())
}

#[cfg(feature = "sound")]
fn open() -> Result<Box<dyn Output>, PlayError> {
    super::device::open().map(|device| Box::new(device) as Box<dyn Output>)
}

#[cfg(not(feature = "sound"))]
fn open() -> Result<Box<dyn Output>, PlayError> {
    Err(PlayError::NotBuilt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::audio::SoundChoice;
    use crate::media::tests::clips::{dir, make};
    use std::sync::mpsc::{Receiver, channel};

    /// Keeps what it is given, and is lost after a while where it is to be.
    struct Tape {
        samples: Arc<Mutex<Vec<f32>>>,
        rate: u32,
        lost_after: usize,
    }

    impl Output for Tape {
        fn rate(&self) -> u32 {
            self.rate
        }
        fn write(&mut self, piece: Vec<f32>, _: &dyn Fn() -> bool) -> Result<(), PlayError> {
            let mut samples = self.samples.lock().unwrap();
            samples.extend(piece);
            if samples.len() < self.lost_after { Ok(()) } else { Err(PlayError::Lost { reason: "unplugged".into() }) }
        }
        fn is_done(&mut self) -> Result<bool, PlayError> {
            Ok(true)
        }
        fn heard(&self) -> u64 {
            self.samples.lock().unwrap().len() as u64 / 2
        }
    }

    fn taped(rate: u32, lost_after: usize) -> (Speaker, Arc<Mutex<Vec<f32>>>, Receiver<PlayEvent>) {
        let samples = Arc::<Mutex<Vec<f32>>>::default();
        let (tape, (send, events)) = (Arc::clone(&samples), channel());
        let opens: Opens = Box::new(move || Ok(Box::new(Tape { samples: Arc::clone(&tape), rate, lost_after })));
        (Speaker::start_on(opens, move |event| send.send(event).unwrap()).unwrap(), samples, events)
    }

    fn asked(path: &std::path::Path, from: f64, to: f64) -> Asked {
        let path = path.to_path_buf();
        let span = Span::new(MediaTime::from_secs(from), MediaTime::from_secs(to));
        Asked { video: Box::new(move || Ok(path.clone())), choice: SoundChoice::Usual, span }
    }

    #[test]
    fn a_span_is_played_from_its_first_sample_to_its_last_at_any_rate() {
        let dir = dir();
        let tone = "0.5*gte(t,2)*lt(t,3)|0.25*gte(t,2)*lt(t,3)";
        let args = format!(
            "-f lavfi -i testsrc2=s=64x64:d=5 -f lavfi -i aevalsrc=exprs='{tone}':s=44100:d=5 -c:v libx264 -c:a pcm_s16le"
        );
        let Some(path) = make(&dir, "a.mkv", &args) else { return };
        for rate in [44_100, 48_000, 16_000] {
            let (speaker, samples, events) = taped(rate, usize::MAX);
            speaker.play(asked(&path, 1.5, 3.5));
            assert!(matches!(events.recv().unwrap(), PlayEvent::Began(_)));
            assert!(matches!(events.recv().unwrap(), PlayEvent::Ended(_)));
            assert_eq!(speaker.position(), None);
            let got = samples.lock().unwrap().clone();
            let second = rate as usize * 2;
            assert!(got.len().abs_diff(2 * second) <= 4, "{rate}: {}", got.len());
            let near = |at: f64, ear: usize| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let at = (at * f64::from(rate)) as usize;
                got[at * 2 + ear]
            };
            for (at, left) in [(0.49, 0.0), (0.51, 0.5), (1.0, 0.5), (1.49, 0.5), (1.51, 0.0)] {
                assert!((near(at, 0) - left).abs() < 0.02 && (near(at, 1) - left / 2.0).abs() < 0.02, "{rate} at {at}");
            }
        }
    }

    #[test]
    fn whatever_is_amiss_is_told_with_the_command_that_plays_it_elsewhere() {
        let dir = dir();
        let Some(path) = make(&dir, "a.mp4", "-f lavfi -i testsrc2=s=64x64:d=2 -f lavfi -i sine=d=2 -c:v libx264 -c:a aac")
        else {
            return;
        };
        let Some(mute) = make(&dir, "mute.mp4", "-f lavfi -i testsrc2=s=64x64:d=2 -c:v libx264") else { return };
        let (speaker, _, events) = taped(48_000, 20_000);
        speaker.play(asked(&path, 0.0, 2.0));
        assert!(matches!(events.recv().unwrap(), PlayEvent::Began(_)));
        let PlayEvent::Silent { error: PlayError::Lost { .. }, command: Some(command), .. } = events.recv().unwrap() else {
            panic!()
        };
        assert!(command.starts_with("ffplay -autoexit -ss 0.000 -t 2.000 "), "{command}");
        speaker.play(asked(&mute, 0.0, 1.0));
        assert!(matches!(events.recv().unwrap(), PlayEvent::Silent { error: PlayError::NoSound { .. }, .. }));
        speaker.play(asked(&dir.path().join("none.mp4"), 0.0, 1.0));
        assert!(matches!(events.recv().unwrap(), PlayEvent::Silent { error: PlayError::Media(_), .. }));
    }

    #[test]
    fn the_command_plays_the_sound_that_was_chosen() {
        let dir = dir();
        let two = "-f lavfi -i testsrc2=s=64x64:d=1 -f lavfi -i sine=d=1 -f lavfi -i sine=d=1 -map 0 -map 1 -map 2 -c:v libx264 \
                   -metadata:s:a:0 language=eng -metadata:s:a:1 language=fra";
        let Some(path) = make(&dir, "two.mkv", two) else { return };
        let of = |choice: &str| super::super::command(&path, &SoundChoice::from(choice.to_owned()), asked(&path, 0.0, 1.0).span);
        assert!(of("default").starts_with("ffplay -autoexit -ss 0.000 "), "{}", of("default"));
        for choice in ["2", "fr"] {
            assert!(of(choice).starts_with("ffplay -autoexit -ast 2 -ss 0.000 "), "{}", of(choice));
        }
    }

    #[test]
    fn what_was_stopped_says_nothing_more() {
        let (speaker, samples, events) = taped(48_000, usize::MAX);
        let span = Span::new(MediaTime::ZERO, MediaTime(1));
        let (send, stopped) = channel::<()>();
        let (asks, asked) = channel::<()>();
        let stopped = Mutex::new(stopped);
        let video: Where = Box::new(move || {
            asks.send(()).unwrap();
            // Comes back only once it was stopped.
            let _ = stopped.lock().unwrap().recv();
            Err(PlayError::NotBuilt)
        });
        speaker.play(Asked { video, choice: SoundChoice::Usual, span });
        asked.recv().unwrap();
        speaker.stop();
        send.send(()).unwrap();
        drop(speaker);
        assert!(events.recv().is_err() && samples.lock().unwrap().is_empty());
    }
}
