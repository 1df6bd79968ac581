//! The words of the field for what is written into pages. Pure.

use crate::drills::forms::{
    Coordination, Effect, EmergencyCall, InPlace, PublicTold, StaffTold, Sufficiency, Suitability,
};
use crate::drills::timeline::Milestone;
use crate::residents::EvacClass;
use crate::rules::kinds::drills::{DrillKind, Shift};

/// A word of a fixed list as people write it.
pub trait Word {
    fn word(&self) -> &'static str;
}

macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal,)* })*) => {$(
        impl Word for $name {
            fn word(&self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    )*};
}

words! {
    DrillKind {
        Tabletop = "桌面推演", Functional = "单项演练", Full = "综合演练", Unannounced = "突击演练", CallOut = "拉动演练",
        Joint = "联合演练",
    }
    Shift { Day = "白班", Evening = "晚班", Night = "夜班", }
    PublicTold { Informed = "事先告知", AtTheStart = "开始时现场标识告知", }
    StaffTold { Exact = "告知具体时间", Window = "只告知大致时段", None = "不告知", }
    EmergencyCall { Real = "实际拨打", Simulated = "模拟拨打", }
    EvacClass {
        SelfReliant = "自行疏散", Guided = "引导", Assisted = "搀扶", Wheeled = "轮椅", Carried = "卧床（担架）",
    }
    Milestone {
        Alarm = "报警", FirstAction = "首次处置", EmergencyCall = "拨打119", MicroStation = "微型消防站到场",
        EvacuationBegan = "开始疏散", LastOut = "最后一人到达安全区", HeadCount = "清点完毕",
    }
    Suitability { Executable = "全部能够执行", NotSmooth = "执行过程不够顺利", Unsuitable = "明显不适宜", }
    Sufficiency { Full = "完全满足应急要求", Mostly = "基本满足，需要完善", Insufficient = "不充分，必须修改", }
    InPlace { InTime = "迅速准确，及时到位", Mostly = "基本到位", Lacking = "不到位", }
    Coordination { Smooth = "协调顺利", Mostly = "基本顺利", Poor = "协调不畅", }
    Effect { Reached = "达到预期目标", Mostly = "基本达到目标", Missed = "没有达到目标，须重新演练", }
}
