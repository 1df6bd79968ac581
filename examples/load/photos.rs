//! A photo of 12 megapixels to the two copies people look at: processor time beside sharp and libvips.

use super::program::cpu;
use super::report::{Figure, Report, middle};
use anlao_imaging::{Limits, derive, encode_jpeg};
use anlao_test_pictures::make::snapshot;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const ROUNDS: usize = 3;
/// Photos in one round; the kernel keeps account in ticks.
const PHOTOS: u32 = 8;
const TOOLS: &str = "target/tools/npm";

pub fn measure(report: &mut Report) {
    let (photo, drawn) = photo();
    let what = if drawn { "drawn: shapes, gradients, grain" } else { "a real one, resized" };
    report.note(format!("the photo is {what}; 4000 x 3000, {:.1} MB", photo.len() as f64 / 1e6));
    let file = tempfile::Builder::new().suffix(".jpg").tempfile().unwrap();
    std::fs::write(file.path(), &photo).unwrap();
    let sharp = install_sharp();
    // In turns, so that a slow spell of a shared machine hits all.
    let (mut ours, mut theirs, mut vips, mut version) = (vec![], vec![], vec![], String::new());
    for _ in 0..ROUNDS {
        ours.push(derive_cost(&photo));
        if let Ok(script) = &sharp {
            let (ms, found) = sharp_cost(script, file.path());
            theirs.push(ms);
            version = found;
        }
        vips.extend(vips_cost(file.path()));
    }
    let photos = |name: &str, ms: f64| Figure {
        per_second: Some(1000.0 / ms),
        cpu: Some(Duration::from_secs_f64(ms / 1000.0)),
        ..Figure::named(name)
    };
    let ours = middle(ours);
    let mut figure = photos("photo: preview and thumbnail", ours);
    match &sharp {
        Ok(_) => {
            let theirs = middle(theirs);
            figure = figure.against(ours / theirs, "CPU of sharp").aim("<= 1.00 of sharp", ours <= theirs);
            report.add(figure);
            report.add(photos(&format!("photo: {version}"), theirs).against(1.0, "itself"));
        }
        Err(why) => {
            report.add(figure);
            report.note(format!("sharp was not measured: {why}"));
        }
    }
    if vips.is_empty() {
        report.note("vipsthumbnail was not measured: it is not installed");
    } else {
        let vips = middle(vips);
        let figure = photos("photo: vipsthumbnail, twice, with its start", vips);
        report.add(figure.against(ours / vips, "our CPU / this"));
    }
}

/// The largest real photo of the corpora, or one drawn here; and whether it was drawn.
fn photo() -> (Vec<u8>, bool) {
    let real = std::env::var_os("ANLAO_CORPORA").and_then(|folder| {
        let files = std::fs::read_dir(PathBuf::from(folder).join("photos")).ok()?;
        let paths = files.filter_map(|entry| Some(entry.ok()?.path()));
        let photos = paths.filter(|path| path.extension().is_some_and(|kind| kind == "jpg"));
        photos.max_by_key(|path| path.metadata().map_or(0, |facts| facts.len()))
    });
    let Some(path) = real else { return (drawn(4000, 3000), true) };
    let filter = image::imageops::FilterType::CatmullRom;
    let photo = image::open(path).unwrap().resize_to_fill(4000, 3000, filter).to_rgb8();
    (encode_jpeg(photo.as_raw(), 4000, 3000, 92).unwrap(), false)
}

fn drawn(width: u32, height: u32) -> Vec<u8> {
    encode_jpeg(&snapshot(width, height), width, height, 90).unwrap()
}

/// A small photo, for uploads that are mostly padding.
pub fn small() -> Vec<u8> {
    drawn(640, 480)
}

fn derive_cost(photo: &[u8]) -> f64 {
    // Milliseconds on the processor of this thread; waiting for a busy machine does not count.
    let on_cpu = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e6
    };
    drop(derive(photo, &Limits::default()).unwrap());
    let before = on_cpu();
    (0..PHOTOS).for_each(|_| drop(derive(photo, &Limits::default()).unwrap()));
    (on_cpu() - before) / f64::from(PHOTOS)
}

/// The path of the measuring script, beside an installed sharp.
fn install_sharp() -> Result<PathBuf, String> {
    let folder = Path::new(TOOLS);
    std::fs::create_dir_all(folder).unwrap();
    if !folder.join("node_modules/sharp").exists() {
        let npm = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--prefix", TOOLS, "sharp@0.35.5"])
            .output();
        match npm {
            Ok(done) if done.status.success() => {}
            Ok(done) => return Err(format!("npm: {}", String::from_utf8_lossy(&done.stderr).trim())),
            Err(error) => return Err(format!("npm: {error}")),
        }
    }
    let script = folder.join("measure.cjs");
    std::fs::write(&script, include_str!("sharp.cjs")).unwrap();
    Ok(script)
}

fn sharp_cost(script: &Path, photo: &Path) -> (f64, String) {
    let done = Command::new("node").arg(script).arg(photo).arg(PHOTOS.to_string()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let word = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    (said["ms"].as_f64().unwrap(), format!("sharp {} (libvips {})", word("version"), word("libvips")))
}

/// Each copy by a process of its own, as the tool works; nothing when it is not installed.
fn vips_cost(photo: &Path) -> Option<f64> {
    let folder = tempfile::tempdir().unwrap();
    let one = |side: &str, quality: u8| {
        let out = folder.path().join(format!("{side}.jpg[Q={quality},strip]"));
        let out = out.to_str().unwrap().to_owned();
        let done = Command::new("vipsthumbnail").arg(photo).args(["--size", side, "-o", &out]).status();
        done.is_ok_and(|status| status.success())
    };
    let [_, before] = cpu("self");
    for _ in 0..PHOTOS {
        if !(one("1600", 80) && one("320", 75)) {
            return None;
        }
    }
    let [_, after] = cpu("self");
    Some((after - before).as_secs_f64() * 1000.0 / f64::from(PHOTOS))
}
