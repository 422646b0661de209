//! Decoding on an NVIDIA GPU: FFmpeg's own decoders with NVDEC below them.
#![expect(unsafe_code, reason = "ffmpeg-next has no calls for hardware devices")]

use super::container::Container;
use super::decoder::Engine;
use super::error::MediaError;
use super::frame::FrameFacts;
use super::planes::{Layout, Plane, planes};
use ffmpeg_next::frame::Video;
use ffmpeg_next::{Error, codec, ffi};
use std::path::Path;
use std::ptr;
use std::sync::Arc;

/// Codecs whose standards fix every bit of a picture, so that hardware must give what software gives.
///
/// MPEG-2 and its like leave the inverse transform a tolerance; AV1's film grain is left to whoever shows the picture.
const EXACT: [codec::Id; 3] = [codec::Id::H264, codec::Id::HEVC, codec::Id::VP9];
/// Pictures at the start of a file that are decoded both ways and held against each other.
const CHECKED: usize = 8;

/// An NVIDIA GPU as FFmpeg sees it; a clone shares it.
#[derive(Debug, Clone)]
pub(super) struct Nvdec {
    device: Arc<Buffer>,
}

#[derive(Debug)]
struct Buffer(*mut ffi::AVBufferRef);

// SAFETY: FFmpeg counts references to buffers atomically, and a device context may be used from any thread.
unsafe impl Send for Buffer {}
// SAFETY: as above; the reference itself is never written to after it was made.
unsafe impl Sync for Buffer {}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the reference is this value's own.
        unsafe { ffi::av_buffer_unref(&raw mut self.0) };
    }
}

impl Nvdec {
    /// Opens the first GPU; costs some 100 ms, and some 100 MB of its memory while it is open.
    ///
    /// # Errors
    /// Says why there is none: FFmpeg was built without it, the driver is not there, the GPU is not.
    pub(super) fn open() -> Result<Self, String> {
        super::complaints::take_over();
        ffmpeg_next::util::error::register_all();
        let mut device = ptr::null_mut();
        let kind = ffi::AVHWDeviceType::AV_HWDEVICE_TYPE_CUDA;
        // SAFETY: the call fills `device` or leaves it null; null stands for the first GPU and for no options.
        let code = unsafe { ffi::av_hwdevice_ctx_create(&raw mut device, kind, ptr::null(), ptr::null_mut(), 0) };
        if code < 0 || device.is_null() {
            return Err(format!("FFmpeg finds no CUDA device: {}", Error::from(code)));
        }
        Ok(Self { device: Arc::new(Buffer(device)) })
    }

    /// Makes a device of another kind, which a decoder refuses in the middle of its work, as it does a GPU that is lost.
    #[cfg(test)]
    pub(super) fn refused() -> Self {
        // SAFETY: the call returns a reference of its own, or null where FFmpeg was built without that kind.
        let device = unsafe { ffi::av_hwdevice_ctx_alloc(ffi::AVHWDeviceType::AV_HWDEVICE_TYPE_VAAPI) };
        assert!(!device.is_null(), "this FFmpeg knows VAAPI");
        Self { device: Arc::new(Buffer(device)) }
    }

    /// Tells whether a codec is one that hardware decodes bit for bit.
    pub(super) fn takes(id: codec::Id) -> bool {
        EXACT.contains(&id)
    }

    /// Has a decoder, not yet opened, use the GPU; it must have one thread and FFmpeg's own memory for frames.
    pub(super) fn attach(&self, context: &mut codec::Context) {
        // SAFETY: the context is owned and not yet opened; it gets a reference of its own, which it drops.
        unsafe {
            let c = context.as_mut_ptr();
            (*c).hw_device_ctx = ffi::av_buffer_ref(self.device.0);
            (*c).get_format = Some(prefer_cuda);
        }
    }
}

/// Takes CUDA where the decoder offers it for this stream, else what FFmpeg would take.
unsafe extern "C" fn prefer_cuda(context: *mut ffi::AVCodecContext, offered: *const ffi::AVPixelFormat) -> ffi::AVPixelFormat {
    const CUDA: i32 = ffi::AVPixelFormat::AV_PIX_FMT_CUDA as i32;
    const END: i32 = ffi::AVPixelFormat::AV_PIX_FMT_NONE as i32;
    let mut next = offered.cast::<i32>();
    // SAFETY: the list ends with `AV_PIX_FMT_NONE`; its entries are read as numbers.
    unsafe {
        while *next != END {
            if *next == CUDA {
                return ffi::AVPixelFormat::AV_PIX_FMT_CUDA;
            }
            next = next.add(1);
        }
        ffi::avcodec_default_get_format(context, offered)
    }
}

/// `AV_FRAME_CROP_UNALIGNED`, whose type differs between versions.
const CROP_UNALIGNED: i32 = 1;

/// Fetches a frame from the GPU's memory, as NV12 or P010, and tells that it did; a frame that is not there is returned as it is.
///
/// # Errors
/// Fails where memory is short or the GPU is lost.
pub(super) fn fetch(frame: Video) -> Result<(Video, bool), Error> {
    // SAFETY: the frame is valid; its format is read as a number. `out` is empty, so that the transfer allocates it.
    unsafe {
        if (*frame.as_ptr()).format != ffi::AVPixelFormat::AV_PIX_FMT_CUDA as i32 {
            return Ok((frame, false));
        }
        let mut out = Video::empty();
        let check = |code: i32| if code < 0 { Err(Error::from(code)) } else { Ok(()) };
        check(ffi::av_hwframe_transfer_data(out.as_mut_ptr(), frame.as_ptr(), 0))?;
        check(ffi::av_frame_copy_props(out.as_mut_ptr(), frame.as_ptr()))?;
        // On the GPU only the right and the lower edge could be cut off.
        check(ffi::av_frame_apply_cropping(out.as_mut_ptr(), CROP_UNALIGNED))?;
        Ok((out, true))
    }
}

/// Opens the GPU for a file, once its first pictures were decoded both ways and are the same, bit for bit.
///
/// # Errors
/// Says why the file is to be decoded in software.
pub(super) fn for_file(path: &Path) -> Result<Nvdec, String> {
    let text = |e: MediaError| e.to_string();
    let facts = Container::open(path).map_err(text)?.facts();
    if !facts.is_some_and(|f| Nvdec::takes(f.codec_id)) {
        return Err("hardware decodes H.264, HEVC and VP9 bit for bit, other codecs it need not".into());
    }
    let nvdec = Nvdec::open()?;
    let mut soft = Engine::open(path, 1, None).map_err(text)?;
    let mut hard = Engine::open(path, 1, Some(nvdec.clone())).map_err(text)?;
    for _ in 0..CHECKED {
        match (soft.receive(), hard.receive()) {
            (Some(due), Some(found)) => {
                if !hard.used_hardware() {
                    return Err("the GPU does not decode this stream".into());
                }
                if !is_same(&due, &found) {
                    return Err("the GPU's pictures differ from software's".into());
                }
            }
            (None, None) => break,
            _ => return Err("the GPU decodes another number of pictures".into()),
        }
    }
    Ok(nvdec)
}

/// Tells whether two frames show the same samples, however they lie in memory, and say the same of themselves.
pub(super) fn is_same(a: &(Video, FrameFacts), b: &(Video, FrameFacts)) -> bool {
    let ((left, left_facts), (right, right_facts)) = (a, b);
    if (FrameFacts { format: right_facts.format, ..*left_facts }) != *right_facts {
        return false;
    }
    let (Some(of_left), Some(of_right)) = (Layout::of(left_facts.format), Layout::of(right_facts.format)) else { return false };
    let (Some(left), Some(right)) = (planes(left, &of_left), planes(right, &of_right)) else { return false };
    let same = |a: &Plane<'_>, b: &Plane<'_>| {
        (a.width, a.height) == (b.width, b.height) && (0..a.height).all(|y| a.row(y).samples() == b.row(y).samples())
    };
    let chroma = match (&left.chroma, &right.chroma) {
        (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| same(a, b)),
        (None, None) => true,
        _ => false,
    };
    of_left.depth == of_right.depth && same(&left.luma, &right.luma) && chroma
}
