//! Real photographs, where `ANLAO_CORPORA` names their folder. The run says which were tried.

use std::path::PathBuf;

use anlao_imaging::{Limits, derive, inspect};

use crate::copies::assert_bare;
use crate::upright::{difference, pixels};

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
            println!("{series}_{number}: {} x {}, off by {off:.2} of 255", copy.width, copy.height);
            // The files of a series were saved anew for each orientation: read at full size by another decoder
            // they differ by up to 3.7. A wrong turn differs by more than 30.
            assert!(off < 5.0);
            assert_bare(&copy.preview);
            assert_bare(&copy.thumbnail);
        }
    }
}
