//! Bent files by the thousand: nothing escapes, and what the decoders do is bounded.

use std::io::Cursor;
use std::time::{Duration, Instant};

use anlao_imaging::{Limits, Refusal, derive, inspect};
use anlao_test_pictures::{bare, mutants};
use anlao_testbed::{tally, tries};

#[test]
fn bent_pictures_are_shown_kept_or_refused_and_nothing_else() {
    let seeds = mutants::seeds();
    for (at, seed) in seeds.iter().enumerate() {
        assert!(inspect(Cursor::new(seed), &Limits::default()).is_ok(), "seed {at}");
    }
    let tried = tries(2_000, 100_000);
    let (mut shown, mut kept, mut refused, mut gave_up, mut wrong) = (0, 0, 0, 0, Vec::new());
    let mut slowest = (Duration::ZERO, 0);
    for number in 0..tried {
        let bytes = mutants::mutant(&seeds, number);
        let started = Instant::now();
        let judged = std::panic::catch_unwind(|| {
            (inspect(Cursor::new(&bytes), &Limits::default()), derive(&bytes, &Limits::default()))
        });
        slowest = slowest.max((started.elapsed(), number));
        match judged {
            Err(_escaped) => wrong.push(format!("{number}: a panic came out")),
            Ok((Ok(_), Ok(copies))) => {
                shown += 1;
                for copy in [&copies.preview, &copies.thumbnail] {
                    if let Err(why) = bare::check(copy) {
                        wrong.push(format!("{number}: {why}"));
                    }
                }
            }
            Ok((Ok(_), Err(why))) => {
                kept += 1;
                gave_up += u64::from(why == Refusal::Damaged("decoder gave up".into()));
            }
            Ok((Err(_), Err(_))) => refused += 1,
            Ok((Err(why), Ok(_))) => wrong.push(format!("{number}: shown, though refused: {why}")),
        }
    }
    println!(
        "{tried} bent pictures: {shown} shown, {kept} kept ({gave_up} panics of decoders caught), {refused} refused; the slowest took {slowest:?}"
    );
    tally(
        "36",
        "bent pictures: panics out of the crate, or a copy with more than pixels",
        tried,
        wrong.len() as u64,
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(shown > 0 && kept > 0 && refused > 0);
}
