//! Spots inside a home.

use rand::Rng;

/// What kind of spot a finding is made at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    #[default]
    Corridor,
    Room,
    Bathroom,
    Stair,
    Entrance,
    Kitchen,
    Canteen,
    FoodStore,
    Store,
    Boiler,
    Control,
    Power,
    Laundry,
    Yard,
    GasStore,
    Office,
    Pump,
    Activity,
}

const FLOORS: [&str; 6] = ["一楼", "二楼", "二楼", "三楼", "四楼", "五楼"];
const SIDES: [&str; 6] = ["东侧", "西侧", "南侧", "北侧", "中部", "尽头"];

/// A spot of that kind, as an inspector would write it; `room` is the room if it is one.
pub(crate) fn location(rng: &mut impl Rng, place: Place, room: &str) -> String {
    let floor = crate::pick(rng, &FLOORS);
    let side = crate::pick(rng, &SIDES);
    match place {
        Place::Corridor => format!("{floor}{side}走廊"),
        Place::Room => {
            format!("{room}{}", crate::pick(rng, &["床头", "窗边", "靠门侧", "衣柜旁", "床尾", ""]))
        }
        Place::Bathroom => format!("{room}{}", crate::pick(rng, &["卫生间", "淋浴间", "洗漱区"])),
        Place::Stair => format!(
            "{floor}{}",
            crate::pick(rng, &["东侧楼梯间", "西侧楼梯间", "疏散楼梯口", "楼梯前室", "安全出口"])
        ),
        Place::Entrance => {
            crate::pick(rng, &["主楼大门", "院区大门内侧", "后门出口", "门厅", "无障碍坡道", "南门台阶"])
                .to_owned()
        }
        Place::Kitchen => {
            format!("厨房{}", crate::pick(rng, &["灶台区", "操作间", "备餐间", "切配区", "操作台下方", ""]))
        }
        Place::Canteen => {
            crate::pick(rng, &["一楼餐厅", "食堂备餐间", "食堂洗消间", "食堂出餐口", "留样柜"]).to_owned()
        }
        Place::FoodStore => {
            crate::pick(rng, &["食堂原料库", "厨房冷藏柜", "厨房冷冻柜", "主食库", "调料柜"]).to_owned()
        }
        Place::Store => format!("{floor}{}", crate::pick(rng, &["库房", "杂物间", "被服间", "储藏室"])),
        Place::Boiler => crate::pick(rng, &["锅炉房", "热水间", "一楼开水房", "壁挂炉间"]).to_owned(),
        Place::Control => crate::pick(rng, &["消防控制室", "一楼值班室", "监控室"]).to_owned(),
        Place::Power => {
            format!("{}{}", floor, crate::pick(rng, &["配电间", "强电井", "楼层配电箱", "值班室配电箱"]))
        }
        Place::Laundry => crate::pick(rng, &["洗衣房", "烘干房", "一楼洗涤间", "顶楼晾晒间"]).to_owned(),
        Place::Yard => {
            crate::pick(rng, &["院内停车区", "主楼东侧消防车道", "后院", "院区入口处", "北侧围墙边"])
                .to_owned()
        }
        Place::GasStore => crate::pick(rng, &["气瓶间", "厨房外侧气瓶存放处", "后院存瓶间"]).to_owned(),
        Place::Office => crate::pick(rng, &["院办公室", "档案室", "护理站", "二楼护士站"]).to_owned(),
        Place::Pump => {
            crate::pick(rng, &["消防水泵房", "屋顶消防水箱间", "地下泵房", "末端试水处"]).to_owned()
        }
        Place::Activity => {
            format!("{floor}{}", crate::pick(rng, &["活动室", "康复室", "多功能厅", "阅览室", "棋牌室"]))
        }
    }
}

/// A room number such as `203室`.
pub(crate) fn room(rng: &mut impl Rng) -> String {
    format!("{}{:02}室", rng.random_range(1..=5), rng.random_range(1..=18))
}
