//! Pixel formats, colours, orientation, aspect, fields.

use super::clips::{by_program, dir, ffmpeg, make};
use super::{all, difference, first, open, rgb, scaled};
use crate::domain::{Affine, RgbImage, Size};
use crate::media::{Decoder, Hdr, Picture, probe};
use std::fs;
use std::path::Path;

const SIZE: Size = Size { width: 320, height: 180 };
/// Soft, so that only colour is compared and not the way chroma is interpolated.
const SOFT: &str = "-f lavfi -i testsrc2=s=320x180:r=25:d=0.4 -vf gblur=sigma=6";

const EXACT: &str = "flags=accurate_rnd+full_chroma_int+full_chroma_inp";

fn is_shared<T: Send + Sync + Clone>() {}

#[test]
fn pictures_travel_between_threads() {
    fn is_sent<T: Send>() {}
    is_shared::<Picture>();
    is_sent::<Decoder>();
}

#[test]
fn every_pixel_format_gives_the_colours_that_swscale_gives() {
    let dir = dir();
    let formats = "yuv420p yuv422p yuv444p yuv411p yuvj420p yuvj444p nv12 nv21 yuv420p10le yuv422p10le yuv444p12le \
                   yuva420p yuyv422 uyvy422 gray gray10le rgb24 bgra gbrp gbrp10le rgb565le";
    for format in formats.split_whitespace() {
        let full = format.starts_with("yuvj") || format.starts_with("gray");
        let range = if full { "pc" } else { "tv" };
        // Raw video has no notion of full range; JPEG has, and centres its chroma.
        let jpeg = format.starts_with("yuvj");
        let (name, codec) = if jpeg { ("mkv", "mjpeg -q:v 2") } else { ("nut", "rawvideo") };
        let convert = format!("scale=out_color_matrix=bt709:out_range={range},format={format}");
        let args = format!("{SOFT},{convert} -c:v {codec} -color_range {range}");
        let Some(path) = make(&dir, &format!("{format}.{name}"), &args) else { return };
        assert_eq!(probe(&path).unwrap().pixel_format, format);
        // No matrix is stored, so both sides must be told: we assume BT.601 at this size.
        let tell = format!("scale=in_color_matrix=bt601:in_range={range}");
        let Some(expected) = by_program(&path, &tell, SIZE) else { return };
        let (most, mean) = difference(&rgb(&first(&path)), &expected);
        println!("{format}: at most {most}, mean {mean:.3}");
        // The first few go through the converter that ours follows; for the rest swscale interpolates chroma and rounds otherwise.
        let (most_allowed, mean_allowed) = match format {
            "yuv420p" | "yuv422p" | "yuvj420p" | "yuva420p" | "gray" => (1, 0.05),
            "yuv411p" => (30, 2.5),
            "rgb565le" => (10, 3.6),
            _ => (12, 1.3),
        };
        assert!(most <= most_allowed && mean <= mean_allowed, "{format}: at most {most}, mean {mean:.3}");
    }
}

#[test]
fn the_matrix_that_the_stream_tells_is_used_else_the_one_that_fits_the_size() {
    let dir = dir();
    for (size, tag, told) in [
        ("320x180", "bt709", Some("bt709")),
        ("320x180", "smpte170m", Some("bt601")),
        ("320x180", "bt2020nc", Some("bt2020")),
        ("320x180", "", None),
        ("1280x720", "", None),
    ] {
        let tags = if tag.is_empty() { String::new() } else { format!("-colorspace {tag}") };
        let args = format!("-f lavfi -i color=red:s={size}:d=0.1 -pix_fmt yuv420p -c:v libx264 -qp 0 {tags}");
        let Some(path) = make(&dir, "a.mp4", &args) else { return };
        let info = probe(&path).unwrap();
        let assumed = if size == "320x180" { "bt601" } else { "bt709" };
        assert_eq!((info.matrix.as_str(), info.matrix_told), (told.unwrap_or(assumed), told.is_some()), "{size} {tag}");
    }
}

/// What OpenCV does: two taps, edges repeated.
fn resized(image: &RgbImage, out: Size) -> RgbImage {
    let mut result = RgbImage::black(out);
    let (sx, sy) = (f64::from(image.width) / f64::from(out.width), f64::from(image.height) / f64::from(out.height));
    let value = |x: i64, y: i64, c: usize| -> f64 {
        let x = usize::try_from(x.clamp(0, i64::from(image.width) - 1)).unwrap();
        let y = usize::try_from(y.clamp(0, i64::from(image.height) - 1)).unwrap();
        image.data[(y * image.width as usize + x) * 3 + c].into()
    };
    for (i, p) in result.data.chunks_exact_mut(3).enumerate() {
        let (x, y) = ((i % out.width as usize) as f64, (i / out.width as usize) as f64);
        let (x, y) = ((x + 0.5) * sx - 0.5, (y + 0.5) * sy - 0.5);
        #[expect(clippy::cast_possible_truncation)]
        let (l, t) = (x.floor() as i64, y.floor() as i64);
        for (c, v) in p.iter_mut().enumerate() {
            let (wx, wy) = (x - x.floor(), y - y.floor());
            let upper = value(l, t, c) * (1.0 - wx) + value(l + 1, t, c) * wx;
            let lower = value(l, t + 1, c) * (1.0 - wx) + value(l + 1, t + 1, c) * wx;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let byte = (upper * (1.0 - wy) + lower * wy).round() as u8;
            *v = byte;
        }
    }
    result
}

#[test]
fn scaling_is_two_tap_bilinear_at_every_size_down_to_a_third() {
    let dir = dir();
    let Some(path) = make(
        &dir,
        "a.mkv",
        "-f lavfi -i testsrc2=s=320x180:d=0.1 -vf format=yuv444p,lutyuv=y=val*0.5+60:u=128+(val-128)*0.3:v=128+(val-128)*0.3 -pix_fmt yuv444p -c:v ffv1",
    ) else {
        return;
    };
    let picture = first(&path);
    let whole = rgb(&picture);
    for (width, height) in [(640, 360), (320, 180), (319, 77), (214, 120), (160, 90), (107, 60), (200, 400)] {
        let out = Size { width, height };
        let (most, mean) = difference(&scaled(&picture, out), &resized(&whole, out));
        // Pale colours, since colours beyond RGB are clipped before the blend there and after it here.
        assert!(most <= 1, "{out:?}: at most {most}, mean {mean:.3}");
    }
}

#[test]
fn strong_shrinking_averages() {
    let dir = dir();
    // Lines one pixel wide: any two taps would give a moire of black and white.
    let lines = "-f lavfi -i color=black:s=320x180:d=0.1,format=gray,geq=lum='mod(X,2)*255' -pix_fmt gray -c:v ffv1";
    let Some(path) = make(&dir, "a.mkv", lines) else { return };
    let small = scaled(&first(&path), Size { width: 31, height: 18 });
    assert!(small.data.iter().all(|v| (100..156).contains(v)), "{:?}", &small.data[..30]);
}

#[test]
fn a_turned_map_samples_what_the_straight_one_does() {
    let dir = dir();
    let Some(path) = make(&dir, "a.mkv", &format!("{SOFT} -pix_fmt yuv420p -c:v ffv1")) else { return };
    let picture = first(&path);
    let out = Size { width: 120, height: 110 };
    let straight = Affine { a: 1.5, b: 0.0, tx: 20.3, c: 0.0, d: 1.2, ty: 10.7 };
    let tiny = 1e-9;
    let nearly = Affine { b: tiny, c: tiny, ..straight };
    let (most, _) = difference(&picture.sample(out, &straight), &picture.sample(out, &nearly));
    assert!(most <= 1, "{most}");
    // A quarter turn and its general path.
    let quarter = Affine { a: 0.0, b: 1.3, tx: 5.0, c: -1.3, d: 0.0, ty: 160.0 };
    let nearly = Affine { a: tiny, d: tiny, ..quarter };
    let (most, _) = difference(&picture.sample(out, &quarter), &picture.sample(out, &nearly));
    assert!(most <= 1, "{most}");
}

#[test]
fn outside_the_picture_is_black() {
    let dir = dir();
    let white = "-f lavfi -i color=white:s=320x180:d=0.1 -pix_fmt yuv420p -c:v ffv1";
    let Some(path) = make(&dir, "a.mkv", white) else { return };
    let picture = first(&path);
    let out = Size { width: 340, height: 200 };
    for (map, name) in
        [(Affine::translate(-10.0, -10.0), "straight"), (Affine { b: 1e-9, ..Affine::translate(-10.0, -10.0) }, "general")]
    {
        let image = picture.sample(out, &map);
        for (i, p) in image.data.chunks_exact(3).enumerate() {
            let (x, y) = (i % 340, i / 340);
            let inside = (10..330).contains(&x) && (10..190).contains(&y);
            assert!(if inside { p.iter().all(|v| *v >= 254) } else { p == [0; 3] }, "{name} {x} {y} {p:?}");
        }
    }
    for map in
        [Affine::translate(5000.0, 0.0), Affine::translate(f64::NAN, 0.0), Affine { b: 0.1, ..Affine::translate(-900.0, 0.0) }]
    {
        assert!(picture.sample(out, &map).data.iter().all(|v| *v == 0));
    }
    assert!(picture.sample(Size { width: 0, height: 0 }, &Affine::IDENTITY).data.is_empty());
}

/// Writes a display matrix into the track header of an MP4 file.
fn orient(path: &Path, [a, b, c, d]: [i32; 4]) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.windows(4).position(|w| w == b"tkhd").unwrap() + 4 + 40;
    for (i, v) in [a, b, 0, c, d, 0, 0, 0].into_iter().enumerate() {
        let v = if i % 3 == 2 { v << 30 } else { v << 16 };
        bytes[at + i * 4..at + i * 4 + 4].copy_from_slice(&v.to_be_bytes());
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn every_orientation_is_shown_as_the_ffmpeg_program_shows_it() {
    let dir = dir();
    // The program turns first and converts then, so chroma must not lie to one side.
    let soft = format!("{SOFT} -pix_fmt yuv444p -c:v libx264 -qp 4");
    for turn in [[0, 1, -1, 0], [-1, 0, 0, -1], [0, -1, 1, 0], [-1, 0, 0, 1], [1, 0, 0, -1], [0, 1, 1, 0], [0, -1, -1, 0]] {
        let Some(path) = make(&dir, "a.mp4", &soft) else { return };
        let plain = first(&path);
        orient(&path, turn);
        let picture = first(&path);
        let Some(expected) = by_program(&path, &format!("scale={EXACT}"), picture.size()) else { return };
        let (most, mean) = difference(&rgb(&picture), &expected);
        assert!(most <= 6 && mean < 1.2, "{turn:?}: at most {most}, mean {mean:.3}");
        // And the signature is that of the displayed picture.
        let (turned, upright) = (picture.signature(), plain.signature());
        let same_size = turn[0] != 0;
        if same_size {
            let at = |x: usize, y: usize| {
                let x = if turn[0] < 0 { 63 - x } else { x };
                let y = if turn[3] < 0 { 35 - y } else { y };
                upright.luma[y * 64 + x]
            };
            assert!((0..36).all(|y| (0..64).all(|x| turned.luma[y * 64 + x] == at(x, y))), "{turn:?}");
        }
    }
}

#[test]
fn pixels_that_are_not_square_are_stretched() {
    let dir = dir();
    let Some(path) = make(&dir, "a.mkv", &format!("{SOFT},setsar=4/3 -pix_fmt yuv420p -c:v ffv1")) else { return };
    let picture = first(&path);
    assert_eq!(picture.size(), Size { width: 427, height: 180 });
    let flat = Size { width: 320, height: 180 };
    let Some(plain) = make(&dir, "b.mkv", &format!("{SOFT} -pix_fmt yuv420p -c:v ffv1")) else { return };
    let (most, _) = difference(&scaled(&picture, flat), &rgb(&first(&plain)));
    assert!(most <= 1, "{most}");
}

#[test]
fn interlaced_pictures_show_their_first_field_only() {
    let dir = dir();
    // Without colour: chroma lines of fields lie where neither converter looks for them.
    let source = "-f lavfi -i testsrc2=s=320x180:r=50:d=1 -vf hue=s=0,gblur=sigma=2";
    let Some(smooth) = make(&dir, "p.mkv", &format!("{source},format=yuv420p -c:v ffv1")) else { return };
    let smooth = all(&mut open(&smooth));
    for (mode, flag, name) in [("interleave_top", "tff=1", "top.mkv"), ("interleave_bottom", "bff=1", "bottom.mkv")] {
        let coded =
            format!("{source},format=yuv420p,tinterlace={mode} -c:v libx264 -qp 4 -flags +ilme+ildct -x264-params {flag}");
        let Some(path) = make(&dir, name, &coded) else { return };
        assert!(probe(&path).unwrap().interlaced);
        let fields = all(&mut open(&path));
        for (k, picture) in fields.iter().enumerate().take(10) {
            let (_, own) = difference(&rgb(picture), &rgb(&smooth[2 * k]));
            let (_, other) = difference(&rgb(picture), &rgb(&smooth[2 * k + 1]));
            assert!(own < 0.6 * other && own < 2.0, "{name} {k}: {own:.2} from the first field, {other:.2} from the second");
        }
    }
}

#[test]
fn high_dynamic_range_is_shown_at_sdr_brightness() {
    let dir = dir();
    // 50 cd/m2 is untouched by the squeeze: 255 * (50 / 203)^(1 / 2.4) is 142. Code values: 64 + 876 * signal.
    for (transfer, signal, hdr) in [("smpte2084", 0.4403, Hdr::Pq), ("arib-std-b67", 0.4981, Hdr::Hlg)] {
        let luma = 64.0 + 876.0 * signal;
        let args = format!(
            "-f lavfi -i color=black:s=64x64:d=0.2,format=yuv420p10le,geq=lum={luma}:cb=512:cr=512 -c:v ffv1 \
             -color_primaries bt2020 -color_trc {transfer} -colorspace bt2020nc -color_range tv"
        );
        let Some(path) = make(&dir, "a.mkv", &args) else { return };
        let info = probe(&path).unwrap();
        assert_eq!((info.hdr, info.matrix.as_str()), (Some(hdr), "bt2020"));
        let image = rgb(&first(&path));
        assert!(image.data.iter().all(|v| v.abs_diff(142) <= 2), "{transfer}: {:?}", &image.data[..3]);
    }
}

#[test]
fn a_change_of_size_inside_a_file_keeps_the_displayed_size() {
    let dir = dir();
    let clip = |name: &str, size: &str| make(&dir, name, &format!("-f lavfi -i smptebars=s={size}:d=1 -c:v libx264"));
    let (Some(a), Some(b)) = (clip("a.ts", "320x180"), clip("b.ts", "640x360")) else { return };
    let both = dir.path().join("both.ts");
    fs::write(&both, [fs::read(a).unwrap(), fs::read(b).unwrap()].concat()).unwrap();
    let pictures = all(&mut open(&both));
    assert_eq!(pictures.len(), 50);
    assert!(pictures.iter().all(|p| p.size() == SIZE));
    let (_, mean) = difference(&rgb(&pictures[5]), &rgb(&pictures[30]));
    println!("after the change: {mean:.2}");
    assert!(mean < 2.0, "the larger picture is shown at the same place: {mean}");
}

#[test]
fn a_signature_is_the_mean_over_the_displayed_cells() {
    let dir = dir();
    let Some(path) = make(&dir, "a.mkv", "-f lavfi -i testsrc2=s=640x360:d=0.1 -pix_fmt yuv420p -c:v ffv1") else { return };
    let signature = first(&path).signature();
    for (plane, name, size) in [(&signature.luma, "y", "64:36"), (&signature.cb, "u", "32:18"), (&signature.cr, "v", "32:18")] {
        // The planes as stored, averaged over whole cells; then studio to full range by hand.
        let filter = format!("extractplanes={name},scale={size}:flags=area:in_range=pc:out_range=pc,format=gray");
        let args = ["-i", path.to_str().unwrap(), "-frames:v", "1", "-vf", &filter, "-f", "rawvideo", "-"];
        let Some(expected) = ffmpeg(&args) else { return };
        assert_eq!(expected.len(), plane.len());
        for (got, stored) in plane.iter().zip(&expected) {
            let stored = f64::from(*stored);
            let full = if name == "y" { (stored - 16.0) * 255.0 / 219.0 } else { (stored - 128.0) * 255.0 / 224.0 + 128.0 };
            assert!((f64::from(*got) - full.clamp(0.0, 255.0)).abs() <= 2.0, "{name}: {got} for {full}");
        }
    }
}
