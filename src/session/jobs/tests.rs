use super::*;
use crate::session::Places;
use std::path::Path;
use std::sync::mpsc::channel;

fn workspace(dir: &Path) -> Workspace {
    let places = Places { library: Some(dir.join("library")), models: Some(dir.join("models")), ..Places::default() };
    let mut workspace = Workspace::new(places, Vec::new()).unwrap();
    workspace.paths.log_file = dir.join("state").join("screenalytics.log");
    workspace
}

fn order(episode: &str, video: &Path) -> Order {
    Order {
        episode: episode.parse().unwrap(),
        video: video.to_owned(),
        work: Work::Measure,
        device: "cpu".into(),
        replace_video: false,
        described: crate::domain::Described::default(),
        settings: std::collections::BTreeMap::new(),
        files: None,
    }
}

#[test]
fn a_run_that_fails_says_why_and_the_next_in_the_queue_is_worked_off() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.mp4"), b"no video").unwrap();
    let (send, events) = channel();
    let jobs = Jobs::new(workspace(dir.path()), move |event| send.send(event).unwrap());
    jobs.begin(order("one", &dir.path().join("missing.mp4"))).unwrap();
    jobs.begin(order("two", &dir.path().join("a.mp4"))).unwrap();
    let due: Vec<JobEvent> = ["one", "two"]
        .into_iter()
        .flat_map(|e| [JobEvent::Begins(e.parse().unwrap()), JobEvent::Ended(e.parse().unwrap())])
        .collect();
    assert_eq!(events.iter().take(4).collect::<Vec<_>>(), due);
    for (line, part) in jobs.lines().iter().zip(["missing.mp4", "a.mp4"]) {
        let JobState::Failed { what, hint } = &line.state else { panic!("{line:?}") };
        assert!(what.contains(part) && hint.is_some(), "{what} {hint:?}");
    }
    assert_eq!(jobs.open(), 0);
    jobs.close(StopCause::Interrupt);
}

#[test]
fn a_wrong_setting_and_a_second_order_for_one_episode_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (send, events) = channel::<()>();
    let events = Mutex::new(events);
    // The thread waits in the first order until the test is done with the queue.
    let jobs = Jobs::new(workspace(dir.path()), move |_| {
        let _ = events.lock().unwrap().recv();
    });
    let video = dir.path().join("a.mp4");
    let wrong = Order { settings: [("detect.scoer".to_owned(), toml::Value::Float(0.5))].into(), ..order("one", &video) };
    assert!(jobs.begin(wrong).unwrap_err().to_string().contains("detect.scoer"));
    let first = jobs.begin(order("one", &video)).unwrap();
    assert!(matches!(jobs.begin(order("one", &video)), Err(SessionError::Ordered { .. })));
    let second = jobs.begin(order("two", &video)).unwrap();
    assert!(first < second && jobs.open() == 2);
    assert!(jobs.cancel(second));
    assert_eq!(jobs.lines().last().unwrap().state, JobState::Withdrawn);
    assert!(!jobs.cancel(second));
    drop(send);
    jobs.close(StopCause::Interrupt);
}

#[test]
fn what_a_killed_program_had_open_is_found_once_and_only_in_its_own_library() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = workspace(dir.path());
    let open = vec![order("one", Path::new("/a.mp4")), order("two", Path::new("/b.mp4"))];
    Kept::new(&workspace).write(open.clone()).unwrap();
    assert_eq!(left_over(&workspace), [], "it is this program's own");
    // A process that is gone: one that was waited for.
    let mut gone = std::process::Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let runs = dir.path().join("state").join("runs");
    let file = runs.join(format!("{}.json", gone.id()));
    std::fs::rename(runs.join(format!("{}.json", std::process::id())), &file).unwrap();
    let found = left_over(&workspace);
    assert_eq!(found.iter().map(|l| l.order.clone()).collect::<Vec<_>>(), open);
    let other = Workspace { library: dir.path().join("other"), ..workspace.clone() };
    assert_eq!(left_over(&other), []);
    forget(&found);
    assert_eq!(left_over(&workspace), []);
    std::fs::write(&file, b"{").unwrap();
    assert_eq!(left_over(&workspace), [], "a damaged list is none");
}
