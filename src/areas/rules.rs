//! What an area may be and where it may go. Pure.

use super::model::Area;
use crate::access::AreaColumns;
use crate::ids::AreaId;
use crate::refusal::{Code, Refusal};

/// Codes of GB/T 2260 have 6 digits; townships and villages carry 9 or 12 (GB/T 10114).
pub fn is_code(code: &str) -> bool {
    matches!(code.len(), 6 | 9 | 12) && code.bytes().all(|b| b.is_ascii_digit())
}

/// Where a new or moved area lies: below its parent, or at the root.
pub fn place(id: AreaId, parent: Option<&Area>) -> Result<AreaColumns, Refusal> {
    match parent {
        None => Ok(AreaColumns::root(id)),
        Some(parent) if parent.place.contains(id) => Err(Code::AreaCycle.into()),
        Some(parent) => parent.place.child(id).ok_or_else(|| Code::AreaTooDeep.into()),
    }
}

/// The new place of something below a moved area: the part above changes, the part below stays.
pub fn replant(old: &AreaColumns, moved: AreaId, new: &AreaColumns) -> Result<AreaColumns, Refusal> {
    let below = old.ids().skip_while(|id| *id != moved).skip(1);
    let mut place = *new;
    for id in below {
        place = place.child(id).ok_or(Code::AreaTooDeep)?;
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(ids: &[AreaId]) -> AreaColumns {
        let (first, rest) = ids.split_first().unwrap();
        rest.iter().fold(AreaColumns::root(*first), |place, id| place.child(*id).unwrap())
    }

    #[test]
    fn a_township_moves_with_its_county() {
        let [city, other, county, town] = std::array::from_fn(|_| AreaId::fresh());
        let moved = replant(&chain(&[city, county, town]), county, &chain(&[other, city, county])).unwrap();
        assert_eq!(moved, chain(&[other, city, county, town]));
    }

    #[test]
    fn six_levels_are_the_most() {
        let ids: Vec<AreaId> = (0..6).map(|_| AreaId::fresh()).collect();
        assert!(chain(&ids).child(AreaId::fresh()).is_none());
    }

    #[test]
    fn codes() {
        assert!(is_code("510903") && is_code("510903102") && is_code("510903102201"));
        assert!(!is_code("5109") && !is_code("51090A"));
    }
}
