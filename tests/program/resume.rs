//! A run that is killed or cancelled goes on, and ends as one that was left alone.

use super::support::{CHEAP, Ended, Measured, UnderWay, User, ffmpeg, media, models, run_args, scratch};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Numbers that look random and are the same each time (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    /// Returns a share of 0..1.
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Kills a run again and again at random moments until it ends by itself; returns the number of kills and how it ended.
///
/// A moment is so many progress lines and then so many milliseconds, so that a busy machine moves no kill to the start or the end.
fn killed_run(user: &User, args: &[OsString], most: u32, dice: &mut Dice) -> (u32, Ended) {
    for kills in 0..most {
        let mut under_way = UnderWay::start(&mut user.command(args));
        let (lines, pause) = ((dice.share() * 9.0).floor(), Duration::from_secs_f64(dice.share() * 0.15));
        let mut seen = 0.0;
        let is_there = lines < 1.0
            || under_way.wait_for(|_| {
                seen += 1.0;
                seen >= lines
            });
        if !is_there || under_way.ended_within(pause) {
            under_way.finish().ok();
            return (kills, user.run(args));
        }
        under_way.signal("KILL");
        assert_eq!(under_way.finish().code, None);
        // Whatever the moment, the library can be read.
        let listed = user.run(["status", "--json"]).ok();
        assert!(!listed.stdout.contains("broken"), "after kill {kills}: {listed}");
    }
    (most, user.run(args))
}

/// Kills runs of `video` until `kills` are reached, and holds each run that came to its end against one that was left alone.
fn assert_kills_leave_no_trace(video: &Path, more: &[&str], kills: u32, seed: u64) {
    let args = run_args(video, &[&CHEAP[..], more].concat());
    let due = Measured::of(&User::new().run(&args));
    let counts = |measured: &Measured| {
        let mut counts = measured.last["summary"]["counts"].clone();
        // What is damaged is counted as it is met, and a run that goes on meets some of it twice or not at all.
        counts.as_object_mut().unwrap().retain(|key, _| !key.starts_with("damaged"));
        counts
    };
    let mut dice = Dice(seed);
    let mut done = 0;
    while done < kills {
        let user = User::new();
        let (now, ended) = killed_run(&user, &args, 6.min(kills - done), &mut dice);
        println!("{}: {now} kills", video.display());
        done += now;
        let measured = Measured::of(&ended);
        assert_eq!(measured.digest, due.digest, "after {now} kills");
        assert_eq!(counts(&measured), counts(&due), "after {now} kills");
        assert_eq!(measured.last["run_id"], "r1");
        user.assert_healthy("after kills");
    }
}

fn clip(name: &str) -> Option<PathBuf> {
    models()?;
    media(name)
}

#[test]
fn kills_at_random_moments_leave_no_trace_where_shots_dissolve() {
    let Some(video) = clip("episode_dev.mp4") else { return };
    assert_kills_leave_no_trace(&video, &[], 12, 0x5EED_0001);
}

#[test]
fn kills_at_random_moments_leave_no_trace_where_the_first_picture_is_late() {
    let Some(video) = clip("clips/friends_clip.mp4") else { return };
    assert_kills_leave_no_trace(&video, &[], 9, 0x5EED_0002);
}

#[test]
fn kills_at_random_moments_leave_no_trace_in_a_broadcast_stream() {
    let Some(video) = clip("talking_dev.mp4") else { return };
    let dir = scratch();
    let stream = dir.path().join("talking dev.ts");
    let Some(()) = ffmpeg(&video, "-c copy -muxdelay 0.9 -f mpegts", &stream) else { return };
    assert_kills_leave_no_trace(&stream, &[], 9, 0x5EED_0003);
}

#[test]
fn kills_leave_no_trace_in_a_damaged_broadcast_stream() {
    let Some(video) = clip("talking_dev.mp4") else { return };
    let dir = scratch();
    let stream = dir.path().join("damaged.ts");
    let Some(()) = ffmpeg(&video, "-i -c copy -f mpegts", &stream) else { return };
    let mut bytes = fs::read(&stream).unwrap();
    let mut dice = Dice(0x5EED_0004);
    for part in 1..20 {
        let at = bytes.len() * part / 20;
        bytes[at..at + 300].fill_with(|| if dice.share() < 0.5 { 0x55 } else { 0xAA });
    }
    fs::write(&stream, bytes).unwrap();
    assert_kills_leave_no_trace(&stream, &["--set", "decode.threads=4"], 4, 0x5EED_0005);
}

#[test]
fn a_kill_while_another_embedder_works_leaves_no_trace() {
    let Some(video) = clip("talking_dev.mp4") else { return };
    let other = [&CHEAP[..], &["--embedder", "face_reid_retail_0095"]].concat();
    let (alone, killed) = (User::new(), User::new());
    alone.measure(&video, &CHEAP);
    let due = alone.measure(&video, &other);
    killed.measure(&video, &CHEAP);
    let mut under_way = UnderWay::start(&mut killed.command(run_args(&video, &other)));
    assert!(under_way.wait_for(|line| line["phase"] == "faces_embed" && line["frames_done"].as_u64() > Some(0)));
    under_way.signal("KILL");
    under_way.finish();
    let measured = killed.measure(&video, &other);
    assert_eq!(measured.digest, due.digest);
    assert!(alone.manifest("talking-dev").bytes("identities.json") == killed.manifest("talking-dev").bytes("identities.json"));
    killed.assert_healthy("after a kill");
}

#[test]
fn signals_stop_a_run_at_a_whole_shot_and_the_same_command_goes_on() {
    let Some(video) = clip("talking_dev.mp4") else { return };
    let due = User::new().measure(&video, &CHEAP);
    for (signal, why) in [("INT", "stopped"), ("TERM", "asked to end"), ("HUP", "the terminal went away")] {
        let user = User::new();
        let mut under_way = UnderWay::start(&mut user.command(run_args(&video, &CHEAP)));
        assert!(under_way.wait_for(|line| line["shots"].as_u64() >= Some(2)), "{signal}: no shot was stored");
        under_way.signal(signal);
        let ended = under_way.finish();
        assert_eq!(ended.code, Some(130), "{signal}: {ended}");
        assert!(ended.stderr.contains(why) && ended.stderr.contains("goes on from there"), "{signal}: {ended}");
        let last = ended.lines().pop().unwrap();
        assert!(last["phase"] == "cancelled" && last["message"].as_str().unwrap().contains(why), "{signal}: {last}");
        user.assert_healthy(signal);
        let listed = user.json(["status", "--json"]);
        assert_eq!(listed[0]["state"], "unfinished", "{signal}: {listed}");
        assert!(listed[0]["shots"].as_u64() >= Some(2), "{signal}: {listed}");

        let ended = user.run(["run".as_ref(), video.as_os_str()].into_iter().chain(CHEAP.map(AsRef::as_ref))).ok();
        assert!(ended.stderr.contains("goes on at its first missing shot"), "{signal}: {ended}");
        let measured = user.measure(&video, &CHEAP);
        assert_eq!(measured.digest, due.digest, "{signal}");
    }
}

#[test]
fn a_second_signal_ends_the_program_at_once() {
    let Some(video) = clip("talking_dev.mp4") else { return };
    let user = User::new();
    let mut under_way = UnderWay::start(&mut user.command(run_args(&video, &CHEAP)));
    assert!(under_way.wait_for(|line| line["phase"] == "detect"));
    under_way.signal("TERM");
    under_way.signal("TERM");
    assert_eq!(under_way.finish().code, Some(130));
    user.assert_healthy("after two signals");
}
