//! Ledgers at the shell: `anlao import` and `anlao export hazards`, with the real program.

use crate::support::{Office, alone};
use serde_json::Value;

/// A ledger with the dirt that real ones have; no row of it is anybody's.
const MESSY: &str = "\u{feff}2025年龙凤镇敬老院安全隐患排查治理台账,,,,,,,,,,,,
填报单位（盖章）：,,,,,,,,,,,,
序号,排查时间,排 查 人,隐患部位,存在问题,隐患等级,治理（整改）措施,完成时限,责任部门,责任人,复查时间,复查人,复查结果
１,2025.1.6,周一一,一层  配电间 ,配电箱前堆放纸箱,一般,清理,２０２５．１．８,后勤部,吴三,2025年1月9日,周一一,合格
2,45663,周一一,厨房,\"液化气瓶与灶具同室,
无报警器\",重 大,移出,45673,餐饮部,郑四,,,
,,,,,,,,,,,,
3,2025/1/7,周一一,食堂,留样不足,一般隐患,按规定留样,2025-01-08,餐饮部,郑四,2025-01-09,周一一,未通过
4,2025年1月7日,周一一,食 堂,留样不足,一般隐患,按规定留样,2025-01-08,餐饮部,郑四,2025-01-09,周一一,未通过
5,2025-02-30,周一一,走廊,灭火器过期,一般,更换,2025-03-08,后勤部,吴三,,,
6,2025-1-8,,走廊,应急灯不亮,一般,更换,2025-01-01,后勤部,吴三,,,
7,2025-1-8,周一一,天台,+cmd|' /C calc'!A0,较大,@SUM(1),2025-01-20,后勤部,=1+1,,,
8,2025-1-8,周一一,天台,+cmd|' /C calc'!A0,一般,@SUM(1),2025-01-20,后勤部,=1+1,,,
9,1月9日,周一一,花园,坡道结冰,一般,撒盐,2025-01-10,后勤部,吴三,,,
合 计,,,,9项,,,,,,,,
填表人：王某,,,,,,,,,,,,
";

/// Runs a command with `--json`.
fn told(office: &Office, args: &[&str], code: i32) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    office.program.run(&args).expect(code).json()
}

fn counts(told: &Value) -> [u64; 5] {
    ["rows", "good", "duplicates", "changed", "refused"].map(|key| told[key].as_u64().unwrap())
}

/// Row, cell and code of each error.
fn errors(told: &Value) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = told["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| (error["row"].as_u64().unwrap(), text(&error["cell"]), text(&error["code"])))
        .collect()
}

fn write(office: &Office, name: &str, bytes: &[u8]) {
    std::fs::write(office.program.dir.path().join(name), bytes).unwrap();
}

#[test]
fn a_messy_ledger_is_tried_refused_taken_and_known_again() {
    alone(async || {
        let office = Office::open().await;
        write(&office, "messy.csv", MESSY.as_bytes());
        let tried = told(&office, &["import", "hazards", "messy.csv", "--dry-run"], 1);
        assert_eq!(counts(&tried), [9, 4, 1, 0, 4], "{tried:#}");
        let expected = [
            (9, "B9", "out_of_range"),
            (10, "C10", "required"),
            (10, "H10", "too_early"),
            (11, "F11", "unknown_value"),
            (13, "B13", "ambiguous"),
        ];
        let expected: Vec<(u64, String, String)> =
            expected.iter().map(|(row, cell, code)| (*row, (*cell).into(), (*code).into())).collect();
        assert_eq!(errors(&tried), expected, "{tried:#}");
        let refused = told(&office, &["import", "hazards", "messy.csv"], 1);
        assert_eq!(refused["state"], "refused");
        let list = office.inspector.get("/hazards").await.expect(200).body;
        assert_eq!(list["items"].as_array().unwrap().len(), 0, "all or nothing");
        let taken = told(&office, &["import", "hazards", "messy.csv", "--only-good"], 0);
        assert_eq!((counts(&taken), taken["state"].as_str()), ([9, 4, 1, 0, 4], Some("done")));
        let again = told(&office, &["import", "hazards", "messy.csv", "--only-good"], 0);
        assert_eq!(counts(&again), [9, 0, 5, 0, 4], "{again:#}");
        office.program.run(&["verify"]).expect(0);
        let list = office.inspector.get("/hazards?sort=found_at").await.expect(200).body;
        let rows: Vec<[&str; 4]> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hazard| {
                ["location", "status", "severity", "deadline"].map(|key| hazard[key].as_str().unwrap())
            })
            .collect();
        let mut rows = rows;
        rows.sort_unstable();
        let expected = [
            ["一层  配电间", "closed", "general", "2025-01-08"],
            ["厨房", "pending", "major", "2025-01-16"],
            ["天台", "pending", "general", "2025-01-20"],
            ["食堂", "rectifying", "general", "2025-01-08"],
        ];
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(rows, expected);
    });
}
