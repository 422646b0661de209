//! What the runtime relies on: pictures come, cost what they may, and leave.

use super::*;
use crate::config::{ImageProtocol, Layers, PictureParams};
use crate::domain::TrackId;
use crate::ui::theme::Colours;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Long enough for a busy machine; nothing waits for it to pass where all is well.
const PATIENCE: Duration = Duration::from_mins(1);

fn params() -> PictureParams {
    PictureParams { threads: 1, ..Layers::defaults().settings().unwrap().pictures }
}

fn on(protocol: Protocol) -> Probe {
    Probe { protocol, cell: (9, 18), tmux: false, colours: Colours::True }
}

/// A thumbnail with the shading of a face and more grain than a camera's, another for each number.
fn jpeg(n: u64) -> Vec<u8> {
    let mut seed = u32::try_from(n).unwrap().wrapping_mul(2_654_435_761);
    let shift = f64::from(u32::try_from(n).unwrap());
    let picture = RgbImage::from_fn(112, 140, |x, y| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = f64::from(seed >> 24) / 255.0 * 24.0 - 12.0;
        let (x, y) = (f64::from(x), f64::from(y));
        let face = (((x - 56.0) / 36.0).powi(2) + ((y - 70.0) / 48.0).powi(2) < 1.0).then_some([200.0, 150.0, 120.0]);
        let hair = 40.0 * ((x + shift) / 5.0).sin() * (y / 9.0).cos();
        let light = 30.0 * ((x - shift) / 23.0).sin() + 20.0 * (y / 7.0).sin() * (x / 11.0).sin();
        let base = face.unwrap_or([90.0 + hair, 70.0 + hair, 60.0 - hair]);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        image::Rgb(base.map(|c: f64| (c + light + grain).clamp(0.0, 255.0) as u8))
    });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 82).encode_image(&picture).unwrap();
    bytes
}

fn id(n: u64, cells: (u16, u16)) -> PictureId {
    PictureId { scope: 1, key: CropKey { track: TrackId(1), frame: n }, cells, kind: Kind::Face }
}

fn want(n: u64, cells: (u16, u16)) -> Want {
    Want { id: id(n, cells), load: Arc::new(move || Some(Loaded::Jpeg(jpeg(n)))) }
}

fn pictures(protocol: Protocol, params: PictureParams) -> (Pictures, Receiver<(PictureId, Ready)>) {
    let (tell, told) = channel();
    let pictures = Pictures::new(on(protocol), params, move |id, ready| tell.send((id, ready)).unwrap());
    (pictures, told)
}

fn wait(told: &Receiver<(PictureId, Ready)>, count: usize) -> Vec<(PictureId, Ready)> {
    (0..count).map(|_| told.recv_timeout(PATIENCE).unwrap()).collect()
}

/// Draws pictures `numbers` of 12x6 cells, ten in a row.
fn page(pictures: &Pictures, numbers: std::ops::Range<u64>) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    for (place, n) in (0_u16..).zip(numbers) {
        let area = Rect::new(place % 10 * 12, place / 10 * 6, 12, 6);
        paint_into(&mut buffer, area, pictures.get(&id(n, (12, 6))).as_ref(), Style::new());
    }
    buffer
}

/// Makes and sends pictures `numbers`, and returns how many bytes that took.
fn send_page(pictures: &Pictures, told: &Receiver<(PictureId, Ready)>, numbers: std::ops::Range<u64>) -> usize {
    let count = numbers.clone().filter(|n| pictures.get(&id(*n, (12, 6))).is_none()).count();
    pictures.want(numbers.clone().map(|n| want(n, (12, 6))).collect());
    wait(told, count);
    let mut bytes = 0;
    loop {
        let out = pictures.outgoing(1 << 16);
        bytes += out.bytes.len();
        if !out.more {
            break;
        }
    }
    bytes + pictures.after_draw(&page(pictures, numbers)).len()
}

#[test]
fn a_wanted_picture_comes_and_is_painted_over_all_its_cells() {
    let (pictures, told) = pictures(Protocol::HalfBlocks, params());
    pictures.want(vec![want(1, (12, 6))]);
    assert_eq!(wait(&told, 1), [(id(1, (12, 6)), Ready::Drawn)]);
    let buffer = page(&pictures, 1..2);
    let painted = Rect::new(0, 0, 12, 6).positions().filter(|p| buffer[*p].bg != ratatui::style::Color::Reset).count();
    assert_eq!(painted, 72);
    assert_eq!(buffer[(12, 0)], ratatui::buffer::Cell::default());
    assert!(pictures.bytes() > 0);
}

#[test]
fn what_is_not_there_is_a_quiet_sign_of_its_final_size() {
    let (pictures, _told) = pictures(Protocol::HalfBlocks, params());
    let buffer = page(&pictures, 1..2);
    assert_eq!(buffer[(6, 3)].symbol(), "·");
    assert_eq!(buffer.content.iter().filter(|c| c.symbol() != " ").count(), 1);
}

#[test]
fn a_picture_that_cannot_be_read_is_told_once_and_not_tried_again() {
    let (pictures, told) = pictures(Protocol::HalfBlocks, params());
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let load: Load = Arc::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Some(Loaded::Jpeg(b"no jpeg".to_vec()))
    });
    pictures.want(vec![Want { id: id(1, (12, 6)), load: Arc::clone(&load) }]);
    assert_eq!(wait(&told, 1), [(id(1, (12, 6)), Ready::Missing)]);
    pictures.want(vec![Want { id: id(1, (12, 6)), load }, want(2, (12, 6))]);
    wait(&told, 1);
    assert_eq!(tries.load(Ordering::SeqCst), 1);
    assert_eq!(page(&pictures, 1..2)[(6, 3)].symbol(), "✕");
}

#[test]
fn newer_wants_replace_those_that_wait_and_the_nearest_comes_first() {
    let (pictures, told) = pictures(Protocol::HalfBlocks, params());
    let (open, gate): (Sender<()>, Receiver<()>) = channel();
    let gate = std::sync::Mutex::new(gate);
    let (begun, begins) = channel();
    let slow: Load = Arc::new(move || {
        begun.send(()).unwrap();
        gate.lock().unwrap().recv().unwrap();
        Some(Loaded::Jpeg(jpeg(1)))
    });
    pictures.want(vec![Want { id: id(1, (4, 2)), load: slow }, want(2, (4, 2)), want(3, (4, 2))]);
    begins.recv_timeout(PATIENCE).unwrap();
    pictures.want(vec![want(5, (4, 2)), want(4, (4, 2))]);
    open.send(()).unwrap();
    let came: Vec<u64> = wait(&told, 3).iter().map(|(id, _)| id.key.frame).collect();
    assert_eq!(came, [1, 5, 4]);
    assert!(pictures.get(&id(2, (4, 2))).is_none());
}

#[test]
fn without_pictures_nothing_is_loaded() {
    for (probe, name) in
        [(on(Protocol::Off), "off"), (Probe { colours: Colours::None, ..on(Protocol::HalfBlocks) }, "blocks without colours")]
    {
        let (tell, told) = channel();
        let pictures = Pictures::new(probe, params(), move |id, ready| tell.send((id, ready)).unwrap());
        pictures.want(vec![Want { id: id(1, (4, 2)), load: Arc::new(|| panic!("loaded")) }]);
        assert_eq!(wait(&told, 1)[0].1, Ready::Missing, "{name}");
    }
}

#[test]
fn kitty_pictures_are_drawn_once_the_terminal_has_them_and_sent_once() {
    let (pictures, told) = pictures(Protocol::Kitty, params());
    pictures.want(vec![want(1, (12, 6))]);
    assert_eq!(wait(&told, 1)[0].1, Ready::ToSend);
    assert!(pictures.get(&id(1, (12, 6))).is_none(), "not before it is sent");
    let out = pictures.outgoing(1 << 16);
    assert!(out.redraw && !out.more && out.bytes.starts_with(b"\x1b_Gq=2,a=T,U=1"));
    assert!(!pictures.after_draw(&page(&pictures, 1..2)).is_empty());
    pictures.want(vec![want(1, (12, 6))]);
    assert_eq!(pictures.outgoing(1 << 16), Outgoing::default());
    assert!(pictures.after_draw(&page(&pictures, 1..2)).is_empty());
}

#[test]
fn sending_stops_at_its_limit_and_goes_on() {
    let (pictures, told) = pictures(Protocol::Kitty, params());
    pictures.want((0..6).map(|n| want(n, (12, 6))).collect());
    wait(&told, 6);
    let first = pictures.outgoing(1);
    assert!(first.more && first.redraw);
    assert!(pictures.get(&id(0, (12, 6))).is_some() && pictures.get(&id(1, (12, 6))).is_none(), "the nearest went first");
    assert!(!pictures.outgoing(1 << 20).more);
    assert!(pictures.get(&id(5, (12, 6))).is_some());
}

#[test]
fn forty_kitty_thumbnails_cost_little_and_less_when_they_come_back() {
    let (pictures, told) = pictures(Protocol::Kitty, params());
    let first = send_page(&pictures, &told, 0..40);
    assert!(first <= 300_000, "first {first}");
    let _ = send_page(&pictures, &told, 40..80);
    let again = send_page(&pictures, &told, 0..40);
    assert!(again <= 15_000, "again {again}");
}

#[test]
fn a_screen_of_new_blocks_costs_little() {
    let (pictures, told) = pictures(Protocol::HalfBlocks, params());
    for cells in [(12, 6), (20, 10), (120, 40)] {
        let (across, down) = (120 / cells.0, 40 / cells.1);
        let count = u64::from(across * down);
        pictures.want((0..count).map(|n| want(n, cells)).collect());
        wait(&told, usize::try_from(count).unwrap());
        let mut written = Vec::new();
        let mut terminal = Terminal::with_options(
            CrosstermBackend::new(&mut written),
            ratatui::TerminalOptions { viewport: ratatui::Viewport::Fixed(Rect::new(0, 0, 120, 40)) },
        )
        .unwrap();
        let draw = |frame: &mut ratatui::Frame<'_>| {
            for (place, n) in (0_u16..).zip(0..count) {
                let area = Rect::new(place % across * cells.0, place / across * cells.1, cells.0, cells.1);
                paint(frame, area, pictures.get(&id(n, cells)).as_ref(), Style::new());
            }
        };
        terminal.draw(draw).unwrap();
        drop(terminal);
        assert!(written.len() <= 150_000, "{cells:?} {}", written.len());
    }
}

#[test]
fn the_terminal_is_told_to_forget_what_is_kept_no_more() {
    // One mebibyte of pixels is 20 thumbnails of 112x112.
    let (pictures, told) = pictures(Protocol::Kitty, PictureParams { terminal_mib: 1, ..params() });
    let _ = send_page(&pictures, &told, 0..15);
    pictures.want((15..30).map(|n| want(n, (12, 6))).collect());
    wait(&told, 15);
    assert!(pictures.get(&id(0, (12, 6))).is_none(), "the oldest left");
    let out = String::from_utf8(pictures.outgoing(1 << 20).bytes).unwrap();
    let deleted = out.matches("a=d,d=I").count();
    assert!((8..15).contains(&deleted), "{deleted}");
    let farewell = String::from_utf8(pictures.farewell()).unwrap();
    assert_eq!(deleted + farewell.matches("a=d,d=I").count(), 30, "all that was sent is deleted at last");
}

#[test]
fn after_another_program_had_the_terminal_all_is_sent_again() {
    let (pictures, told) = pictures(Protocol::Kitty, params());
    let first = send_page(&pictures, &told, 0..3);
    pictures.forget();
    wait(&told, 3);
    let again = pictures.outgoing(1 << 20).bytes.len() + pictures.after_draw(&page(&pictures, 0..3)).len();
    assert!(again >= first, "{again} {first}");
}

#[test]
fn another_size_of_cells_makes_pictures_anew_and_the_same_does_not() {
    let (pictures, told) = pictures(Protocol::Sixel, params());
    pictures.want(vec![want(1, (12, 6))]);
    wait(&told, 1);
    pictures.set_cell((9, 18));
    let small = pictures.bytes();
    pictures.set_cell((18, 36));
    wait(&told, 1);
    assert!(pictures.bytes() > 2 * small, "{} {small}", pictures.bytes());
}

#[test]
fn inline_pictures_wait_until_nobody_moves_and_stay_while_they_are_wanted() {
    for protocol in [Protocol::Sixel, Protocol::Iterm2] {
        let (pictures, told) = pictures(protocol, params());
        pictures.want(vec![want(1, (12, 6)), want(2, (12, 6))]);
        assert_eq!(wait(&told, 2)[0].1, Ready::ToSend);
        assert!(pictures.get(&id(1, (12, 6))).is_none());
        assert!(pictures.outgoing(1 << 20).redraw);
        assert!(!pictures.after_draw(&page(&pictures, 1..3)).is_empty());
        pictures.want(vec![want(2, (12, 6))]);
        assert!(pictures.get(&id(2, (12, 6))).is_some(), "still there");
        pictures.want(vec![want(1, (12, 6))]);
        assert!(pictures.get(&id(1, (12, 6))).is_none(), "passed by");
        assert!(pictures.outgoing(1 << 20).redraw);
        assert!(pictures.get(&id(1, (12, 6))).is_some());
    }
}

#[test]
fn sixel_and_iterm2_send_what_their_terminals_read() {
    let (sixels, told) = pictures(Protocol::Sixel, params());
    let _ = send_page(&sixels, &told, 0..1);
    sixels.invalidate_screen();
    let sent = String::from_utf8(sixels.after_draw(&page(&sixels, 0..1))).unwrap();
    assert!(sent.starts_with("\x1b7\x1b[1;1H") && sent.contains("\x1bP") && sent.contains("\"1;1;108;108"), "{}", &sent[..80]);

    let (files, told) = pictures(Protocol::Iterm2, params());
    let _ = send_page(&files, &told, 0..1);
    files.invalidate_screen();
    let sent = String::from_utf8(files.after_draw(&page(&files, 0..1))).unwrap();
    let (head, data) = sent.split_once("doNotMoveCursor=1:").unwrap();
    assert!(head.contains("\x1b]1337;File=inline=1;") && head.contains("width=12;height=6"));
    let data = data.split('\x07').next().unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data).unwrap();
    let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg).unwrap();
    assert_eq!((picture.width(), picture.height()), (108, 108));
}

#[test]
fn pictures_of_two_runs_are_two() {
    let episode: EpisodeId = "demo-s01e01".parse().unwrap();
    assert_ne!(scope(&episode, RunId(1)), scope(&episode, RunId(2)));
    assert_eq!(scope(&episode, RunId(1)), scope(&episode, RunId(1)));
}

#[test]
fn every_protocol_can_be_asked_for_by_its_name() {
    for (name, due) in [("kitty", ImageProtocol::Kitty), ("halfblocks", ImageProtocol::HalfBlocks), ("off", ImageProtocol::Off)] {
        let mut layers = Layers::defaults();
        layers.set("--image", "pictures.image", toml::Value::String(name.into())).unwrap();
        assert_eq!(layers.settings().unwrap().pictures.image, due);
    }
}
