//! 双随机: which institutions are visited, and by whom, drawn from a seed that is published. Pure: the same seed and the
//! same lists give anybody the same draw, with nothing but SHA-256.
//!
//! The rank of a thing is `SHA-256("anlao-draw-1" LF seed LF purpose LF id …)`, the seed in lower-case hexadecimal. Institutions
//! are taken in the order of their ranks (purpose `institution`); only the first `sample` of them where a sample was asked for.
//! Each goes to those inspectors who need not avoid it and have the fewest visits so far; among equals the lowest rank of
//! (purpose `visit`, institution, inspector) goes first.

use crate::ids::{InstitutionId, UserId};
use crate::text_enum;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// The name of the procedure above. Another procedure gets another name.
pub const PROCEDURE: &str = "anlao-draw-1";

/// Everything that a draw depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lots {
    /// [`PROCEDURE`]
    pub procedure: String,
    /// 32 bytes in lower-case hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub seed: String,
    /// Who may be visited, in the order of their ids.
    pub institutions: Vec<InstitutionId>,
    /// How many of them are; all when absent.
    pub sample: Option<u32>,
    /// Who may visit, in the order of their ids.
    pub inspectors: Vec<UserId>,
    /// How many go together.
    pub per_visit: u32,
    /// Who must not visit whom (回避).
    pub avoid: Vec<Avoidance>,
}

text_enum! {
    /// Why somebody does not visit an institution. What exactly was declared stands with the step, not in what is published.
    pub enum Ground {
        /// 申报回避
        Declared = "declared",
        /// It is not in their charge.
        OutOfScope = "out_of_scope",
        /// They made the last inspection there.
        VisitedLastTime = "visited_last_time",
    }
}

/// Somebody who does not visit an institution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Avoidance {
    pub inspector_id: UserId,
    pub institution_id: InstitutionId,
    pub ground: Ground,
}

/// One institution and who visits it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Visit {
    pub institution_id: InstitutionId,
    pub inspectors: Vec<UserId>,
}

/// Why no draw comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoDraw {
    UnknownProcedure,
    /// So many inspectors may visit this institution, which is fewer than go together.
    TooFew {
        institution: InstitutionId,
        inspectors: usize,
    },
}

/// The visits in the order drawn.
pub fn draw(lots: &Lots) -> Result<Vec<Visit>, NoDraw> {
    if lots.procedure != PROCEDURE {
        return Err(NoDraw::UnknownProcedure);
    }
    let avoid: BTreeSet<(UserId, InstitutionId)> =
        lots.avoid.iter().map(|one| (one.inspector_id, one.institution_id)).collect();
    let inspectors: BTreeSet<UserId> = lots.inspectors.iter().copied().collect();
    let institutions: BTreeSet<InstitutionId> = lots.institutions.iter().copied().collect();
    let mut order: Vec<InstitutionId> = institutions.into_iter().collect();
    order.sort_by_cached_key(|id| (rank(&lots.seed, "institution", &[id.0]), *id));
    order.truncate(lots.sample.map_or(usize::MAX, as_count));
    let together = as_count(lots.per_visit);
    let mut visits_of: BTreeMap<UserId, u32> = inspectors.iter().map(|id| (*id, 0)).collect();
    let mut visits = Vec::with_capacity(order.len());
    for institution in order {
        let mut free: Vec<UserId> =
            inspectors.iter().filter(|id| !avoid.contains(&(**id, institution))).copied().collect();
        if free.len() < together {
            return Err(NoDraw::TooFew { institution, inspectors: free.len() });
        }
        free.sort_by_cached_key(|id| {
            let so_far = visits_of.get(id).copied().unwrap_or(0);
            (so_far, rank(&lots.seed, "visit", &[institution.0, id.0]), *id)
        });
        free.truncate(together);
        for id in &free {
            *visits_of.entry(*id).or_insert(0) += 1;
        }
        visits.push(Visit { institution_id: institution, inspectors: free });
    }
    Ok(visits)
}

fn as_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn rank(seed: &str, purpose: &str, ids: &[uuid::Uuid]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{PROCEDURE}\n{seed}\n{purpose}"));
    for id in ids {
        hash.update(format!("\n{id}"));
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn institution(n: usize) -> InstitutionId {
        InstitutionId(Uuid::from_u128(0x1_0000 + n as u128))
    }

    fn inspector(n: usize) -> UserId {
        UserId(Uuid::from_u128(0x2_0000 + n as u128))
    }

    fn lots(seed: u64, institutions: usize, inspectors: usize, per_visit: u32) -> Lots {
        Lots {
            procedure: PROCEDURE.into(),
            seed: hex::encode(Sha256::digest(seed.to_be_bytes())),
            institutions: (0..institutions).map(institution).collect(),
            sample: None,
            inspectors: (0..inspectors).map(inspector).collect(),
            per_visit,
            avoid: Vec::new(),
        }
    }

    /// Worked out by hand with `sha256sum`: what anybody else must get, too.
    #[test]
    fn the_procedure_can_be_followed_with_pen_paper_and_sha256() {
        let lots = Lots { seed: "00".repeat(32), ..lots(0, 2, 2, 1) };
        let visits = draw(&lots).unwrap();
        let text = |purpose: &str, ids: &[Uuid]| {
            let ids: String = ids.iter().map(|id| format!("\n{id}")).collect();
            hex::encode(Sha256::digest(format!("anlao-draw-1\n{}\n{purpose}{ids}", "00".repeat(32))))
        };
        let mut order = [institution(0), institution(1)];
        order.sort_by_key(|id| text("institution", &[id.0]));
        assert_eq!(visits.iter().map(|visit| visit.institution_id).collect::<Vec<_>>(), order);
        let mut first = [inspector(0), inspector(1)];
        first.sort_by_key(|id| text("visit", &[order[0].0, id.0]));
        assert_eq!(visits[0].inspectors, [first[0]]);
        assert_eq!(visits[1].inspectors, [first[1]], "the other one has fewer visits");
    }

    #[test]
    fn the_order_of_the_lists_does_not_matter_and_the_seed_does() {
        let one = lots(7, 40, 5, 2);
        let mut other = one.clone();
        other.institutions.reverse();
        other.inspectors.rotate_left(2);
        assert_eq!(draw(&one), draw(&other));
        assert_ne!(draw(&one), draw(&lots(8, 40, 5, 2)));
        let strange = Lots { procedure: "anlao-draw-2".into(), ..one };
        assert_eq!(draw(&strange), Err(NoDraw::UnknownProcedure));
    }

    #[test]
    fn nobody_is_sent_where_they_must_not_go() {
        let mut lots = lots(1, 1, 3, 2);
        let avoid = |n| Avoidance {
            inspector_id: inspector(n),
            institution_id: institution(0),
            ground: Ground::Declared,
        };
        lots.avoid = vec![avoid(1)];
        let mut sent = draw(&lots).unwrap()[0].inspectors.clone();
        sent.sort();
        assert_eq!(sent, [inspector(0), inspector(2)]);
        lots.avoid.push(avoid(2));
        assert_eq!(draw(&lots), Err(NoDraw::TooFew { institution: institution(0), inspectors: 1 }));
    }

    /// Pearson's statistic against equal chances.
    fn chi_square(counts: &[u32]) -> f64 {
        let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
    }

    /// Over 4,000 seeds every inspector is as likely as any other for an institution, and every institution for a sample.
    /// The limits are those that fair lots pass but once in ten million; the seeds are fixed, so this never wavers.
    #[test]
    fn over_many_seeds_nobody_is_favoured() {
        const SEEDS: u64 = 4_000;
        let (institutions, inspectors) = (9, 5);
        let mut to_first = vec![0; inspectors];
        let mut drawn = vec![0; institutions];
        for seed in 0..SEEDS {
            let visits = draw(&Lots { sample: Some(3), ..lots(seed, institutions, inspectors, 1) }).unwrap();
            for visit in &visits {
                let at = (0..institutions).find(|n| institution(*n) == visit.institution_id).unwrap();
                drawn[at] += 1;
            }
            let all = draw(&lots(seed, institutions, inspectors, 1)).unwrap();
            let of_first = all.iter().find(|visit| visit.institution_id == institution(0)).unwrap();
            to_first[(0..inspectors).find(|n| inspector(*n) == of_first.inspectors[0]).unwrap()] += 1;
        }
        assert_eq!(drawn.iter().sum::<u32>(), 3 * 4_000);
        assert!(chi_square(&to_first) < 38.0, "4 degrees of freedom: {to_first:?}");
        assert!(chi_square(&drawn) < 48.0, "8 degrees of freedom: {drawn:?}");
    }

    proptest! {
        #[test]
        fn every_institution_is_visited_once_by_the_right_number_and_the_load_is_even(
            seed in any::<u64>(), institutions in 1_usize..60, inspectors in 1_usize..8, per_visit in 1_u32..4, sample in proptest::option::of(1_u32..60),
        ) {
            prop_assume!(as_count(per_visit) <= inspectors);
            let lots = Lots { sample, ..lots(seed, institutions, inspectors, per_visit) };
            let visits = draw(&lots).unwrap();
            let visited: BTreeSet<InstitutionId> = visits.iter().map(|visit| visit.institution_id).collect();
            let expected = sample.map_or(institutions, |sample| institutions.min(as_count(sample)));
            prop_assert_eq!(visited.len(), expected);
            prop_assert_eq!(visits.len(), expected);
            let mut load = vec![0_usize; inspectors];
            for visit in &visits {
                let people: BTreeSet<UserId> = visit.inspectors.iter().copied().collect();
                prop_assert_eq!(people.len(), as_count(per_visit));
                for id in people {
                    load[(0..inspectors).find(|n| inspector(*n) == id).unwrap()] += 1;
                }
            }
            let (least, most) = (load.iter().min().unwrap(), load.iter().max().unwrap());
            prop_assert!(most - least <= 1, "{load:?}");
        }

        #[test]
        fn avoidances_hold_whatever_else_is_drawn(
            seed in any::<u64>(), avoided in proptest::collection::btree_set((0_usize..6, 0_usize..20), 0..50),
        ) {
            let mut lots = lots(seed, 20, 6, 1);
            lots.avoid = avoided.iter().map(|(who, whom)| Avoidance {
                inspector_id: inspector(*who), institution_id: institution(*whom), ground: Ground::Declared,
            }).collect();
            match draw(&lots) {
                Ok(visits) => for visit in visits {
                    for id in visit.inspectors {
                        prop_assert!(!lots.avoid.iter().any(|one| one.inspector_id == id && one.institution_id == visit.institution_id));
                    }
                },
                Err(NoDraw::TooFew { institution, inspectors }) => {
                    prop_assert_eq!(inspectors, 0);
                    prop_assert_eq!(lots.avoid.iter().filter(|one| one.institution_id == institution).count(), 6);
                }
                Err(other) => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
