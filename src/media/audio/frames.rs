//! Decoded pieces of one stream of sound, as the codec gives them.
#![expect(unsafe_code, reason = "ffmpeg-next has no setter for the threads of an opened decoder's context")]

use super::super::container::{self, Container, Read, codec_name, tag};
use super::super::error::MediaError;
use super::choice::{self, SoundChoice};
use super::mix::Layout;
use super::stretches::Stretches;
use crate::domain::MediaTime;
use ffmpeg_next::frame::Audio;
use ffmpeg_next::util::error::EAGAIN;
use ffmpeg_next::{Error, Packet, codec, ffi, media};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Decoder errors in a row after which the end is assumed.
const MOST_ERRORS: u32 = 10_000;
/// Demuxers whose index leads to the same packets and times that reading from the start gives.
const INDEXED_FORMATS: [&str; 3] = ["mp4", "matroska", "wav"];
/// What a decoder is fed before the wanted time: codecs lean on what came before, most on less than a tenth of a second.
const RUN_UP: MediaTime = MediaTime(500_000);
/// Places of the index to try, one further back each time.
const MOST_TRIES: u32 = 6;

/// A piece of sound as decoded.
pub(super) struct Heard {
    pub frame: Audio,
    /// When its first sample sounds.
    pub at: Option<MediaTime>,
    pub rate: u32,
    pub layout: Layout,
}

/// What the container says of a stream of sound.
#[derive(Debug, Clone)]
pub(super) struct StreamFacts {
    pub index: u32,
    pub language: Option<String>,
    pub codec: String,
    /// Where the container says that it begins and ends.
    pub start: Option<MediaTime>,
    pub end: Option<MediaTime>,
    /// Where it says that the pictures lie; `None` where there are none, or it does not say.
    pub pictures: (Option<MediaTime>, Option<MediaTime>),
    /// Length of the whole file.
    pub length: Option<MediaTime>,
}

/// A container and the decoder of one of its streams of sound.
pub(super) struct Frames {
    container: Container,
    codec: codec::decoder::Audio,
    stretches: Stretches,
    /// Packets whose place is not known yet.
    held: VecDeque<Packet>,
    time_base: (i32, i32),
    pub facts: StreamFacts,
    /// Packets that could not be read or decoded.
    pub damaged: u64,
    /// Packets read.
    pub packets: u64,
    draining: bool,
    errors: u32,
    /// Packets that end before this are not decoded.
    from: Option<MediaTime>,
}

impl Frames {
    /// Opens a file and starts a decoder for the chosen sound, `None` where it has none.
    pub(super) fn open(path: &Path, choice: &SoundChoice) -> Result<Option<Self>, MediaError> {
        let Some(mut container) = Container::open_for(path, |input| choice::choose(path, input, choice))? else {
            return Ok(None);
        };
        let Some(stream) = container.input().stream(container.stream()) else { return Ok(None) };
        let base = stream.time_base();
        let time_base = (base.numerator().max(1), base.denominator().max(1));
        let facts = stream_facts(&container, &stream);
        let codec = decoder(path, &stream, &facts.codec)?;
        let jumps = container::stamps_may_jump(&container.input().format());
        if jumps && let Some(pictures) = container.input().streams().best(media::Type::Video).map(|s| s.index()) {
            container.read_beside(pictures);
        }
        Ok(Some(Self {
            container,
            codec,
            stretches: Stretches::new(jumps),
            held: VecDeque::new(),
            time_base,
            facts,
            damaged: 0,
            packets: 0,
            draining: false,
            errors: 0,
            from: None,
        }))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.container.path().to_path_buf()
    }

    /// Returns a tick of the stream's clock.
    pub(super) fn tick(&self) -> MediaTime {
        MediaTime::from_ticks(1, self.time_base.0, self.time_base.1)
    }

    /// Returns the next piece that the decoder gives, `None` at the end.
    pub(super) fn next(&mut self) -> Option<Heard> {
        loop {
            let mut frame = Audio::empty();
            match self.codec.receive_frame(&mut frame) {
                Ok(()) => {
                    self.errors = 0;
                    let layout = Layout::new(frame.channels(), frame.channel_layout().bits());
                    let rate = frame.rate();
                    if frame.samples() == 0 || layout.channels == 0 || !(1_000..=1_536_000).contains(&rate) {
                        continue;
                    }
                    let stamp = frame.pts().or_else(|| frame.timestamp());
                    return Some(Heard { at: stamp.map(|t| self.time(t)), rate, layout, frame });
                }
                Err(Error::Other { errno: EAGAIN }) if !self.draining => self.feed(),
                Err(Error::Eof | Error::Other { errno: EAGAIN }) => return None,
                Err(_) => {
                    self.damaged += 1;
                    self.errors += 1;
                    if self.errors > MOST_ERRORS {
                        return None;
                    }
                }
            }
        }
    }

    /// Goes back or on so that what comes next begins at least [`RUN_UP`] before `to`, or is the beginning.
    ///
    /// By the index where it leads to the same stamps as reading does, else by reading the packets from the start without
    /// decoding them.
    pub(super) fn seek(&mut self, to: MediaTime) -> Result<(), MediaError> {
        let from = to - RUN_UP;
        let by_index = container::is_one_of(&self.container.input().format(), &INDEXED_FORMATS) && self.by_index(from);
        if !by_index {
            self.reopen()?;
        }
        self.from = Some(from);
        Ok(())
    }

    /// Goes near a time as the index believes, for a look around; false where the format cannot.
    pub(super) fn go_near(&mut self, to: MediaTime) -> bool {
        let (stream, ticks) = self.guide(to);
        let went = self.container.seek_by(stream, ticks);
        self.flush();
        went
    }

    fn by_index(&mut self, from: MediaTime) -> bool {
        let mut at = from;
        for attempt in 0..MOST_TRIES {
            let (stream, ticks) = self.guide(at);
            if !self.container.seek_by(stream, ticks) {
                return false;
            }
            self.flush();
            let Some(first) = self.packet() else { return false };
            let Some(stamp) = first.pts() else { return false };
            let begins = self.time(stamp);
            if begins <= from {
                if self.time(stamp.saturating_add(first.duration().max(0))) >= from {
                    self.send(&first);
                }
                return true;
            }
            at = at.min(begins) - MediaTime(1_000_000 << attempt);
        }
        false
    }

    /// Returns the stream whose index is to be asked, and the time in its ticks.
    ///
    /// Matroska's index knows the pictures only; without pictures it knows the sound.
    fn guide(&self, to: MediaTime) -> (usize, i64) {
        let input = self.container.input();
        let pictures = input
            .streams()
            .best(media::Type::Video)
            .filter(|_| container::is_one_of(&input.format(), &["matroska"]))
            .map(|s| (s.index(), s.time_base()));
        let (stream, num, den) = match pictures {
            Some((index, base)) => (index, base.numerator().max(1), base.denominator().max(1)),
            None => (self.container.stream(), self.time_base.0, self.time_base.1),
        };
        (stream, ticks(to, num, den))
    }

    /// Starts anew from the beginning of the file.
    pub(super) fn reopen(&mut self) -> Result<(), MediaError> {
        if let Some(fresh) = Self::open(&self.path(), &SoundChoice::Stream(self.facts.index))? {
            *self = fresh;
        }
        Ok(())
    }

    fn flush(&mut self) {
        self.codec.flush();
        self.stretches.reset();
        self.held.clear();
        self.draining = false;
        self.errors = 0;
        self.from = None;
    }

    /// Gives the decoder one packet, or tells it that there are no more.
    fn feed(&mut self) {
        match self.packet() {
            Some(packet) => self.send(&packet),
            None => {
                self.draining = true;
                // It can only refuse because it was told before.
                let _ = self.codec.send_eof();
            }
        }
    }

    /// Reads the next packet that is whole and not before the wanted time, with its place on one clock.
    fn packet(&mut self) -> Option<Packet> {
        loop {
            if let Some(packet) = self.placed() {
                let ends = packet.pts().map(|t| self.time(t.saturating_add(packet.duration().max(0))));
                if self.from.zip(ends).is_none_or(|(from, ends)| ends >= from) {
                    return Some(packet);
                }
                continue;
            }
            match self.container.read() {
                Read::Packet(packet) if packet.stream() != self.container.stream() => self.note_picture(&packet),
                Read::Packet(packet) => {
                    self.packets += 1;
                    if packet.is_corrupt() {
                        // What is left of it decodes to a bang; its time is better silent.
                        self.damaged += 1;
                    } else {
                        self.held.push_back(packet);
                    }
                }
                Read::Damaged => self.damaged += 1,
                Read::End if self.held.is_empty() => return None,
                Read::End => self.stretches.give_up(),
            }
        }
    }

    /// Takes out the first packet that is held, if its place is known.
    fn placed(&mut self) -> Option<Packet> {
        let packet = self.held.front()?;
        let Some(pts) = packet.pts() else { return self.held.pop_front() };
        let length = self.time(packet.duration().max(0));
        let offset = self.stretches.place(self.time(pts), length)?;
        let ticks = self.ticks(offset);
        let mut packet = self.held.pop_front()?;
        packet.set_dts(packet.dts().map(|dts| dts.saturating_add(ticks)));
        packet.set_pts(Some(pts.saturating_add(ticks)));
        Some(packet)
    }

    fn note_picture(&mut self, packet: &Packet) {
        let Some((pts, base)) = packet.pts().zip(self.container.input().stream(packet.stream()).map(|s| s.time_base())) else {
            return;
        };
        let time = |ticks| MediaTime::from_ticks(ticks, base.numerator().max(1), base.denominator().max(1));
        self.stretches.see_picture(time(pts), time(packet.duration().max(0)));
    }

    fn send(&mut self, packet: &Packet) {
        if self.codec.send_packet(packet).is_err() {
            self.damaged += 1;
        }
    }

    fn ticks(&self, time: MediaTime) -> i64 {
        ticks(time, self.time_base.0, self.time_base.1)
    }

    fn time(&self, ticks: i64) -> MediaTime {
        MediaTime::from_ticks(ticks, self.time_base.0, self.time_base.1)
    }
}

/// Returns when a file begins as its container tells, the earliest of its streams; players count from there.
pub(in crate::media) fn begins(path: &Path) -> Option<MediaTime> {
    let container = Container::open_for(path, |_| Ok(Some(0))).ok()??;
    // SAFETY: the context is open and lives as long as `container`.
    let start = unsafe { (*container.input().as_ptr()).start_time };
    (start != ffi::AV_NOPTS_VALUE).then_some(MediaTime(start))
}

/// Returns the index of the chosen sound of a file.
pub(in crate::media) fn chosen(path: &Path, choice: &SoundChoice) -> Option<usize> {
    Some(Container::open_for(path, |input| choice::choose(path, input, choice)).ok()??.stream())
}

/// Returns the tick at or before a time.
fn ticks(time: MediaTime, num: i32, den: i32) -> i64 {
    let ticks = (i128::from(time.0) * i128::from(den)).div_euclid(i128::from(num) * 1_000_000);
    i64::try_from(ticks).unwrap_or(i64::MAX)
}

fn decoder(path: &Path, stream: &ffmpeg_next::Stream<'_>, codec: &str) -> Result<codec::decoder::Audio, MediaError> {
    let refuse =
        |e: Error| MediaError::UnknownSound { path: path.to_path_buf(), codec: codec.to_string(), reason: e.to_string() };
    let mut context = codec::Context::from_parameters(stream.parameters()).map_err(refuse)?;
    // SAFETY: the context is owned, not yet opened, and this is its public setting.
    unsafe { (*context.as_mut_ptr()).thread_count = 1 };
    let mut decoder = context.decoder();
    // By it the decoder moves the stamp of a piece whose beginning it cuts off.
    decoder.set_packet_time_base(stream.time_base());
    decoder.audio().map_err(refuse)
}

fn stream_facts(container: &Container, stream: &ffmpeg_next::Stream<'_>) -> StreamFacts {
    let known = |v: i64| (v != ffi::AV_NOPTS_VALUE).then_some(v);
    let time = |s: &ffmpeg_next::Stream<'_>, ticks: i64| {
        let base = s.time_base();
        MediaTime::from_ticks(ticks, base.numerator().max(1), base.denominator().max(1))
    };
    let bounds = |s: &ffmpeg_next::Stream<'_>| {
        let start = known(s.start_time()).map(|t| time(s, t));
        let own = known(s.duration()).filter(|d| *d > 0).map(|d| time(s, d));
        // Matroska tells lengths only in the notes of whoever wrote it; they count from zero.
        let noted = tag(s, c"DURATION").and_then(|t| clock(&t));
        (start, own.map(|d| start.unwrap_or(MediaTime::ZERO) + d).or(noted))
    };
    let input = container.input();
    let (start, end) = bounds(stream);
    let pictures = input.streams().best(media::Type::Video).filter(|s| {
        use ffmpeg_next::format::stream::Disposition;
        !s.disposition().contains(Disposition::ATTACHED_PIC)
    });
    StreamFacts {
        index: u32::try_from(stream.index()).unwrap_or(u32::MAX),
        language: tag(stream, c"language").filter(|l| l != "und"),
        codec: codec_name(stream),
        start,
        end,
        pictures: pictures.map_or((None, None), |s| bounds(&s)),
        length: known(input.duration()).filter(|d| *d > 0).map(MediaTime),
    }
}

/// Reads `01:02:03.500000000`.
fn clock(text: &str) -> Option<MediaTime> {
    let mut parts = text.split(':').map(|p| p.parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0));
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then(|| MediaTime::from_secs(hours * 3600.0 + minutes * 60.0 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noted_length_is_read_and_anything_else_left() {
        assert_eq!(clock("00:01:02.500000000"), Some(MediaTime(62_500_000)));
        for text in ["", "12", "a:b:c", "00:00:00:00", "00:-1:00"] {
            assert_eq!(clock(text), None, "{text}");
        }
    }
}
