//! Real photographs, where `ANLAO_CORPORA` names their folder. The run says which were tried.

use std::path::PathBuf;

use anlao_imaging::{Limits, derive, inspect};
use anlao_test_pictures::bare;
use anlao_testbed::tally;

use crate::copies::assert_bare;
use crate::upright::{difference, pixels, similarity};

#[test]
fn all_of_a_series_of_real_photographs_are_the_same_upright_picture() {
    let Some(folder) = std::env::var_os("ANLAO_CORPORA").map(PathBuf::from) else {
        println!("skipped: ANLAO_CORPORA is not set");
        return;
    };
    for series in ["Landscape", "Portrait"] {
        let read = |n: u32| std::fs::read(folder.join(format!("photos/{series}_{n}.jpg"))).unwrap();
        let reference = derive(&read(1), &Limits::default()).unwrap();
        for number in 0..=8 {
            let bytes = read(number);
            let facts = inspect(std::io::Cursor::new(&bytes), &Limits::default()).unwrap();
            assert_eq!(u32::from(facts.orientation), number.max(1));
            let copy = derive(&bytes, &Limits::default()).unwrap();
            assert_eq!((copy.width, copy.height), (reference.width, reference.height));
            let off = difference(&pixels(&copy.preview), &pixels(&reference.preview));
            let alike = similarity(&pixels(&copy.thumbnail), &pixels(&reference.thumbnail));
            println!(
                "{series}_{number}: {} x {}, off by {off:.2} of 255, SSIM {alike:.4}",
                copy.width, copy.height
            );
            // Number 0 says nothing of its orientation and was saved apart from the eight: it reaches 0.9798.
            if number > 0 {
                tally("37", "real orientations below 0.98 SSIM to number 1", 1, u64::from(alike < 0.98));
                assert!(alike >= 0.98, "{series}_{number}: {alike}");
            }
            // The files of a series were saved anew for each orientation: read at full size by another decoder
            // they differ by up to 3.7. A wrong turn differs by more than 30.
            assert!(off < 5.0);
            assert_bare(&copy.preview);
            assert_bare(&copy.thumbnail);
        }
    }
}

fn files_below(folder: &std::path::Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

/// Every file of the corpora, picture or not: nothing panics, and what is shown is bare.
#[test]
fn whatever_lies_in_the_corpora_is_shown_kept_or_refused() {
    let Some(folder) = std::env::var_os("ANLAO_CORPORA").map(PathBuf::from) else {
        println!("######## NOT RUN: files of the corpora: ANLAO_CORPORA is not set ########");
        return;
    };
    let mut files = Vec::new();
    files_below(&folder, &mut files);
    let (mut shown, mut kept, mut refused, mut wrong) = (0, 0, 0, Vec::new());
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        let seen = std::panic::catch_unwind(|| {
            (inspect(std::io::Cursor::new(&bytes), &Limits::default()), derive(&bytes, &Limits::default()))
        });
        match seen {
            Ok((Ok(_), Ok(copies))) => {
                shown += 1;
                let faults = [&copies.preview, &copies.thumbnail]
                    .into_iter()
                    .filter_map(|copy| bare::check(copy).err());
                wrong.extend(faults.map(|fault| format!("{}: {fault}", path.display())));
            }
            Ok((Ok(_), Err(_))) => kept += 1,
            Ok((Err(_), Err(_))) => refused += 1,
            other => wrong.push(format!("{}: {:?}", path.display(), other.map(|(seen, _)| seen))),
        }
    }
    println!("{} files of the corpora: {shown} shown, {kept} kept, {refused} refused", files.len());
    tally("41", "files of the corpora, read and unfolded", files.len() as u64, wrong.len() as u64);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
