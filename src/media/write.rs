//! Writes video files: MPEG-4 pictures and AAC sound in MP4.
#![expect(unsafe_code, reason = "ffmpeg-next has no setters for bitexact muxing and the colours of an encoder")]

use crate::domain::{RgbImage, Size};
use ffmpeg_next::codec::encoder;
use ffmpeg_next::codec::{Context, Flags, Id};
use ffmpeg_next::format::context::{Output, StreamIo};
use ffmpeg_next::format::{self, Pixel, Sample, sample};
use ffmpeg_next::software::scaling;
use ffmpeg_next::threading::Config;
use ffmpeg_next::{ChannelLayout, Error, Packet, Rational, ffi, frame};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Says why a video could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("cannot write {path:?}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("this FFmpeg has no encoder for {codec}")]
    NoEncoder { codec: &'static str },
    #[error("FFmpeg refuses to write {path:?}: {reason}")]
    Refused { path: PathBuf, reason: String },
    #[error("a picture of {}x{} was given for a video of {}x{}", found.width, found.height, wanted.width, wanted.height)]
    Size { wanted: Size, found: Size },
}

impl WriteError {
    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::File { .. } => "check that the folder is there, may be written, and has space".into(),
            Self::NoEncoder { .. } => "install FFmpeg's libraries as your system packages them; they have it".into(),
            Self::Refused { .. } => "check the space on the disk; the log file may say more".into(),
            Self::Size { .. } => "give pictures of one size".into(),
        }
    }
}

/// What a file is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    /// Even in both directions.
    pub size: Size,
    /// Pictures a second.
    pub fps: u32,
    /// Quantiser of the pictures, 1 (best) to 31.
    pub quantiser: u8,
    /// Samples a second, one channel; 16,000 and 48,000 are among those that AAC knows.
    pub sample_rate: u32,
    /// Bits a second of sound.
    pub sound_bits: u32,
}

/// Writes one file; equal pictures and sound make equal bytes, on one machine and FFmpeg.
///
/// The codecs are those that every build of libavcodec has, whatever its licence. The file appears under its name when it is
/// whole; until then it lies beside it.
pub struct VideoWriter {
    path: PathBuf,
    partial: Partial,
    writing: Writing,
    output: Output,
    video: encoder::video::Encoder,
    sound: encoder::audio::Encoder,
    to_yuv: scaling::Context,
    pictures: i64,
    samples: i64,
    /// Sound that does not fill a packet yet.
    waiting: VecDeque<f32>,
}

impl std::fmt::Debug for VideoWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VideoWriter").field("path", &self.path).field("pictures", &self.pictures).finish_non_exhaustive()
    }
}

const VIDEO: usize = 0;
const SOUND: usize = 1;
/// Pictures between two that stand alone.
const KEY_EVERY: u32 = 50;

impl VideoWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// Fails where the file cannot be made, or this FFmpeg lacks an encoder.
    pub fn create(path: &Path, writing: Writing) -> Result<Self, WriteError> {
        super::container::prepare();
        let partial = Partial::beside(path);
        let file = File::create(&partial.0).map_err(|source| WriteError::File { path: path.to_owned(), source })?;
        let refuse = |e: Error| WriteError::Refused { path: path.to_owned(), reason: e.to_string() };
        let io = StreamIo::from_write_seek(file).map_err(refuse)?;
        let mut output = format::output_to_stream(io, None, Some("mp4")).map_err(refuse)?;
        let video = video_encoder(&writing, path)?;
        let sound = sound_encoder(&writing, path)?;
        output.add_stream_with(&video).map_err(refuse)?.set_time_base(video_base(&writing));
        output.add_stream_with(&sound).map_err(refuse)?.set_time_base(sound_base(&writing));
        // SAFETY: the context is owned and its header is not yet written; this is its public setting.
        unsafe { (*output.as_mut_ptr()).flags |= ffi::AVFMT_FLAG_BITEXACT };
        output.write_header().map_err(refuse)?;
        let Size { width: w, height: h } = writing.size;
        let flags = scaling::Flags::BICUBIC | scaling::Flags::ACCURATE_RND | scaling::Flags::BITEXACT;
        let to_yuv = scaling::Context::get(Pixel::RGB24, w, h, Pixel::YUV420P, w, h, flags).map_err(refuse)?;
        let path = path.to_owned();
        let waiting = VecDeque::new();
        Ok(Self { path, partial, writing, output, video, sound, to_yuv, pictures: 0, samples: 0, waiting })
    }

    /// Adds the next picture.
    ///
    /// # Errors
    /// Fails for a picture of another size, and where the disk is full.
    pub fn picture(&mut self, picture: &RgbImage) -> Result<(), WriteError> {
        if picture.size() != self.writing.size {
            return Err(WriteError::Size { wanted: self.writing.size, found: picture.size() });
        }
        let mut rgb = frame::Video::new(Pixel::RGB24, picture.width, picture.height);
        let (row, stride) = (picture.width as usize * 3, rgb.stride(0));
        for (to, from) in rgb.data_mut(0).chunks_mut(stride).zip(picture.data.chunks_exact(row)) {
            to[..row].copy_from_slice(from);
        }
        let mut yuv = frame::Video::empty();
        self.to_yuv.run(&rgb, &mut yuv).map_err(|e| self.refuse(e))?;
        yuv.set_pts(Some(self.pictures));
        self.pictures += 1;
        self.video.send_frame(&yuv).map_err(|e| self.refuse(e))?;
        self.pass_on(VIDEO)
    }

    /// Adds sound behind what was given so far, samples of `-1..=1`; it need not come with its pictures.
    ///
    /// # Errors
    /// Fails where the disk is full.
    pub fn sound(&mut self, samples: &[f32]) -> Result<(), WriteError> {
        self.waiting.extend(samples);
        let size = usize::try_from(self.sound.frame_size()).unwrap_or(1024).max(1);
        while self.waiting.len() >= size {
            self.send_sound(size)?;
        }
        Ok(())
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// Fails where the disk is full, or the name cannot be given.
    pub fn finish(mut self) -> Result<(), WriteError> {
        if !self.waiting.is_empty() {
            self.send_sound(self.waiting.len())?;
        }
        self.video.send_eof().map_err(|e| self.refuse(e))?;
        self.pass_on(VIDEO)?;
        self.sound.send_eof().map_err(|e| self.refuse(e))?;
        self.pass_on(SOUND)?;
        self.output.write_trailer().map_err(|e| self.refuse(e))?;
        let Self { path, partial, output, .. } = self;
        drop(output);
        partial.rename_to(&path).map_err(|source| WriteError::File { path, source })
    }

    fn send_sound(&mut self, size: usize) -> Result<(), WriteError> {
        let mut block = frame::Audio::new(Sample::F32(sample::Type::Planar), size, ChannelLayout::MONO);
        block.set_rate(self.writing.sample_rate);
        block.set_pts(Some(self.samples));
        for (to, from) in block.plane_mut::<f32>(0).iter_mut().zip(self.waiting.drain(..size)) {
            *to = from;
        }
        self.samples += i64::try_from(size).unwrap_or_default();
        self.sound.send_frame(&block).map_err(|e| self.refuse(e))?;
        self.pass_on(SOUND)
    }

    /// Writes the packets that an encoder has ready.
    fn pass_on(&mut self, stream: usize) -> Result<(), WriteError> {
        let mut packet = Packet::empty();
        let base = if stream == VIDEO { video_base(&self.writing) } else { sound_base(&self.writing) };
        let target = self.output.stream(stream).map_or(base, |s| s.time_base());
        loop {
            let received =
                if stream == VIDEO { self.video.receive_packet(&mut packet) } else { self.sound.receive_packet(&mut packet) };
            match received {
                Ok(()) => {}
                Err(Error::Eof | Error::Other { errno: ffmpeg_next::util::error::EAGAIN }) => return Ok(()),
                Err(e) => return Err(self.refuse(e)),
            }
            if stream == VIDEO {
                // Without it the last picture would last no time.
                packet.set_duration(1);
            }
            packet.set_stream(stream);
            packet.rescale_ts(base, target);
            packet.write_interleaved(&mut self.output).map_err(|e| self.refuse(e))?;
        }
    }

    fn refuse(&self, error: Error) -> WriteError {
        WriteError::Refused { path: self.path.clone(), reason: error.to_string() }
    }
}

/// A file that goes away unless it is renamed.
struct Partial(PathBuf);

impl Partial {
    fn beside(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self(path.with_file_name(format!(".{name}.{}.tmp", std::process::id())))
    }

    fn rename_to(self, path: &Path) -> io::Result<()> {
        fs::rename(&self.0, path)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        let _ = fs::remove_file(&self.0);
    }
}

fn video_base(writing: &Writing) -> Rational {
    Rational(1, i32::try_from(writing.fps).unwrap_or(i32::MAX))
}

fn sound_base(writing: &Writing) -> Rational {
    Rational(1, i32::try_from(writing.sample_rate).unwrap_or(i32::MAX))
}

/// What makes equal input equal bytes: no version stamp, no shortcut of the machine, no threads.
fn plain(context: &mut Context, more: Flags) {
    context.set_flags(Flags::BITEXACT | Flags::GLOBAL_HEADER | more);
    context.set_threading(Config::count(1));
}

fn video_encoder(writing: &Writing, path: &Path) -> Result<encoder::video::Encoder, WriteError> {
    let refuse = |e: Error| WriteError::Refused { path: path.to_owned(), reason: e.to_string() };
    let codec = encoder::find(Id::MPEG4).ok_or(WriteError::NoEncoder { codec: "MPEG-4" })?;
    let mut context = Context::new_with_codec(codec);
    plain(&mut context, Flags::QSCALE);
    let mut video = context.encoder().video().map_err(refuse)?;
    video.set_width(writing.size.width);
    video.set_height(writing.size.height);
    video.set_format(Pixel::YUV420P);
    video.set_time_base(video_base(writing));
    video.set_frame_rate(Some(video_base(writing).invert()));
    video.set_gop(KEY_EVERY);
    video.set_max_b_frames(0);
    video.set_global_quality(i32::from(writing.quantiser) * ffi::FF_QP2LAMBDA);
    // SAFETY: the context is owned and not yet opened, and these are its public settings.
    unsafe {
        let c = video.as_mut_ptr();
        (*c).colorspace = ffi::AVColorSpace::AVCOL_SPC_SMPTE170M;
        (*c).color_range = ffi::AVColorRange::AVCOL_RANGE_MPEG;
    }
    video.open_as(codec).map_err(refuse)
}

fn sound_encoder(writing: &Writing, path: &Path) -> Result<encoder::audio::Encoder, WriteError> {
    let refuse = |e: Error| WriteError::Refused { path: path.to_owned(), reason: e.to_string() };
    let codec = encoder::find(Id::AAC).ok_or(WriteError::NoEncoder { codec: "AAC" })?;
    let mut context = Context::new_with_codec(codec);
    plain(&mut context, Flags::empty());
    let mut sound = context.encoder().audio().map_err(refuse)?;
    sound.set_rate(sound_base(writing).denominator());
    sound.set_format(Sample::F32(sample::Type::Planar));
    sound.set_channel_layout(ChannelLayout::MONO);
    sound.set_time_base(sound_base(writing));
    sound.set_bit_rate(writing.sound_bits as usize);
    sound.open_as(codec).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{DecodeParams, Decoder, Hardware, SkipPolicy, probe};

    const WRITING: Writing =
        Writing { size: Size { width: 96, height: 64 }, fps: 25, quantiser: 3, sample_rate: 48_000, sound_bits: 96_000 };

    /// A light square that moves over a dark ground.
    fn picture(n: u32) -> RgbImage {
        let mut out = RgbImage::black(WRITING.size);
        for (i, pixel) in out.data.chunks_exact_mut(3).enumerate() {
            let (x, y) = (u32::try_from(i).unwrap() % 96, u32::try_from(i).unwrap() / 96);
            let on = (n..n + 20).contains(&x) && (20..40).contains(&y);
            pixel.copy_from_slice(if on { &[220, 180, 60] } else { &[30, 40, 50] });
        }
        out
    }

    fn write(path: &Path, pictures: u32) {
        let mut writer = VideoWriter::create(path, WRITING).unwrap();
        for n in 0..pictures {
            writer.picture(&picture(n)).unwrap();
            let tone: Vec<f32> = (0..1920_u16).map(|t| 0.3 * (f32::from(t) * 0.05).sin()).collect();
            writer.sound(&tone).unwrap();
        }
        writer.finish().unwrap();
    }

    #[test]
    fn what_was_written_is_read_again_picture_by_picture() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("moving square.mp4");
        write(&path, 30);
        let info = probe(&path).unwrap();
        assert_eq!((info.size, info.has_audio), (WRITING.size, true));
        assert!((info.fps - 25.0).abs() < 1e-9, "{}", info.fps);
        let params = DecodeParams { threads: 1, skip_non_reference: SkipPolicy::Never, hardware: Hardware::Off };
        let mut decoder = Decoder::open(&path, &params).unwrap();
        let mut count = 0;
        while let Some(read) = decoder.next().unwrap() {
            let rgb = read.sample(read.size(), &crate::domain::Affine::IDENTITY);
            let wanted = picture(count);
            let off: u64 = rgb.data.iter().zip(&wanted.data).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            // Coding and halved chroma cost about a grey level on the whole.
            assert!(off < 4 * wanted.data.len() as u64, "picture {count} is off by {off}");
            assert_eq!(read.at().pts.0, i64::from(count) * 40_000);
            count += 1;
        }
        assert_eq!(count, 30);
    }

    #[test]
    fn the_same_input_makes_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.mp4"), dir.path().join("b.mp4"));
        write(&a, 12);
        write(&b, 12);
        assert_eq!(fs::read(a).unwrap(), fs::read(b).unwrap());
    }

    #[test]
    fn a_file_that_was_not_finished_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = VideoWriter::create(&dir.path().join("a.mp4"), WRITING).unwrap();
        writer.picture(&picture(0)).unwrap();
        let other = RgbImage::black(Size { width: 32, height: 32 });
        assert!(matches!(writer.picture(&other), Err(WriteError::Size { .. })));
        drop(writer);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(matches!(VideoWriter::create(&dir.path().join("no/a.mp4"), WRITING), Err(WriteError::File { .. })));
    }
}
