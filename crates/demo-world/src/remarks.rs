//! What people write along the way.

use rand::Rng;
use rand::seq::IndexedRandom;

fn one(rng: &mut impl Rng, choices: &[&'static str]) -> String {
    choices.choose(rng).copied().unwrap_or_default().to_owned()
}

/// Why a home asks for more time, with what it does meanwhile.
pub fn extension_reason(rng: &mut impl Rng) -> String {
    let reason = one(
        rng,
        &[
            "配件需从厂家定制，供货周期约两周",
            "施工单位排期靠后，现有合同约定下周进场",
            "涉及老人临时调房，需与家属逐户沟通",
            "改造资金已报批，等待上级拨付",
            "近期持续降雨，室外管线无法开挖",
            "维保单位检测后发现须整体更换，工程量增加",
            "燃气公司入户改造需统一预约",
            "采购程序尚在公示期内",
            "现场发现隐蔽线路走向与图纸不符，需重新设计",
            "节前物流停运，设备尚未到货",
        ],
    );
    let meanwhile = one(
        rng,
        &[
            "期间已停用该区域并张贴提示",
            "期间增加夜间巡查至每两小时一次",
            "期间安排专人看护，并增配灭火器2具",
            "期间已将相关房间老人调至其他楼层",
            "期间断开该回路电源，改由安全回路临时供电",
            "期间每日拍照记录并报县级民政部门",
        ],
    );
    format!("{reason}；{meanwhile}。")
}

/// Why a finding is taken back.
pub fn void_reason(rng: &mut impl Rng) -> String {
    one(
        rng,
        &[
            "与同日另一条记录重复，保留先登记的一条。",
            "现场核实该区域已移交隔壁单位管理，不属于本机构。",
            "复核图纸确认该门为非疏散门，不适用本检查事项。",
            "检查人误选机构，已在正确的机构下重新登记。",
            "核对检测报告，设备在有效期内，系铭牌污损误判。",
            "该设备已报废停用并断气断电，现场仅作存放。",
            "练习时误录入，双人核对后撤销。",
        ],
    )
}

/// Why a fix did not pass.
pub fn recheck_fail_reason(rng: &mut impl Rng) -> String {
    one(
        rng,
        &[
            "现场只清理了一半，转角处仍堆有杂物，继续整改。",
            "更换的配件型号不符，按下试验按钮不动作。",
            "照片为整改当天所拍，复查时同一部位问题再次出现。",
            "仅张贴了标识，未做实质处理。",
            "记录为一次性补写，时间前后矛盾，不予认可。",
            "固定不牢，轻拉即脱落，需重新安装。",
            "抽问两名夜班人员均不知如何操作，培训未到位。",
            "只处理了抽查到的一处，同楼层其他房间未举一反三。",
            "未提供合格证明和检测报告，暂不予销号。",
        ],
    )
}

/// A word under a finding.
pub fn comment(rng: &mut impl Rng) -> String {
    one(
        rng,
        &[
            "已电话通知院长，今天下班前先断电。",
            "请把整改后的照片从同一角度再拍一张。",
            "材料已到，周四上午施工，施工时老人转到一楼活动室。",
            "收到，马上安排后勤处理。",
            "这个问题上个月也出现过，请查一下原因。",
            "请同时检查其他楼层有没有同样情况。",
            "维保单位回复明天上午到场。",
            "已和家属说明，家属表示理解。",
            "复查约在周五，请负责人在场。",
            "费用不大，先由机构垫付，不影响工期。",
            "夜班人员已补训，签到表随后上传。",
            "请补充临时防护措施。",
        ],
    )
}

/// What a home writes about its own round.
pub fn self_check_note(rng: &mut impl Rng) -> String {
    one(
        rng,
        &[
            "本月自查{m}项，发现问题{n}处，已当场处理{k}处，其余已登记。",
            "夜间巡查未见异常，两处应急灯亮度偏低已报修。",
            "通道畅通，灭火器压力正常；{r}有老人私自使用电热毯，已收存并告知家属。",
            "厨房燃气报警器按键测试正常，软管卡箍已紧固。",
            "留样{n}份，标签齐全，温度4℃；冰箱门封条老化，已联系更换。",
            "锅炉房一氧化碳报警器电量不足，已更换电池。",
            "抽问员工{n}人，均能说清报警和疏散步骤，一人不会使用防烟面罩，已现场教学。",
            "东侧楼梯间堆放轮椅{n}辆，已移至专用存放处。",
            "洗衣房烘干机积绒已清理，增加每日清理记录。",
        ],
    )
    .replace("{m}", &rng.random_range(38..=93).to_string())
    .replace("{n}", &rng.random_range(3..=6).to_string())
    .replace("{k}", &rng.random_range(1..=2).to_string())
    .replace("{r}", &crate::places::room(rng))
}

/// A problem seen in a drill.
pub fn drill_problem(rng: &mut impl Rng) -> String {
    one(
        rng,
        &[
            "三楼卧床老人转移用时偏长，疏散床单不够用。",
            "集合点清点人数时漏报一人，名单未及时更新。",
            "值班人员接警后先去现场，未同时拨打119。",
            "对讲机在西侧楼梯间无信号，口头传令延误。",
            "两名帮扶人对应的老人不在同一楼层，往返耗时。",
            "夜班人员不清楚当晚的现场指挥官是谁。",
            "轮椅在门厅拥堵，应分东西两个出口疏散。",
            "认知障碍老人返回房间取物，未安排人员守护房门。",
            "防火门闭门后常被疏散人员顶开，未随手关闭。",
        ],
    )
}
