//! 用火与消防: people, plans and records.

use super::Template;
use crate::places::Place;

pub(super) const FIRE_DUTY: &[Template] = &[
    Template {
        item: "F08",
        category: "fire",
        weight: 7,
        places: &[Place::Control],
        descriptions: &[
            "消控室夜间无人值守，门锁闭。",
            "值班员无消防设施操作证。",
            "主机长期处于手动状态，说不出原因。",
            "值班记录连续{n}天为同一笔迹补写。",
        ],
        answers: &[0, 0, 1, 0],
        measures: &["立即安排持证人员在岗，落实交接班。", "主机转为自动，制定处置流程上墙。"],
        rechecks: &["抽查夜班在岗，证件齐全。", "主机自动状态，值班员能独立操作。"],
    },
    Template {
        item: "F17",
        category: "fire",
        weight: 9,
        places: &[Place::Office, Place::Control],
        descriptions: &[
            "夜间巡查记录缺{n}天。",
            "巡查记录内容完全相同，时间整齐到分。",
            "提前填写了次日的巡查记录。",
            "月度防火检查无签字。",
        ],
        answers: &[0, 1, 0, 0],
        measures: &["按实际巡查填写，院长每周抽核。", "改用扫码或拍照方式留痕。"],
        rechecks: &["近两周记录连续真实。", "抽核监控与记录时间相符。"],
    },
    Template {
        item: "F18",
        category: "fire",
        weight: 6,
        places: &[Place::Office],
        descriptions: &[
            "预案中指挥人员已离职{n}人。",
            "预案未写明夜间力量和失能老人转移办法。",
            "预案照搬外单位，楼层与实际不符。",
        ],
        answers: &[0, 0, 0],
        measures: &["修订预案，明确夜班分工和帮扶名单。", "组织学习并报备。"],
        rechecks: &["预案已更新，值班员能说出职责。", "失能老人转移办法已细化到床。"],
    },
    Template {
        item: "F19",
        category: "fire",
        weight: 7,
        places: &[Place::Office],
        descriptions: &[
            "上次演练距今超过七个月。",
            "演练无夜间场景，无人数清点。",
            "只有合影，没有评估和问题整改。",
        ],
        answers: &[0, 0, 1],
        measures: &["两周内组织一次夜间实战演练并评估。", "问题列入清单限期整改。"],
        rechecks: &["已开展夜间演练，记录评估齐全。", "演练问题已登记整改。"],
    },
    Template {
        item: "F20",
        category: "fire",
        weight: 6,
        places: &[Place::Office],
        descriptions: &[
            "失能老人{n}名未指定帮扶人。",
            "夜班每名护工对应{m}名老人，超出设定上限。",
            "帮扶表未更新，{r}老人已调房。",
        ],
        answers: &[0, 1, 0],
        measures: &["逐床明确白班夜班帮扶人。", "调整夜班力量，行动不便老人调至低楼层。"],
        rechecks: &["帮扶表已更新上墙，抽问一致。", "夜班增加一人，往返次数达标。"],
    },
    Template {
        item: "F25",
        category: "fire",
        weight: 6,
        places: &[Place::Control, Place::Office, Place::Kitchen],
        descriptions: &[
            "抽问{n}名护工，两人不会使用灭火器。",
            "夜班人员不清楚疏散集合点。",
            "厨房人员不会操作灭火毯。",
        ],
        answers: &[0, 1, 0],
        measures: &["组织全员培训并逐人过关。", "每月抽考，结果上墙。"],
        rechecks: &["抽考{n}人全部合格。", "员工能独立完成报警和灭火。"],
    },
];
