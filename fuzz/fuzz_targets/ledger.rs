//! Ledgers: any file is read into rows or refused, and any rows mean something or are wrong somewhere.

#![no_main]

use anlao::ledger::cells::{Cell, Epoch, neutralised, plain};
use anlao::ledger::{lists, plan, sheet};
use anlao::rules::Library;
use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    // A reader that panics is a damaged file (`ledger::import::read`); only what comes after it is a fault of ours.
    let _ = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    anlao_fuzz::seeds(seeds());
    Library::embedded().expect("the rules")
});

const LEDGER: &str = "龙凤镇敬老院台账\n序号,排查时间,排查人,隐患部位,隐患名称,隐患等级,整改措施,完成时限,责任部门,责任人,复查时间,复查人,复查结果\n\
    1,2024.12.9,张,一层,杂物,一般,清理,20241210,后勤,王,2024年12月11日,张,合格\n,,,\n2,45636,张,\"二\n层\",'=1,重 大,@a,１２/３１/2024,,,,,\n合计,,2项\n";
const LIST: &str = "序号;机构名称;统一社会信用代码;所属区县;床位数\n1;幸福里养老院;91110000802100433B;船山区;１２０张\n";

fn seeds() -> Vec<Vec<u8>> {
    let utf16 = |text: &str| [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    vec![LEDGER.into(), LIST.into(), utf16(LEDGER), b"PK\x03\x04".to_vec()]
}

fuzz_target!(|data: &[u8]| {
    let library = &*LIBRARY;
    let today = NaiveDate::from_ymd_opt(2026, 3, 10).expect("a day");
    let Ok(Ok(sheets)) = std::panic::catch_unwind(|| sheet::read(data)) else { return };
    for cell in sheets.iter().flat_map(|sheet| &sheet.rows).flat_map(|row| &row.cells) {
        let _ = (cell.date(Epoch::Of1904), cell.yuan(), cell.count(), cell.yes());
        if let Cell::Text(text) = cell {
            assert_eq!(plain(&neutralised(text)), text, "what is neutralised comes back");
        }
    }
    let _ = lists::lists(&sheets);
    if let Ok(drafts) = plan::read_hazards(&sheets, library.base(), today) {
        assert_eq!(drafts.rows, drafts.good.len() + drafts.refused, "every row is good or refused");
        assert!(drafts.good.iter().all(|draft| draft.found_on <= today), "nothing is found in the future");
        assert!(drafts.refused == 0 || !drafts.errors.is_empty(), "who is refused is told why");
    }
});
