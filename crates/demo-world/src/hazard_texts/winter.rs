//! 冬季.

use super::Template;
use crate::places::Place;

pub(super) const WINTER: &[Template] = &[
    Template {
        item: "W01",
        category: "fire",
        weight: 4,
        places: &[Place::Yard],
        descriptions: &[
            "室外消火栓未做防冻保温。",
            "消防水箱出水管结冰。",
            "喷淋管网末端未排空，有冻裂风险。",
        ],
        answers: &[0, 1, 0],
        measures: &["加装保温层并放空余水。", "安装电伴热，低温期每日检查。"],
        rechecks: &["保温完好，试水正常。", "管道无结冰。"],
    },
    Template {
        item: "W02",
        category: "fire",
        weight: 6,
        places: &[Place::Room],
        descriptions: &["取暖器距床单约20厘米。", "取暖器在无人时仍通电。", "取暖器上方晾晒毛巾。"],
        answers: &[0, 1, 0],
        measures: &["移开可燃物，保持一米以上。", "人走断电，张贴提示。"],
        rechecks: &["取暖器周边无可燃物。", "抽查无人房间均已断电。"],
    },
    Template {
        item: "W03",
        category: "other",
        weight: 4,
        places: &[Place::Room, Place::Bathroom],
        descriptions: &["为失能老人使用热水袋，未包裹。", "泡脚水温约50℃，无人测温。", "暖宝直接贴于皮肤。"],
        answers: &[0, 0, 1],
        measures: &["热水袋加套，水温由护理员测量记录。", "停用贴身暖宝。"],
        rechecks: &["测温记录齐全，护理员操作规范。", "未见贴身热源。"],
    },
    Template {
        item: "W04",
        category: "other",
        weight: 5,
        places: &[Place::Entrance],
        descriptions: &["坡道结冰，未铺防滑垫。", "台阶有积雪，扶手缺损。", "屋檐滴水在出口处结成冰面。"],
        answers: &[0, 0, 1],
        measures: &["除冰撒盐，铺设防滑垫。", "设置提示并安排人员值守。"],
        rechecks: &["坡道干燥，防滑垫到位。", "台阶无积冰。"],
    },
    Template {
        item: "W05",
        category: "fire",
        weight: 4,
        places: &[Place::Stair],
        descriptions: &["为保暖用棉帘封住安全出口。", "外窗和通风口用胶带封死。", "夜间锁闭此处出口防风。"],
        answers: &[0, 1, 0],
        measures: &["拆除封堵，改用推拉棉门帘。", "恢复通风口。"],
        rechecks: &["出口可正常开启。", "通风口已恢复。"],
    },
    Template {
        item: "W06",
        category: "other",
        weight: 3,
        places: &[Place::Office],
        descriptions: &["未制定停电停暖预案。", "应急棉被仅{n}床，照明灯无电。"],
        answers: &[0, 1],
        measures: &["编制预案并落实物资。", "补充棉被、照明和热源。"],
        rechecks: &["预案完备，物资充足。", "试用应急照明正常。"],
    },
];
