//! What ffmpeg's decoders say of the stream while they decode it.
#![expect(unsafe_code, reason = "ffmpeg-next has no call for ffmpeg's messages")]

use ffmpeg_next::ffi;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts the errors that one decoder tells.
///
/// More than a frame's flags tell: up to FFmpeg 6, a frame handed out by one thread while another still decodes it keeps no mark
/// of the damage that is found later.
#[derive(Debug, Default)]
pub(super) struct Complaints(Box<AtomicU32>);

impl Complaints {
    /// Has a decoder, not yet opened, count here; it and its threads must end before this is dropped.
    pub(super) fn listen(&self, context: &mut ffmpeg_next::codec::Context) {
        // SAFETY: the context is owned, and `opaque` is for its user alone; ffmpeg copies it to each thread's context.
        unsafe { (*context.as_mut_ptr()).opaque = ptr::from_ref(&*self.0).cast_mut().cast() };
    }

    /// Adds one that the decoder tells by its return value or a frame's flags.
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    /// Forgets all so far.
    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Release);
    }

    /// Returns how many were told so far.
    ///
    /// A frame that depends on a damaged one is not received before this has risen, whatever the number of threads: a thread
    /// complains before it hands over, and threads hand over in the order of decoding.
    pub(super) fn count(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}

/// Takes over ffmpeg's messages: none is written to the terminal, those of decoders are counted.
pub(super) fn take_over() {
    // SAFETY: `hear` may be called from any thread at any time, for as long as the program runs.
    unsafe { ffi::av_log_set_callback(Some(hear)) };
}

/// ffmpeg's callback; `Args` is C's `va_list`, whose type differs between machines and which is not read.
unsafe extern "C" fn hear<Args>(context: *mut c_void, level: c_int, format: *const c_char, _: Args) {
    if context.is_null() || format.is_null() {
        return;
    }
    // SAFETY: whatever ffmpeg passes as context begins with a pointer to its class; if that is the one of codec contexts, it is
    // one. `opaque` is null or was set by `listen`. Formats end in a zero byte.
    unsafe {
        let is_error = level & 0xFF <= ffi::AV_LOG_ERROR || CStr::from_ptr(format).to_bytes().starts_with(b"concealing");
        if is_error && *context.cast::<*const ffi::AVClass>() == ffi::avcodec_get_class() {
            let counter = (*context.cast::<ffi::AVCodecContext>()).opaque.cast::<AtomicU32>().cast_const();
            if let Some(counter) = counter.as_ref() {
                counter.fetch_add(1, Ordering::Release);
            }
        }
    }
}
