//! Which scenes there are, and which one shows a finding best.

use rand_chacha::ChaCha8Rng;

use super::canvas::Canvas;
use super::room::Look;
use super::{Stage, corridor, e_bike, electricity, fire, food, fridge, gas, other, table};

/// Everything that can be drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scene {
    PowerStrip,
    SwitchBoard,
    EBike,
    #[default]
    Corridor,
    Extinguisher,
    Hydrant,
    GasHose,
    Brazier,
    GreaseHood,
    Fridge,
    CuttingBoards,
    Samples,
    IcyRamp,
    Bathroom,
    Records,
}

impl Scene {
    pub const ALL: [Self; 15] = [
        Self::PowerStrip,
        Self::SwitchBoard,
        Self::EBike,
        Self::Corridor,
        Self::Extinguisher,
        Self::Hydrant,
        Self::GasHose,
        Self::Brazier,
        Self::GreaseHood,
        Self::Fridge,
        Self::CuttingBoards,
        Self::Samples,
        Self::IcyRamp,
        Self::Bathroom,
        Self::Records,
    ];

    /// The scene for a category or a checklist item; unknown words get any scene.
    pub(super) fn choose(subject: &str, rng: &mut ChaCha8Rng) -> Self {
        let fitting: &[Self] = match subject {
            "E01" | "E03" | "E04" | "E07" | "E08" | "E11" | "E12" | "E16" | "W02" => &[Self::PowerStrip],
            "E02" | "E05" | "E06" | "E15" | "E17" | "E19" => &[Self::SwitchBoard],
            "E09" | "E10" => &[Self::EBike],
            "F01" | "F02" | "F03" | "F09" | "F10" | "F13" | "F23" | "W05" => &[Self::Corridor],
            "F05" => &[Self::Extinguisher],
            "F04" | "F06" | "F07" | "F21" | "F22" | "W01" => &[Self::Hydrant],
            "C01" | "C02" | "C05" | "C06" | "F14" => &[Self::Brazier],
            "C03" | "C04" | "G01" | "G02" | "G03" | "G04" | "G05" | "G06" | "G07" | "G08" | "G09" | "G10"
            | "G11" => &[Self::GasHose],
            "G15" | "K08" | "K10" | "K17" => &[Self::GreaseHood],
            "K05" | "K09" | "K11" | "K12" | "K16" | "K19" => &[Self::Fridge],
            "K06" => &[Self::CuttingBoards],
            "K07" => &[Self::Samples],
            "W03" => &[Self::Bathroom],
            "W04" => &[Self::IcyRamp],
            "electricity" => &[Self::PowerStrip, Self::PowerStrip, Self::SwitchBoard, Self::EBike],
            "fire" => &[Self::Corridor, Self::Corridor, Self::Extinguisher, Self::Hydrant],
            "gas" => &[Self::GasHose, Self::GasHose, Self::Brazier, Self::GreaseHood],
            "food" => &[Self::Fridge, Self::CuttingBoards, Self::Samples],
            "other" => &[Self::IcyRamp, Self::Bathroom, Self::Records],
            code if is_item(code) => &[Self::Records],
            _ => &Self::ALL,
        };
        crate::pick(rng, fitting)
    }

    pub(super) fn paint(self, canvas: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
        let paint = match self {
            Self::PowerStrip => electricity::power_strip,
            Self::SwitchBoard => electricity::switch_board,
            Self::EBike => e_bike::e_bike,
            Self::Corridor => corridor::corridor,
            Self::Extinguisher => fire::extinguisher,
            Self::Hydrant => fire::hydrant,
            Self::GasHose => gas::hose,
            Self::Brazier => gas::brazier,
            Self::GreaseHood => gas::hood,
            Self::Fridge => fridge::fridge,
            Self::CuttingBoards => food::boards,
            Self::Samples => food::samples,
            Self::IcyRamp => other::icy_ramp,
            Self::Bathroom => other::bathroom,
            Self::Records => table::records,
        };
        paint(canvas, look, rng, stage);
    }
}

/// A checklist code such as `F17`: what is left of those is on paper.
fn is_item(code: &str) -> bool {
    code.len() == 3
        && code.starts_with(|first: char| first.is_ascii_uppercase())
        && code.ends_with(|last: char| last.is_ascii_digit())
}
