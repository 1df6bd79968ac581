//! A believable city for demonstrations and tests.
//!
//! Everything here is a pure function of a seed: no clock, no files, no network. The places are real administrative areas
//! of Suining; every institution, person, number and picture is invented.

mod areas;
mod credit_code;
mod hazard_texts;
mod hazards;
mod institution_names;
mod institutions;
mod people;
mod pictures;
mod places;
mod remarks;

pub use areas::{AreaLevel, AreaSeed, suining_areas};
pub use credit_code::{Registrar, credit_code, is_credit_code};
pub use hazards::{HazardText, hazard_text, hazard_text_for};
pub use institutions::{InstitutionSeed, MealSupply, Ownership, institutions};
pub use people::{landline, person_name, phone};
pub use pictures::{Picture, Scene, Stage, draw, draw_scene, draw_stamped};
pub use remarks::{
    comment, drill_problem, extension_reason, recheck_fail_reason, self_check_note, void_reason,
};

use rand::Rng;

/// One of the choices, or the type's default when there is none.
fn pick<T: Copy + Default>(rng: &mut impl Rng, choices: &[T]) -> T {
    if choices.is_empty() {
        return T::default();
    }
    choices.get(rng.random_range(0..choices.len())).copied().unwrap_or_default()
}
