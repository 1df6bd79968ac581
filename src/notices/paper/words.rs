//! The words that both prints share: what stands in which column, how a photo is named.

use super::plain;
use crate::checklists::Category;
use crate::evidence::EvidenceRole;
use crate::hazards::model::Severity;
use crate::notices::content::{Content, Item, PhotoShown, RecheckResult, written};
use crate::notices::model::NoticeKind;

/// One line of a cell: small lines are beside the point.
pub struct Line {
    pub text: String,
    pub strong: bool,
    pub small: bool,
}

fn line(text: impl AsRef<str>) -> Line {
    Line { text: plain(text.as_ref()), strong: false, small: false }
}

fn strong(text: impl AsRef<str>) -> Line {
    Line { strong: true, ..line(text) }
}

fn small(text: impl AsRef<str>) -> Line {
    Line { small: true, ..line(text) }
}

/// The heads of the five columns.
pub fn columns(kind: NoticeKind) -> [&'static str; 5] {
    match kind {
        NoticeKind::RectificationNotice => ["序号", "隐患部位和事实", "依据", "整改要求", "整改期限"],
        NoticeKind::InspectionRecord => ["序号", "问题部位和事实", "依据", "处理要求", "整改期限"],
        NoticeKind::RecheckOpinion => ["序号", "隐患部位和事实", "依据", "复查结果", "销号日期或新的期限"],
        NoticeKind::TransferLetter => ["序号", "问题部位和事实", "依据", "说明", "发现日期"],
        NoticeKind::SupervisionLetter | NoticeKind::InterviewNotice => {
            ["序号", "隐患部位和事实", "依据", "整改要求", "原定期限"]
        }
    }
}

/// The cells of one row behind its number.
pub fn cells(kind: NoticeKind, item: &Item) -> [Vec<Line>; 4] {
    [facts(item), basis(item), fourth(kind, item), fifth(kind, item)]
}

/// Whether a row is so long that the end of a page may cut it.
pub fn is_long(cells: &[Vec<Line>]) -> bool {
    const LONG: usize = 500;
    cells.iter().any(|lines| lines.iter().map(|line| line.text.chars().count()).sum::<usize>() > LONG)
}

fn facts(item: &Item) -> Vec<Line> {
    let mut lines = vec![strong(&item.location)];
    lines.extend(item.title.as_ref().map(strong));
    lines.push(line(&item.description));
    if item.severity == Severity::Major {
        lines.push(strong("【重大事故隐患】"));
    } else if item.urgent {
        lines.push(strong("【需当日采取临时措施】"));
    }
    lines.push(small(format!("{}，{}发现", category(item.category), written(item.found_on))));
    lines.push(small(&item.number));
    lines
}

fn basis(item: &Item) -> Vec<Line> {
    let mut lines = vec![line(item.basis.as_deref().unwrap_or("——"))];
    if !item.basis_verified {
        lines.push(small("（依据原文待核实）"));
    }
    lines.extend(item.criterion.as_ref().map(|criterion| line(format!("重大隐患判定：{criterion}"))));
    lines
}

fn fourth(kind: NoticeKind, item: &Item) -> Vec<Line> {
    match (kind, item.result) {
        (NoticeKind::RecheckOpinion, Some(RecheckResult::Closed)) => {
            vec![strong("复查合格，予以销号。"), line(item.requirement.as_deref().unwrap_or_default())]
        }
        (NoticeKind::RecheckOpinion, _) => {
            let words = item.requirement.as_deref().unwrap_or("继续按原要求整改。");
            vec![strong("未通过复查，继续整改。"), line(words)]
        }
        (NoticeKind::TransferLetter, _) => vec![line(item.requirement.as_deref().unwrap_or("——"))],
        (NoticeKind::InspectionRecord, _) if item.fixed_on_spot => {
            vec![strong("立行立改"), line(item.requirement.as_deref().unwrap_or_default())]
        }
        _ => vec![line(item.requirement.as_deref().unwrap_or("消除隐患，恢复到符合规定的状态。"))],
    }
}

fn fifth(kind: NoticeKind, item: &Item) -> Vec<Line> {
    let day = match (kind, item.closed_on) {
        (NoticeKind::TransferLetter, _) => item.found_on,
        (NoticeKind::RecheckOpinion | NoticeKind::InspectionRecord, Some(closed)) => closed,
        _ => item.deadline,
    };
    vec![line(written(day))]
}

fn category(category: Category) -> &'static str {
    match category {
        Category::Electricity => "用电",
        Category::Fire => "用火",
        Category::Gas => "用气",
        Category::Food => "食品",
        Category::Other => "其他",
    }
}

/// The printed photos with the number of their item, first to last.
pub fn photos(content: &Content) -> impl Iterator<Item = (usize, &PhotoShown)> {
    let numbered = content.items.iter().enumerate();
    numbered.flat_map(|(at, item)| item.photos.iter().map(move |photo| (at + 1, photo)))
}

/// What stands below a photo: which item, which side of the fix, when, and the beginning of the original's digest.
pub fn caption(number: usize, photo: &PhotoShown) -> [String; 2] {
    let side = match photo.role {
        EvidenceRole::Before => "整改前",
        EvidenceRole::After => "整改后",
        EvidenceRole::Scene => "现场",
        EvidenceRole::Document | EvidenceRole::Signature => "资料",
    };
    let day = photo.taken_on.map(|day| format!("，{}", written(day))).unwrap_or_default();
    let digits = photo.sha256.get(..16).unwrap_or(&photo.sha256);
    [format!("第{number}项，{side}{day}"), format!("原件 SHA-256 {digits}…")]
}

/// A digest in groups of eight, to be compared by eye.
pub fn grouped(digest: &str) -> String {
    let digits: Vec<char> = digest.chars().collect();
    let groups: Vec<String> = digits.chunks(8).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// What is said beside the code.
pub const CODE_WORDS: [&str; 2] = ["扫描二维码可查询本文书的真伪和办理状态。", "本文书内容摘要（SHA-256）："];

/// What stands over a paper that was declared void.
pub const VOID_WORDS: &str = "本文书已作废";
