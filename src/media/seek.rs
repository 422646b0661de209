//! Back to a picture that was handed out before.

use super::container::{Container, Read};
use super::decoder::Engine;
use super::error::MediaError;
use super::frame::FrameFacts;
use crate::domain::FrameTime;
use ffmpeg_next::Packet;
use ffmpeg_next::frame::Video;
use std::ops::ControlFlow;

type Found = Option<(Video, FrameFacts)>;

/// Places of the index to try, one further back each time.
const MOST_TRIES: u32 = 6;

/// Asked again and again on the way: a search that does not go on finds nothing, and leaves the engine anywhere.
pub(super) type GoesOn<'a> = &'a dyn Fn() -> bool;

/// Finds a picture by its time, or by its number where times cannot be trusted; the engine then goes on behind it.
pub(super) fn find(engine: &mut Engine, to: FrameTime, goes_on: GoesOn<'_>) -> Result<Found, MediaError> {
    let found = if engine.facts.stamps_may_jump { by_packets(engine, to, goes_on)? } else { by_index(engine, to, goes_on) };
    if let Some((frame, facts)) = found {
        engine.name(&facts);
        engine.numbering.resume(to);
        return Ok(Some((frame, facts)));
    }
    from_start(engine, to, goes_on)
}

/// Goes where the container's index says, further back as long as pictures on the way are incomplete.
fn by_index(engine: &mut Engine, to: FrameTime, goes_on: GoesOn<'_>) -> Found {
    let target = ticks(engine, to);
    let second = i64::from(engine.facts.time_base.1) / i64::from(engine.facts.time_base.0).max(1);
    let mut at = target;
    for attempt in 0..MOST_TRIES {
        if !engine.container.seek(at) {
            return None;
        }
        engine.flush();
        let key = next_key(&mut engine.container)?;
        let stamp = key.pts()?;
        if stamp <= target {
            engine.send(&key);
            match decode_to(engine, to, goes_on) {
                ControlFlow::Break(found) => return found,
                ControlFlow::Continue(()) => {}
            }
        }
        at = at.min(stamp).saturating_sub(second << attempt);
    }
    None
}

/// Reads the packets from the start without decoding, and decodes from the last keyframe before the picture.
///
/// For broadcast streams: they have no index, and a search by time could land in another stretch with the same times. `None` where
/// the times do run back, or packets lack them.
fn by_packets(engine: &mut Engine, to: FrameTime, goes_on: GoesOn<'_>) -> Result<Found, MediaError> {
    let target = ticks(engine, to);
    let Some(keys) = keys_before(&mut Container::open(engine.container.path())?, target, goes_on) else { return Ok(None) };
    for key in keys.into_iter().rev().take(3) {
        engine.reopen()?;
        for _ in 0..key {
            if let Read::End = engine.container.read() {
                return Ok(None);
            }
        }
        engine.flush();
        match decode_to(engine, to, goes_on) {
            ControlFlow::Break(found) => return Ok(found),
            ControlFlow::Continue(()) => {}
        }
    }
    Ok(None)
}

/// Returns how many reads lie before each keyframe whose time is at or before `target`; `None` where times are not in order, or it is
/// not to go on.
fn keys_before(container: &mut Container, target: i64, goes_on: GoesOn<'_>) -> Option<Vec<u64>> {
    let mut keys = Vec::new();
    let mut last = i64::MIN;
    for count in 0.. {
        if !goes_on() {
            return None;
        }
        let packet = match container.read() {
            Read::Packet(packet) => packet,
            Read::Damaged => continue,
            Read::End => break,
        };
        let (pts, dts) = (packet.pts()?, packet.dts()?);
        if dts < last {
            return None;
        }
        last = dts;
        if packet.is_key() && pts <= target {
            keys.push(count);
        }
        // Whatever comes later is shown later.
        if dts > target {
            break;
        }
    }
    Some(keys)
}

/// Decodes everything again up to the picture's number.
pub(super) fn from_start(engine: &mut Engine, to: FrameTime, goes_on: GoesOn<'_>) -> Result<Found, MediaError> {
    if !goes_on() {
        return Ok(None);
    }
    engine.reopen()?;
    while goes_on()
        && let Some((frame, facts)) = engine.receive()
    {
        let at = engine.name(&facts);
        if at.frame >= to.frame {
            return Ok((at == to).then_some((frame, facts)));
        }
    }
    Ok(None)
}

/// Decodes up to the wanted time. Breaks with the picture, or with nothing where times cannot be trusted or it is not to go on; continues where an
/// earlier keyframe may do better.
fn decode_to(engine: &mut Engine, to: FrameTime, goes_on: GoesOn<'_>) -> ControlFlow<Found> {
    while let Some((frame, facts)) = engine.receive() {
        let Some(stamp) = facts.stamp.filter(|_| !engine.unstamped && goes_on()) else { return ControlFlow::Break(None) };
        let time = engine.numbering.time(stamp);
        if facts.damaged || time > to.pts {
            return ControlFlow::Continue(());
        }
        if time == to.pts {
            return ControlFlow::Break(Some((frame, facts)));
        }
    }
    ControlFlow::Continue(())
}

fn next_key(container: &mut Container) -> Option<Packet> {
    loop {
        match container.read() {
            Read::Packet(packet) if packet.is_key() => return Some(packet),
            Read::Packet(_) | Read::Damaged => {}
            Read::End => return None,
        }
    }
}

fn ticks(engine: &Engine, to: FrameTime) -> i64 {
    let (num, den) = (i128::from(engine.facts.time_base.0), i128::from(engine.facts.time_base.1));
    let scaled = (i128::from(to.pts.0) * den + 500_000 * num).div_euclid(1_000_000 * num);
    i64::try_from(scaled).unwrap_or(i64::MAX)
}
