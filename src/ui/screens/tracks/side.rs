//! What is known of one crop.

use super::super::super::draw::Canvas;
use super::super::super::model::Desk;
use super::super::super::pictures::Kind;
use super::super::super::text::{clock, fit};
use super::super::super::theme::Role;
use crate::domain::MediaTime;
use crate::session::{CropRow, Doubt};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// The crop under the cursor, large, with what is known of it.
pub(super) fn draw_side(desk: &Desk, canvas: &mut Canvas<'_, '_>, side: Rect) {
    let Some(crop) = &desk.strips.beside else { return };
    let width = side.width.saturating_sub(2);
    let height = side.height.saturating_sub(7).min(width * 5 / 8);
    let wide = (height * 8 / 5).min(width);
    canvas.face(desk, Some(crop.key), Rect::new(side.x + 2 + (width - wide) / 2, side.y, wide, height), Kind::Face);
    let text = Rect::new(side.x + 2, side.y + height, width, side.height - height);
    let origin = desk.snapshot.shots.first().map_or(MediaTime::ZERO, |s| s.start);
    let quality = &crop.quality;
    let size = (crop.detection.bbox.width(), crop.detection.bbox.height());
    canvas.line(
        text,
        1,
        Line::from(vec![
            canvas.span(Role::Title, clock(crop.at.pts - origin)),
            canvas.dim(format!("  picture {}  {:.0}×{:.0} px", crop.at.frame, size.0, size.1)),
        ]),
    );
    canvas.line(
        text,
        2,
        Line::from(
            canvas.dim(format!("score {:.2}  quality {:.2}  yaw {:+.0}°", crop.detection.score, quality.total, quality.yaw)),
        ),
    );
    canvas.line(
        text,
        3,
        Line::from(canvas.dim(format!(
            "sharp {:.2}  light {:.2}  weighs {:.2}",
            quality.sharpness,
            quality.light,
            crop.badges.weigh(quality).total
        ))),
    );
    for (row, line) in (4..text.height).zip(reasons(crop)) {
        canvas.line(text, row, Line::from(canvas.span(Role::Doubt, fit(&line, usize::from(width)))));
    }
}

/// What the line at the bottom says of the crop under the cursor: why it is hard to recognise.
pub(crate) fn told(desk: &Desk) -> Option<(Role, String)> {
    let lines = reasons(desk.crop()?);
    (!lines.is_empty()).then(|| (Role::Doubt, lines.join("  ")))
}

/// Returns why a crop is hard to recognise: each badge with what it rests on, then what else is doubtful.
fn reasons(crop: &CropRow) -> Vec<String> {
    let mut lines: Vec<String> = crop.badges.shown().map(|b| format!("▲ {}: {}", b.kind, b.evidence)).collect();
    let rest: Vec<String> = crop.doubts.iter().filter(|d| !matches!(d, Doubt::Badge(_))).map(|d| format!("▲ {d}")).collect();
    if !rest.is_empty() {
        lines.push(rest.join("  "));
    }
    lines
}
