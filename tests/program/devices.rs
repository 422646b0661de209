//! What a run does where the device that was asked for, or that it was begun on, does not work.

use super::support::{CHEAP, UnderWay, User, media, models, run_args, runtime};
use screenalytics::domain::EpisodeId;
use screenalytics::store::{EpisodeStore, Library};

/// Returns why there is no CUDA here; absent, and told as such, where there is.
fn no_cuda(user: &User) -> Option<String> {
    runtime()?;
    let told = user.run(["doctor"]).stdout;
    let has_none = told.contains("there is no NVIDIA driver");
    if !has_none {
        println!("this machine has an NVIDIA driver; what happens without one is not tried");
    }
    has_none.then_some(told)
}

#[test]
fn a_device_that_does_not_work_is_refused_with_the_reason_before_anything_is_stored() {
    let user = User::new();
    let (Some(_), Some(video), Some(_)) = (no_cuda(&user), media("talking_dev.mp4"), models()) else { return };
    for device in ["cuda", "tensorrt"] {
        let refused = user.run(run_args(&video, &["--device", device]));
        assert_eq!(refused.code, Some(1), "{refused}");
        let lines: Vec<&str> = refused.stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{refused}");
        assert_eq!(lines[0], format!("error: cannot compute on {device}: there is no NVIDIA driver (libcuda.so.1)"));
        assert!(lines[1].starts_with("hint: install NVIDIA's driver"), "{refused}");
        assert!(!user.episode("talking-dev").join("episode.redb").exists());
    }
}

#[test]
fn auto_falls_back_to_the_cpu_with_one_line() {
    let user = User::new();
    let (Some(_), Some(video), Some(_)) = (no_cuda(&user), media("talking_dev.mp4"), models()) else { return };
    let mut words: Vec<std::ffi::OsString> = vec!["run".into(), (&video).into(), "--device".into(), "auto".into()];
    words.extend(CHEAP[..4].iter().map(Into::into));
    let ended = user.run(words).ok();
    let told: Vec<&str> = ended.stderr.lines().filter(|l| l.contains("NVIDIA")).collect();
    assert_eq!(told.len(), 1, "{ended}");
    assert!(ended.stdout.contains("scrfd on cpu"), "{ended}");
}

#[test]
fn a_run_begun_on_a_gpu_goes_on_elsewhere_only_when_told_and_says_so() {
    let user = User::new();
    let (Some(_), Some(video), Some(_)) = (no_cuda(&user), media("talking_dev.mp4"), models()) else { return };
    let args = run_args(&video, &CHEAP);
    let mut under_way = UnderWay::start(&mut user.command(&args));
    assert!(under_way.wait_for(|line| line["shots"].as_u64() >= Some(2)), "two shots are stored");
    under_way.signal("KILL");
    under_way.finish();
    {
        let library = Library::open(user.library()).unwrap();
        let store = EpisodeStore::open_writer(&library, &"talking-dev".parse::<EpisodeId>().unwrap()).unwrap();
        let mut meta = store.runs().unwrap().pop().unwrap();
        meta.device.used = "cuda".into();
        meta.device.with = Some("onnxruntime 1.31.1 cuda13 on Fake GPU, driver 580.95.05".into());
        store.update_run(&meta).unwrap();
    }
    let auto = [&CHEAP[..4], &["--device", "auto"]].concat();
    let refused = user.run(run_args(&video, &auto));
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(refused.stderr.contains("r1 was begun on cuda, which does not work now: there is no NVIDIA driver"), "{refused}");
    assert!(refused.stderr.contains("--device cpu") && refused.stderr.contains("--new-run"), "{refused}");

    let done = user.run(&args).ok();
    assert!(done.lines().last().unwrap()["phase"] == "done", "{done}");
    let shown = user.ok(["status", "talking-dev"]);
    assert!(shown.contains("scrfd on cuda, cpu from shot "), "{shown}");
}
