//! Areas that are made and moved at random: no place is deeper than six levels, and none lies below itself.

#![no_main]

use anlao::access::AreaColumns;
use anlao::areas::rules::{is_code, replant};
use anlao::ids::AreaId;
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;

fn area(number: usize) -> AreaId {
    AreaId(uuid::Uuid::from_u128(0x0198_f000_0000_7000_8000_0000_0000_0000 + number as u128))
}

fn sound(place: &AreaColumns, own: AreaId) {
    let ids: Vec<AreaId> = place.ids().collect();
    assert!((1..=6).contains(&ids.len()) && usize::from(place.depth()) == ids.len());
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "nothing lies below itself");
    assert_eq!((place.deepest(), place.at_level(place.depth())), (own, Some(own)));
    let prefix: Vec<bool> =
        [Some(place.area_1), place.area_2, place.area_3, place.area_4, place.area_5, place.area_6]
            .iter()
            .map(Option::is_some)
            .collect();
    assert!(prefix.is_sorted_by(|a, b| a >= b), "no level is left out");
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(!is_code(text) || text.chars().all(|digit| digit.is_ascii_digit()));
    }
    let mut places: Vec<AreaColumns> = vec![AreaColumns::root(area(0))];
    for step in data.chunks_exact(2).take(64) {
        let (what, which) = (usize::from(step[0]), usize::from(step[1]) % places.len());
        if what % 3 != 0 {
            let own = area(places.len());
            let made = if what % 8 == 7 { Some(AreaColumns::root(own)) } else { places[which].child(own) };
            places.extend(made.inspect(|place| sound(place, own)));
            continue;
        }
        // Moving as the program moves: the area and all below it, or nothing at all.
        let (moved, target) = (area(what / 3 % places.len()), places[which]);
        if target.contains(moved) {
            continue;
        }
        let Some(new) = target.child(moved) else { continue };
        let replanted: Result<Vec<AreaColumns>, _> = places
            .iter()
            .map(|place| if place.contains(moved) { replant(place, moved, &new) } else { Ok(*place) })
            .collect();
        if let Ok(replanted) = replanted {
            replanted.iter().enumerate().for_each(|(number, place)| sound(place, area(number)));
            places = replanted;
        }
    }
});
