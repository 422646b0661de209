//! Shows a folder of JPEG files as the workstation shows faces, to look at how they come out and what they cost:
//! `cargo run --release --example pictures -- FOLDER [COLUMNSxROWS] [auto|kitty|sixel|iterm2|halfblocks] [half|blocks|octants]`.
//!
//! `n` and `p` turn pages, `o` opens and closes a window over the pictures, `q` ends.

use crossterm::event::{Event, KeyCode, poll, read};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear};
use screenalytics::config::{BlockKind, ImageProtocol, Layers};
use screenalytics::domain::{CropKey, TrackId};
use screenalytics::ui::pictures::{Depth, Kind, PictureId, Pictures, Want, paint, probe};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder of JPEG files?")?);
    let (mut cells, mut params) = ((12_u16, 6_u16), Layers::defaults().settings()?.pictures);
    for argument in arguments {
        match argument.as_str() {
            "kitty" => params.image = ImageProtocol::Kitty,
            "sixel" => params.image = ImageProtocol::Sixel,
            "iterm2" => params.image = ImageProtocol::Iterm2,
            "halfblocks" => params.image = ImageProtocol::HalfBlocks,
            "half" => params.blocks = BlockKind::Half,
            "octants" => params.blocks = BlockKind::Octants,
            "auto" | "blocks" => {}
            size => {
                let (columns, rows) = size.split_once('x').ok_or_else(|| format!("{size:?} is no size such as 12x6"))?;
                cells = (columns.parse()?, rows.parse()?);
            }
        }
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)?.filter_map(|e| Some(e.ok()?.path())).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "jpg"));
    files.sort();

    let mut terminal = ratatui::init();
    let found = probe(params.image, Depth::True, Duration::from_millis(u64::from(params.probe_ms)));
    let news = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&news);
    let pictures = Pictures::new(found, params, move |_, _| told.store(true, Ordering::Relaxed));
    let outcome = show(&mut terminal, &pictures, &files, cells, &news);
    std::io::stdout().write_all(&pictures.farewell())?;
    ratatui::restore();
    outcome
}

fn show(
    terminal: &mut ratatui::DefaultTerminal,
    pictures: &Pictures,
    files: &[PathBuf],
    cells: (u16, u16),
    news: &AtomicBool,
) -> Result<(), Box<dyn Error>> {
    let (mut page, mut window) = (0, false);
    loop {
        let size = terminal.size()?;
        let (across, down) = ((size.width / cells.0).max(1), (size.height.saturating_sub(1) / cells.1).max(1));
        let on_page = usize::from(across) * usize::from(down);
        page = page.min(files.len().saturating_sub(1) / on_page);
        let wants: Vec<Want> =
            (0_u64..).zip(files).skip(page * on_page).take(on_page).map(|(n, file)| want(n, file, cells)).collect();
        pictures.want(wants.clone());
        let mut draw = |window: bool| -> std::io::Result<()> {
            let drawn = terminal.draw(|frame| {
                for (n, want) in (0_u16..).zip(&wants) {
                    let area = Rect::new(n % across * cells.0, n / across * cells.1, cells.0, cells.1);
                    paint(frame, area, pictures.get(&want.id).as_ref(), Style::new().dim());
                }
                let there = wants.iter().filter(|w| pictures.get(&w.id).is_some()).count();
                let words = format!("{:?} page {page} {there} of {} there", pictures.probe().protocol, wants.len());
                frame.render_widget(words, Rect::new(0, size.height.saturating_sub(1), size.width, 1));
                if window {
                    let middle = Rect::new(size.width / 4, size.height / 4, size.width / 2, size.height / 2);
                    frame.render_widget(Clear, middle);
                    frame.render_widget(Block::bordered().title("a window"), middle);
                }
            })?;
            let bytes = pictures.after_draw(drawn.buffer);
            std::io::stdout().write_all(&bytes)?;
            std::io::stdout().flush()
        };
        draw(window)?;
        // Nobody is moving while this waits: what was made meanwhile is sent and drawn.
        while !poll(Duration::from_millis(40))? {
            let out = pictures.outgoing(1 << 16);
            std::io::stdout().write_all(&out.bytes)?;
            if out.redraw || news.swap(false, Ordering::Relaxed) {
                draw(window)?;
            }
        }
        match read()? {
            Event::Key(key) => match key.code {
                KeyCode::Char('q') => return Ok(()),
                KeyCode::Char('n') => page += 1,
                KeyCode::Char('p') => page = page.saturating_sub(1),
                KeyCode::Char('o') => window = !window,
                _ => {}
            },
            Event::Resize(..) => pictures.invalidate_screen(),
            _ => {}
        }
    }
}

fn want(n: u64, file: &Path, cells: (u16, u16)) -> Want {
    let file = file.to_owned();
    let id = PictureId { scope: 0, key: CropKey { track: TrackId(0), frame: n }, cells, kind: Kind::Face };
    Want { id, load: Arc::new(move || std::fs::read(&file).ok()) }
}
