//! Pictures in presentation order.

use super::complaints::Complaints;
use super::container::{Container, Read, StreamFacts, is_discarded};
use super::error::MediaError;
use super::frame::FrameFacts;
use super::geometry::{Display, Orientation};
use super::numbering::{Counting, Numbering};
use super::nvdec::{self, Nvdec};
use super::params::{DecodeParams, Hardware, SkipPolicy};
use super::picture::Picture;
use super::planes::Layout;
use super::probe::VideoInfo;
use crate::domain::{FrameTime, MediaTime};
use ffmpeg_next::frame::Video;
use ffmpeg_next::util::error::EAGAIN;
use ffmpeg_next::{Discard, Error, Packet, codec};
use std::fmt;
use std::path::Path;

/// Counts what was lost on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Damage {
    /// Packets that could not be read or decoded; not those that a container passes over in silence, as Matroska does.
    pub packets: u64,
    /// Pictures that the decoder marked as damaged; they are used all the same.
    pub frames: u64,
    /// Time that the container promises after the last picture, where it is more than two seconds.
    pub missing: MediaTime,
}

/// Decodes one video file.
pub struct Decoder {
    pub(super) engine: Engine,
    params: DecodeParams,
    info: VideoInfo,
    display: Display,
    /// Decoded but not yet handed out.
    ready: Option<Picture>,
    /// The picture handed out last, or ready.
    last: FrameTime,
    /// The layout of the last pixel format met.
    layout: (i32, Option<Layout>),
}

impl Decoder {
    /// Opens a file and decodes its first picture.
    pub fn open(path: &Path, params: &DecodeParams) -> Result<Self, MediaError> {
        let nvdec = match params.hardware {
            Hardware::Off => None,
            Hardware::Auto => nvdec::for_file(path).inspect_err(|why| tracing::info!(?path, why, "decodes in software")).ok(),
        };
        Self::of(Engine::open(path, params.thread_count(), nvdec)?, params)
    }

    /// Decodes the first picture of an opened file.
    pub(super) fn of(mut engine: Engine, params: &DecodeParams) -> Result<Self, MediaError> {
        let mut first = engine.receive();
        while engine.is_unsteady() {
            engine.steady()?;
            first = engine.receive();
        }
        let Some((frame, facts)) = first else {
            return Err(MediaError::NothingDecodable {
                path: engine.container.path().to_path_buf(),
                codec: engine.facts.codec.clone(),
                packets: engine.packets,
                damaged: engine.damage.packets,
            });
        };
        if params.skip_non_reference == SkipPolicy::Always {
            engine.skip();
        }
        let at = engine.name(&facts);
        let orientation = engine.facts.orientation.or(facts.orientation).unwrap_or(Orientation::UPRIGHT);
        let aspect = engine.facts.pixel_aspect.or(facts.pixel_aspect).unwrap_or(1.0);
        let display = Display::new(facts.size, aspect, orientation);
        let info = VideoInfo::new(&engine.facts, &facts, display, at);
        let layout = (facts.format, Layout::of(facts.format));
        let ready = Some(Picture::new(frame, facts, layout.1, at, display));
        Ok(Self { engine, params: params.clone(), info, display, ready, last: at, layout })
    }

    /// Returns the file's facts.
    pub fn info(&self) -> &VideoInfo {
        &self.info
    }

    /// Returns the next picture, `None` at the end.
    ///
    /// Damage does not end it, not even a lost disk, after which what is left is given and [`Damage::missing`] tells the rest:
    /// what cannot be decoded is passed over and counted. How a codec fills up what is missing depends on the timing of its
    /// threads and on all that it decoded before, so at the first damage everything is decoded again from the start by one
    /// thread, which goes on: a damaged file costs up to twice the decoding, and gives the same pictures each time. A GPU is left
    /// before that, at whatever it cannot do; it does not tell of wrong bits inside a picture. Pictures keep their numbers even
    /// where others are skipped (see [`Self::allow_skipping`]).
    #[expect(clippy::should_implement_trait, reason = "a picture or the reason why not, which is no iterator")]
    pub fn next(&mut self) -> Result<Option<Picture>, MediaError> {
        if let Some(picture) = self.ready.take() {
            return Ok(Some(picture));
        }
        let mut next = self.engine.receive();
        while self.engine.is_unsteady() {
            self.engine.steady()?;
            let found = super::seek::from_start(&mut self.engine, self.last, &|| true)?;
            if found.is_none() && !self.engine.is_unsteady() {
                return Err(self.engine.not_found(self.last));
            }
            next = self.engine.receive();
        }
        let Some((frame, facts)) = next else {
            self.engine.note_missing();
            return Ok(None);
        };
        let at = self.engine.name(&facts);
        self.last = at;
        Ok(Some(self.picture(frame, facts, at)))
    }

    /// Lets pictures that no other refers to be left out, where [`DecodeParams`] do not forbid it.
    ///
    /// Numbers and times of the others stay the same, counted by packets; exact for files without damage. Only MP4,
    /// Matroska, transport streams and Flash have a time on every packet to count by; from others nothing is left out.
    /// To be called before the first [`Self::next`], and again by whoever seeks after opening the file anew.
    pub fn allow_skipping(&mut self) {
        if self.params.skip_non_reference != SkipPolicy::Never {
            self.engine.skip();
        }
    }

    /// Goes to a picture that this or an earlier decoder of the same file handed out; [`Self::next`] returns it.
    ///
    /// It and all after it are bit for bit what an uninterrupted decode gives. Uses the container's index; where that cannot be
    /// trusted the packets are read again, and as a last resort everything from the start is decoded again. What is decoded
    /// on the way is not counted as damage.
    pub fn seek(&mut self, to: FrameTime) -> Result<(), MediaError> {
        self.seek_while(to, &|| true).map(|_| ())
    }

    /// Does the same as long as `goes_on`, which is asked at every picture; tells whether it came there.
    ///
    /// Where it did not, the decoder stands anywhere: the next thing to do is to seek again.
    pub fn seek_while(&mut self, to: FrameTime, goes_on: &dyn Fn() -> bool) -> Result<bool, MediaError> {
        if self.ready.as_ref().is_some_and(|p| p.at() == to) {
            return Ok(true);
        }
        self.ready = None;
        let damage = self.engine.damage;
        let mut found = super::seek::find(&mut self.engine, to, goes_on);
        if self.engine.is_unsteady() {
            while self.engine.is_unsteady() && goes_on() {
                self.engine.steady()?;
                found = super::seek::from_start(&mut self.engine, to, goes_on);
            }
        } else {
            self.engine.damage = damage;
        }
        if !goes_on() {
            return Ok(false);
        }
        let (frame, facts) = found?.ok_or_else(|| self.engine.not_found(to))?;
        self.last = to;
        self.ready = Some(self.picture(frame, facts, to));
        Ok(true)
    }

    /// Tells whether a GPU decodes.
    pub fn is_on_gpu(&self) -> bool {
        self.engine.nvdec.is_some()
    }

    /// Returns what was lost so far.
    pub fn damage(&self) -> Damage {
        self.engine.damage
    }

    /// Returns the end of the last picture decoded: its time and its length.
    pub fn end_pts(&self) -> Option<MediaTime> {
        self.engine.numbering.end()
    }

    fn picture(&mut self, frame: Video, facts: FrameFacts, at: FrameTime) -> Picture {
        if self.layout.0 != facts.format {
            self.layout = (facts.format, Layout::of(facts.format));
        }
        Picture::new(frame, facts, self.layout.1, at, self.display)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("info", &self.info).field("damage", &self.engine.damage).finish_non_exhaustive()
    }
}

/// A container and its codec, without any notion of display.
pub(super) struct Engine {
    pub container: Container,
    pub facts: StreamFacts,
    codec: codec::decoder::Video,
    /// Dropped after the codec.
    complaints: Complaints,
    pub numbering: Numbering,
    pub damage: Damage,
    threads: u32,
    /// The GPU, until it fails.
    nvdec: Option<Nvdec>,
    /// Whether a frame came out of the GPU's memory.
    used_hardware: bool,
    counting: Counting,
    draining: bool,
    /// Whether everything since the beginning of the file was decoded.
    from_start: bool,
    /// Packets read.
    packets: u64,
    /// Whether a packet without a presentation time was met.
    pub unstamped: bool,
    /// Decoder errors without a picture between them.
    errors: u32,
}

/// Decoder errors in a row after which the end is assumed.
const MOST_ERRORS: u32 = 10_000;

impl Engine {
    pub(super) fn open(path: &Path, threads: u32, nvdec: Option<Nvdec>) -> Result<Self, MediaError> {
        let container = Container::open(path)?;
        let missing = || MediaError::NoPicture { path: path.to_path_buf(), container: String::new() };
        let facts = container.facts().ok_or_else(missing)?;
        let complaints = Complaints::default();
        let codec = container.decoder(&facts, threads, nvdec.as_ref(), &complaints)?;
        let (num, den) = facts.time_base;
        let fps = if facts.fps > 0.0 { facts.fps } else { 25.0 };
        #[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
        let usual = (f64::from(den) / f64::from(num) / fps).round() as i64;
        Ok(Self {
            container,
            facts,
            codec,
            complaints,
            numbering: Numbering::new((num, den), usual),
            damage: Damage::default(),
            threads,
            nvdec,
            used_hardware: false,
            counting: Counting::Pictures,
            draining: false,
            from_start: true,
            packets: 0,
            unstamped: false,
            errors: 0,
        })
    }

    /// Starts anew from the beginning of the file.
    pub(super) fn reopen(&mut self) -> Result<(), MediaError> {
        let mut fresh = Self::open(self.container.path(), self.threads, self.nvdec.clone())?;
        if self.counting == Counting::Packets {
            fresh.skip();
        }
        *self = fresh;
        Ok(())
    }

    /// Returns whether pictures could from now on depend on the timing of decoder threads, or on where decoding began: codecs
    /// fill up what is missing from whatever they hold.
    fn is_unsteady(&self) -> bool {
        (self.threads > 1 || !self.from_start || self.nvdec.is_some()) && self.complaints.count() > 0
    }

    /// Starts anew from the beginning of the file: without the GPU, which may be all that was amiss; then with one thread.
    fn steady(&mut self) -> Result<(), MediaError> {
        if self.nvdec.take().is_some() {
            tracing::warn!(path = ?self.container.path(), "the GPU does not decode this to the end; goes on in software");
        } else {
            self.threads = 1;
        }
        self.reopen()
    }

    /// Tells whether the GPU gave the frames so far, and not software in its stead.
    pub(super) fn used_hardware(&self) -> bool {
        self.used_hardware
    }

    fn not_found(&self, at: FrameTime) -> MediaError {
        MediaError::PictureNotFound { path: self.container.path().to_path_buf(), at }
    }

    /// Leaves out pictures that no other refers to, as long as packets have times to count by.
    pub(super) fn skip(&mut self) {
        if self.facts.stamps_all && !self.unstamped {
            self.counting = Counting::Packets;
            self.codec.skip_frame(Discard::NonReference);
        }
    }

    fn stop_skipping(&mut self) {
        self.counting = Counting::Pictures;
        self.codec.skip_frame(Discard::Default);
    }

    /// Forgets decoder state and stamps, after the container was moved elsewhere.
    pub(super) fn flush(&mut self) {
        self.from_start = false;
        self.codec.flush();
        self.complaints.clear();
        self.numbering.reset();
        self.draining = false;
        self.unstamped = false;
        self.errors = 0;
    }

    /// Returns the next frame that the decoder gives, `None` at the end.
    pub(super) fn receive(&mut self) -> Option<(Video, FrameFacts)> {
        loop {
            let mut frame = Video::empty();
            match self.codec.receive_frame(&mut frame) {
                Ok(()) => {
                    self.errors = 0;
                    if self.nvdec.is_some() {
                        match nvdec::fetch(frame) {
                            Ok((fetched, from_gpu)) => {
                                self.used_hardware = from_gpu;
                                frame = fetched;
                            }
                            Err(_) => {
                                self.complaints.add();
                                return None;
                            }
                        }
                    }
                    let facts = FrameFacts::of(&frame);
                    return Some((frame, facts));
                }
                Err(Error::Other { errno: EAGAIN }) if !self.draining => self.feed(),
                Err(Error::Eof | Error::Other { errno: EAGAIN }) => return None,
                Err(_) => {
                    self.note_packet();
                    self.errors += 1;
                    if self.errors > MOST_ERRORS {
                        return None;
                    }
                }
            }
        }
    }

    /// Numbers a frame and counts it if it is damaged.
    pub(super) fn name(&mut self, facts: &FrameFacts) -> FrameTime {
        if facts.damaged {
            self.damage.frames += 1;
            self.complaints.add();
        }
        self.numbering.name(facts.stamp, facts.length, self.counting)
    }

    /// Gives the decoder one packet, or tells it that there are no more.
    fn feed(&mut self) {
        match self.container.read() {
            Read::Packet(packet) => self.send(&packet),
            Read::Damaged => self.note_packet(),
            Read::End => {
                self.draining = true;
                // It can only refuse because it was told before.
                let _ = self.codec.send_eof();
            }
        }
    }

    pub(super) fn send(&mut self, packet: &Packet) {
        self.packets += 1;
        if packet.pts().is_none() {
            self.unstamped = true;
            self.stop_skipping();
        }
        if !is_discarded(packet) {
            self.numbering.sent(packet.pts());
        }
        if self.codec.send_packet(packet).is_err() || packet.is_corrupt() {
            self.note_packet();
        }
    }

    /// Counts a packet that cannot be read or decoded.
    fn note_packet(&mut self) {
        self.damage.packets += 1;
        self.complaints.add();
    }

    fn note_missing(&mut self) {
        const WORTH_TELLING: MediaTime = MediaTime(2_000_000);
        let start = self.facts.start.map_or(MediaTime::ZERO, |t| self.numbering.time(t));
        let own = self.facts.duration.map(|d| self.numbering.time(d));
        let Some((length, end)) = own.or(self.facts.file_duration.map(MediaTime)).zip(self.numbering.end()) else { return };
        let missing = start + length - end;
        if missing > WORTH_TELLING {
            self.damage.missing = missing;
        }
    }
}
