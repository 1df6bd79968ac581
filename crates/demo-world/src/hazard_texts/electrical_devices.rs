//! 用电: what is plugged in.

use super::Template;
use crate::places::Place;

pub(super) const ELECTRICAL_DEVICES: &[Template] = &[
    Template {
        item: "E03",
        category: "electricity",
        weight: 22,
        places: &[Place::Room, Place::Room, Place::Activity, Place::Office],
        descriptions: &[
            "插排串接插排，共带{n}个用电器。",
            "插排无3C标志，外壳有烧焦痕迹。",
            "移动插排压在衣被下，手触有明显温热。",
            "插排用铁丝固定在木质家具上，线皮受挤压。",
            "插排{n}个首尾相接，长期通电。",
        ],
        answers: &[1, 2, 0, 0, 1],
        measures: &[
            "当场收缴不合格插排，增设固定插座。",
            "撤除串接插排，电器分接不同回路，逐床核对用电。",
            "更换为带过载保护的合格产品并固定在墙面。",
        ],
        rechecks: &[
            "不合格插排已清出，床旁改用墙面固定插座。",
            "插排串接已消除，抽查{n}间居室未再发现。",
            "新插座试验正常，线路整齐。",
        ],
    },
    Template {
        item: "E04",
        category: "electricity",
        weight: 12,
        places: &[Place::Room],
        descriptions: &[
            "防褥疮气垫床由移动插排供电，插排垫在床垫下。",
            "制氧机电源线被床轮碾压，外皮变形。",
            "吸痰器与电动护理床共用一只插排，插头松动。",
            "电动护理床电源线埋在被褥中，无法观察温升。",
        ],
        answers: &[0, 1, 0, 1],
        measures: &["护理电器改接床头专用固定插座。", "调整电源线走向并加护线套，建立床旁用电清单。"],
        rechecks: &["护理设备均已接入固定插座，标识清楚。", "电源线无挤压，护理人员能说出检查要点。"],
    },
    Template {
        item: "E07",
        category: "electricity",
        weight: 11,
        places: &[Place::Room, Place::Office],
        descriptions: &[
            "使用电炉煮食，周边有纸巾和衣物。",
            "使用热得快烧水，线路明显发热。",
            "同时使用电磁炉和取暖器，超过插座额定负荷。",
            "查出小太阳取暖器{n}台。",
        ],
        answers: &[0, 0, 1, 1],
        measures: &["收存违规电器并与家属沟通，公共区设置统一开水点。", "制定大功率电器清单并每周抽查。"],
        rechecks: &["违规电器已移出，老人改用公共开水间。", "抽查房间无大功率电器，告知书已签字。"],
    },
    Template {
        item: "E08",
        category: "electricity",
        weight: 6,
        places: &[Place::Room],
        descriptions: &[
            "电热毯折叠铺放，老人外出后仍通电。",
            "电热毯使用超过{n}年，接线处发黄变硬。",
            "失禁老人床上使用电热毯，无防潮层。",
        ],
        answers: &[1, 0, 0],
        measures: &["立即停用并更换为水暖或集中供暖。", "建立取暖用品登记，护理员睡前逐床断电。"],
        rechecks: &["电热毯已全部收回，改用空调取暖。", "登记表齐全，睡前断电有签字。"],
    },
    Template {
        item: "E09",
        category: "electricity",
        weight: 12,
        places: &[Place::Stair, Place::Corridor, Place::Entrance],
        descriptions: &[
            "电动自行车停在此处并飞线充电。",
            "停放电动三轮车，距疏散出口不足一米。",
            "员工将电池带入楼内充电，无人看管。",
            "{n}辆电动车并排停放，占去一半宽度。",
        ],
        answers: &[0, 0, 1, 0],
        measures: &["车辆移至室外专用停放处，楼内张贴禁停标识。", "设置室外充电桩，签订不入室承诺。"],
        rechecks: &["楼内已无电动车，室外充电点投用。", "夜间抽查未见入室充电。"],
    },
    Template {
        item: "E10",
        category: "electricity",
        weight: 5,
        places: &[Place::Corridor, Place::Room],
        descriptions: &[
            "电动轮椅{n}辆夜间充电，无人值守。",
            "轮椅充电器紧邻被褥衣物。",
            "充电点未设烟感和灭火器。",
        ],
        answers: &[1, 0, 0],
        measures: &["设置固定充电间，配置烟感和灭火器，夜间断电。", "充电时间改为白天并由专人登记。"],
        rechecks: &["充电间已启用，设备整齐，记录完整。", "走廊和床旁未见充电。"],
    },
    Template {
        item: "E18",
        category: "electricity",
        weight: 4,
        places: &[Place::Laundry],
        descriptions: &[
            "烘干机滤网积绒厚约一厘米。",
            "烘干机运行时无人在场，旁边堆放床单。",
            "消毒液和洗涤剂紧靠烘干机出风口。",
        ],
        answers: &[0, 0, 1],
        measures: &["每班清理滤网并签字，烘干时专人看守。", "化学品移入专柜。"],
        rechecks: &["滤网清洁，清理记录连续。", "洗涤剂已入柜，出风口无堆物。"],
    },
];
