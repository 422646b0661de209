//! The sound device, through rodio.

use super::PlayError;
use super::speaker::{LOOK, Output};
use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TryRecvError, bounded};
use rodio::cpal::traits::{DeviceTrait, HostTrait};
use rodio::{ChannelCount, DeviceSinkBuilder, MixerDeviceSink, Player, SampleRate, Source, cpal};
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Pieces of 40 ms that lie ready: enough for a slow disk, and little to wait for.
const READY: usize = 8;
const BOTH: ChannelCount = NonZero::new(2).expect("two is not zero");

/// The default device, opened.
pub(super) struct Device {
    sink: MixerDeviceSink,
    player: Option<Player>,
    rate: SampleRate,
    pieces: Option<Sender<Vec<f32>>>,
    /// Taken by the device's thread when the first pieces lie ready.
    feed: Option<Feed>,
    heard: Arc<AtomicU64>,
    lost: Arc<Mutex<Option<String>>>,
}

/// Opens the default device. Never ALSA's `null`, which would play to nobody and fast.
pub(super) fn open() -> Result<Device, PlayError> {
    let refuse = |e: &dyn std::error::Error| PlayError::NoDevice { reason: chain(e) };
    let none = || PlayError::NoDevice { reason: "the system names none".into() };
    let device = cpal::default_host().default_output_device().ok_or_else(none)?;
    if device.description().is_ok_and(|d| d.name() == "null" || d.driver() == Some("null")) {
        return Err(none());
    }
    let lost = Arc::<Mutex<Option<String>>>::default();
    let noted = Arc::clone(&lost);
    let builder =
        DeviceSinkBuilder::from_device(device).map_err(|e| refuse(&e))?.with_error_callback(move |error: cpal::Error| {
            tracing::debug!(%error, "sound device");
            // What it gets over by itself is no loss.
            if !matches!(error.kind(), cpal::ErrorKind::Xrun) {
                noted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
            }
        });
    let mut sink = builder.open_sink_or_fallback().map_err(|e| refuse(&e))?;
    sink.log_on_drop(false);
    let rate = sink.config().sample_rate();
    let (pieces, ready) = bounded(READY);
    let heard = Arc::<AtomicU64>::default();
    let feed = Feed { ready, piece: Vec::new().into_iter(), rate, given: 0, heard: Arc::clone(&heard) };
    Ok(Device { sink, player: None, rate, pieces: Some(pieces), feed: Some(feed), heard, lost })
}

impl Device {
    fn begin(&mut self) {
        if let Some(feed) = self.feed.take() {
            let player = Player::connect_new(self.sink.mixer());
            player.append(feed);
            self.player = Some(player);
        }
    }

    fn check(&self) -> Result<(), PlayError> {
        match self.lost.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(reason) => Err(PlayError::Lost { reason }),
            None => Ok(()),
        }
    }
}

impl Output for Device {
    fn rate(&self) -> u32 {
        self.rate.get()
    }

    fn write(&mut self, piece: Vec<f32>, goes_on: &dyn Fn() -> bool) -> Result<(), PlayError> {
        let Some(pieces) = self.pieces.clone() else { return Ok(()) };
        if pieces.is_full() {
            self.begin();
        }
        let mut piece = piece;
        while goes_on() {
            self.check()?;
            match pieces.send_timeout(piece, LOOK) {
                Ok(()) | Err(SendTimeoutError::Disconnected(_)) => break,
                Err(SendTimeoutError::Timeout(back)) => piece = back,
            }
        }
        Ok(())
    }

    fn is_done(&mut self) -> Result<bool, PlayError> {
        self.begin();
        self.pieces = None;
        self.check()?;
        Ok(self.player.as_ref().is_none_or(Player::empty))
    }

    fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }
}

/// What the device's thread takes samples from; it never waits, and is silent where nothing lies ready.
struct Feed {
    ready: Receiver<Vec<f32>>,
    piece: std::vec::IntoIter<f32>,
    rate: SampleRate,
    given: u64,
    heard: Arc<AtomicU64>,
}

impl Iterator for Feed {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        if self.piece.as_slice().is_empty() {
            self.heard.store(self.given / 2, Ordering::Relaxed);
            match self.ready.try_recv() {
                Ok(piece) => self.piece = piece.into_iter(),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => return Some(0.0),
            }
        }
        self.given += 1;
        self.piece.next()
    }
}

impl Source for Feed {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> ChannelCount {
        BOTH
    }

    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}

/// Returns what an error says, and what those below it say.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(source) = below {
        text = format!("{text}: {source}");
        below = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_takes_what_lies_ready_and_never_waits() {
        let (pieces, ready) = bounded(READY);
        let heard = Arc::<AtomicU64>::default();
        let rate = NonZero::new(48_000).unwrap();
        let mut feed = Feed { ready, piece: Vec::new().into_iter(), rate, given: 0, heard: Arc::clone(&heard) };
        pieces.send(vec![0.1, 0.2]).unwrap();
        assert_eq!([feed.next(), feed.next(), feed.next()], [Some(0.1), Some(0.2), Some(0.0)]);
        assert_eq!(heard.load(Ordering::Relaxed), 1, "silence for want of sound is not heard");
        pieces.send(vec![0.3, 0.4]).unwrap();
        drop(pieces);
        assert_eq!([feed.next(), feed.next(), feed.next()], [Some(0.3), Some(0.4), None]);
        assert_eq!(heard.load(Ordering::Relaxed), 2);
    }
}
