//! The file: which stream holds the pictures, and its packets one by one.
#![expect(unsafe_code, reason = "ffmpeg-next opens only UTF-8 paths, leaks on failure and has no setter for discarded streams")]

use super::complaints::{self, Complaints};
use super::error::MediaError;
use super::geometry::Orientation;
use super::nvdec::Nvdec;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::util::error::{EACCES, EIO, EMFILE, ENFILE, ENOENT, EPERM};
use ffmpeg_next::{Error, Packet, Stream, codec, ffi, media};
use std::ffi::{CStr, CString, c_int};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::{fs, io, ptr};

/// An opened file of which only the packets of one stream are read.
pub(super) struct Container {
    path: PathBuf,
    input: Input,
    stream: usize,
    /// A second stream whose packets are read, for their stamps.
    beside: Option<usize>,
    /// Read errors in a row.
    errors: u32,
}

/// What reading gave.
pub(super) enum Read {
    Packet(Packet),
    /// Something could not be read; reading goes on behind it.
    Damaged,
    End,
}

/// Facts that the container states about its video stream.
#[derive(Debug, Clone)]
pub(super) struct StreamFacts {
    pub time_base: (i32, i32),
    /// Mean pictures a second, 0 where unknown.
    pub fps: f64,
    /// Ticks.
    pub start: Option<i64>,
    /// Ticks.
    pub duration: Option<i64>,
    /// Microseconds, of the whole file.
    pub file_duration: Option<i64>,
    pub frames: Option<u64>,
    pub orientation: Option<Orientation>,
    /// Width over height of a stored pixel.
    pub pixel_aspect: Option<f64>,
    pub codec: String,
    pub codec_id: codec::Id,
    pub container: String,
    pub has_audio: bool,
    /// Whether stamps may jump inside the file, as in broadcasts.
    pub stamps_may_jump: bool,
    /// Whether the format puts a presentation time on every packet.
    pub stamps_all: bool,
}

/// Read errors in a row after which the rest of a file is given up: a lost disk must not be asked forever.
const MOST_ERRORS: u32 = 64;
/// Demuxers that give every packet a presentation time.
const STAMPING_FORMATS: [&str; 4] = ["mp4", "matroska", "mpegts", "flv"];
/// Demuxers that make moving pictures of text files.
const TEXT_FORMATS: [&str; 6] = ["tty", "bin", "xbin", "adf", "idf", "txd"];

/// Codecs that notice damage, after which one thread goes on; others may leave in memory what was there without a word.
const CONCEALING: [codec::Id; 5] =
    [codec::Id::H264, codec::Id::MPEG1VIDEO, codec::Id::MPEG2VIDEO, codec::Id::MPEG4, codec::Id::H263];

impl Container {
    /// Opens a file and finds its video stream.
    pub(super) fn open(path: &Path) -> Result<Self, MediaError> {
        Self::open_for(path, |input| find_video(path, input).map(Some))?
            .ok_or_else(|| MediaError::NoPicture { path: path.to_path_buf(), container: String::new() })
    }

    /// Opens a file to read the stream that `choose` finds in it, if any.
    pub(super) fn open_for(
        path: &Path,
        choose: impl FnOnce(&Input) -> Result<Option<usize>, MediaError>,
    ) -> Result<Option<Self>, MediaError> {
        check_file(path)?;
        prepare();
        let input = open_input(path)?;
        let Some(stream) = choose(&input)? else { return Ok(None) };
        let mut container = Self { path: path.to_path_buf(), input, stream, beside: None, errors: 0 };
        container.discard_others();
        Ok(Some(container))
    }

    /// Has the packets of another stream read too.
    pub(super) fn read_beside(&mut self, stream: usize) {
        self.beside = Some(stream);
        self.discard_others();
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    pub(super) fn stream(&self) -> usize {
        self.stream
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a decoder for the stream, with as many frame or slice threads as the codec can use of `threads`, or on a GPU with one.
    pub(super) fn decoder(
        &self,
        facts: &StreamFacts,
        threads: u32,
        nvdec: Option<&Nvdec>,
        complaints: &Complaints,
    ) -> Result<codec::decoder::Video, MediaError> {
        let refuse =
            |e: Error| MediaError::UnknownCodec { path: self.path.clone(), codec: facts.codec.clone(), reason: e.to_string() };
        let stream = self.input.stream(self.stream).ok_or_else(|| refuse(Error::StreamNotFound))?;
        let mut context = codec::Context::from_parameters(stream.parameters()).map_err(refuse)?;
        context.set_flags(codec::Flags::OUTPUT_CORRUPT);
        complaints.listen(&mut context);
        // SAFETY: the context is owned, not yet opened, and these are its public settings.
        unsafe {
            let c = context.as_mut_ptr();
            (*c).thread_type = ffi::FF_THREAD_FRAME | ffi::FF_THREAD_SLICE;
            (*c).thread_count = if nvdec.is_some() { 1 } else { i32::try_from(threads).unwrap_or(1) };
            // What lies in the GPU's memory cannot be painted from here.
            if nvdec.is_none() && (threads == 1 || !CONCEALING.contains(&stream.parameters().id())) {
                (*c).get_buffer2 = Some(grey_buffer);
            }
        }
        if let Some(nvdec) = nvdec {
            nvdec.attach(&mut context);
        }
        let mut decoder = context.decoder();
        decoder.set_packet_time_base(stream.time_base());
        decoder.video().map_err(refuse)
    }

    /// Reads the next packet of the stream, or the one beside it.
    pub(super) fn read(&mut self) -> Read {
        loop {
            let mut packet = Packet::empty();
            match packet.read(&mut self.input) {
                Ok(()) if packet.stream() == self.stream || Some(packet.stream()) == self.beside => {
                    self.errors = 0;
                    return Read::Packet(packet);
                }
                Ok(()) => {}
                Err(Error::Eof) => return Read::End,
                Err(_) if self.errors >= MOST_ERRORS => return Read::End,
                Err(_) => {
                    self.errors += 1;
                    return Read::Damaged;
                }
            }
        }
    }

    /// Goes to a keyframe that the index believes to be at or before `ticks`; false where the format cannot.
    pub(super) fn seek(&mut self, ticks: i64) -> bool {
        self.seek_by(self.stream, ticks)
    }

    /// Does the same by the index of another stream, in ticks of that one.
    pub(super) fn seek_by(&mut self, stream: usize, ticks: i64) -> bool {
        self.errors = 0;
        let Ok(stream) = i32::try_from(stream) else { return false };
        // SAFETY: the context is open and owned by `input`; the stream index is one of its own.
        unsafe { ffi::av_seek_frame(self.input.as_mut_ptr(), stream, ticks, ffi::AVSEEK_FLAG_BACKWARD) >= 0 }
    }

    /// Returns what the container says about the stream.
    pub(super) fn facts(&self) -> Option<StreamFacts> {
        let stream = self.input.stream(self.stream)?;
        let tb = stream.time_base();
        let fps = [stream.avg_frame_rate(), stream.rate()].into_iter().map(f64::from).find(|f| f.is_finite() && *f > 0.0);
        let known = |v: i64| (v != ffi::AV_NOPTS_VALUE).then_some(v);
        let format = self.input.format();
        Some(StreamFacts {
            time_base: (tb.numerator().max(1), tb.denominator().max(1)),
            fps: fps.unwrap_or(0.0),
            start: known(stream.start_time()),
            duration: known(stream.duration()).filter(|d| *d > 0),
            file_duration: known(self.input.duration()).filter(|d| *d > 0),
            frames: u64::try_from(stream.frames()).ok().filter(|n| *n > 0),
            orientation: display_matrix(&stream).map(|m| Orientation::from_matrix(&m)),
            pixel_aspect: pixel_aspect(&stream),
            codec: codec_name(&stream),
            codec_id: stream.parameters().id(),
            container: format.name().to_string(),
            has_audio: self.input.streams().any(|s| s.parameters().medium() == media::Type::Audio),
            stamps_all: is_one_of(&format, &STAMPING_FORMATS),
            stamps_may_jump: stamps_may_jump(&format),
        })
    }

    fn discard_others(&mut self) {
        let keep = [Some(self.stream), self.beside];
        for mut stream in self.input.streams_mut() {
            let discard = if keep.contains(&Some(stream.index())) {
                ffi::AVDiscard::AVDISCARD_DEFAULT
            } else {
                ffi::AVDiscard::AVDISCARD_ALL
            };
            // SAFETY: the stream belongs to the open context, and `discard` is its public setting for demuxing.
            unsafe { (*stream.as_mut_ptr()).discard = discard };
        }
    }
}

fn find_video(path: &Path, input: &Input) -> Result<usize, MediaError> {
    let format = input.format();
    let cover = codec::Id::None;
    let is_picture = |s: &Stream<'_>| {
        let still = s.disposition().contains(ffmpeg_next::format::stream::Disposition::ATTACHED_PIC);
        s.parameters().medium() == media::Type::Video && !still && s.parameters().id() != cover
    };
    if !is_one_of(&format, &TEXT_FORMATS) {
        let best = input.streams().best(media::Type::Video).filter(is_picture);
        if let Some(stream) = best.or_else(|| input.streams().find(is_picture)) {
            return Ok(stream.index());
        }
    }
    let path = path.to_path_buf();
    match input.streams().find(|s| s.parameters().medium() == media::Type::Audio) {
        Some(sound) => Err(MediaError::SoundOnly { path, codec: codec_name(&sound) }),
        None => Err(MediaError::NoPicture { path, container: format.name().to_string() }),
    }
}

/// Makes ffmpeg ready: silent, and able to say what went wrong.
pub(super) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        complaints::take_over();
        // Without their texts the reasons of errors would be empty.
        ffmpeg_next::util::error::register_all();
    });
}

/// Refuses what the system can already tell, in its own words.
fn check_file(path: &Path) -> Result<(), MediaError> {
    let refuse = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => MediaError::NotFound { path: path.to_path_buf() },
        _ => MediaError::Unreadable { path: path.to_path_buf(), source },
    };
    let meta = fs::metadata(path).map_err(refuse)?;
    if meta.is_dir() {
        return Err(MediaError::IsDirectory { path: path.to_path_buf() });
    }
    if meta.is_file() {
        fs::File::open(path).map_err(refuse)?;
        if meta.len() == 0 {
            return Err(MediaError::Empty { path: path.to_path_buf() });
        }
    }
    Ok(())
}

fn open_input(path: &Path) -> Result<Input, MediaError> {
    let refuse = |e: Error| match e {
        // Other numbers, such as "invalid argument", are a demuxer's verdict on what it read.
        Error::Other { errno } if [EACCES, EPERM, EIO, EMFILE, ENFILE, ENOENT].contains(&errno) => {
            MediaError::Unreadable { path: path.to_path_buf(), source: io::Error::from_raw_os_error(errno) }
        }
        e => MediaError::NotAVideo { path: path.to_path_buf(), reason: e.to_string() },
    };
    // With the protocol named, a path such as `concat:a` or `http://b` is still a file.
    let mut url = b"file:".to_vec();
    url.extend_from_slice(path.as_os_str().as_encoded_bytes());
    let url = CString::new(url).map_err(|_| MediaError::NotFound { path: path.to_path_buf() })?;
    let mut context = ptr::null_mut();
    // SAFETY: `url` ends in a zero byte and outlives the call; on failure ffmpeg frees the context and leaves it null.
    let code = unsafe { ffi::avformat_open_input(&raw mut context, url.as_ptr(), ptr::null_mut(), ptr::null_mut()) };
    if code < 0 {
        return Err(refuse(Error::from(code)));
    }
    // SAFETY: the call before filled `context`; from here on `input` closes it, on every way out.
    let mut input = unsafe { Input::wrap(context) };
    // SAFETY: the context is open and owned by `input`.
    let code = unsafe { ffi::avformat_find_stream_info(input.as_mut_ptr(), ptr::null_mut()) };
    if code < 0 { Err(refuse(Error::from(code))) } else { Ok(input) }
}

/// Gives a decoder memory for a frame, all grey.
///
/// What a damaged stream leaves out would else show the picture that was there before, which depends on timing.
///
/// # Safety
/// As `avcodec_default_get_buffer2`.
unsafe extern "C" fn grey_buffer(context: *mut ffi::AVCodecContext, frame: *mut ffi::AVFrame, flags: c_int) -> c_int {
    // SAFETY: the caller's promise; each buffer that the call fills in has `size` bytes at `data`.
    unsafe {
        let code = ffi::avcodec_default_get_buffer2(context, frame, flags);
        if code >= 0 {
            let depth = super::frame::descriptor((*frame).format).map_or(8, |d| d.comp[0].depth);
            for buffer in (*frame).buf.iter().filter_map(|b| b.as_ref()) {
                #[allow(clippy::unnecessary_cast, reason = "`int` before FFmpeg 5")]
                let size = buffer.size as usize;
                if depth > 8 {
                    let grey = (1_u16 << (depth - 1).min(15)).to_ne_bytes();
                    std::slice::from_raw_parts_mut(buffer.data, size)
                        .chunks_exact_mut(2)
                        .for_each(|word| word.copy_from_slice(&grey));
                } else {
                    buffer.data.write_bytes(0x80, size);
                }
            }
        }
        code
    }
}

pub(super) fn codec_name(stream: &Stream<'_>) -> String {
    let id = stream.parameters().id();
    // SAFETY: ffmpeg returns a static string for every id, also for unknown ones.
    let name = unsafe { CStr::from_ptr(ffi::avcodec_get_name(id.into())) };
    name.to_string_lossy().into_owned()
}

/// Returns a text that the container holds about a stream, such as its `language`.
pub(super) fn tag(stream: &Stream<'_>, key: &CStr) -> Option<String> {
    // SAFETY: the stream lives as long as its container, which is borrowed here; values of a dictionary end in a zero byte.
    let text = unsafe {
        let entry = ffi::av_dict_get((*stream.as_ptr()).metadata, key.as_ptr(), ptr::null(), 0).as_ref()?;
        CStr::from_ptr(entry.value).to_string_lossy().trim().to_string()
    };
    (!text.is_empty()).then_some(text)
}

pub(super) fn is_one_of(format: &ffmpeg_next::format::Input, names: &[&str]) -> bool {
    format.name().split(',').any(|n| names.contains(&n))
}

pub(super) fn stamps_may_jump(format: &ffmpeg_next::format::Input) -> bool {
    flags(format) & ffi::AVFMT_TS_DISCONT != 0
}

fn flags(format: &ffmpeg_next::format::Input) -> i32 {
    // SAFETY: input formats are static descriptions that live as long as the library.
    unsafe { (*format.as_ptr()).flags }
}

fn pixel_aspect(stream: &Stream<'_>) -> Option<f64> {
    // SAFETY: the stream lives as long as its container, which is borrowed here.
    let ratio = unsafe { (*stream.as_ptr()).sample_aspect_ratio };
    (ratio.num > 0 && ratio.den > 0).then(|| f64::from(ratio.num) / f64::from(ratio.den))
}

/// Returns the nine numbers of the stream's display matrix.
fn display_matrix(stream: &Stream<'_>) -> Option<[i32; 9]> {
    let data = stream.side_data().find(|d| d.kind() == codec::packet::side_data::Type::DisplayMatrix)?;
    super::geometry::read_matrix(data.data())
}

/// Tells whether the container says that a packet is only there to be decoded, not shown.
pub(super) fn is_discarded(packet: &Packet) -> bool {
    use codec::packet::Ref;
    // SAFETY: the packet is valid while borrowed.
    unsafe { (*packet.as_ptr()).flags & ffi::AV_PKT_FLAG_DISCARD != 0 }
}
