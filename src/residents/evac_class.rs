//! How a resident leaves the building: not the level of care (domain 1.4). Pure.

use crate::text_enum;

text_enum! {
    /// The evacuation class (疏散分类).
    pub enum EvacClass {
        /// 自行疏散
        SelfReliant = "self",
        /// 引导: can walk, but may refuse or turn back; three to one helper.
        Guided = "guided",
        /// 搀扶: one helper each.
        Assisted = "assisted",
        /// 轮椅: one helper each.
        Wheeled = "wheeled",
        /// 卧床、担架: two helpers each.
        Carried = "carried",
    }
}
