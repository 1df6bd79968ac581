//! What the QR code on a paper opens, for anybody who holds the paper: is it genuine, and how does it stand now. It names the
//! office and the institution, as the paper does, and tells nothing else: no person, no description, no place of a hazard.

pub mod routes;

use super::content::{Content, written};
use super::model::{Notice, NoticeState};
use super::paper::html::policy;
use super::paper::plain;
use super::rules::ItemCounts;
use chrono::NaiveDate;
use maud::{DOCTYPE, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// A small page, with the policy under which it may be shown.
pub struct LivePage {
    pub html: String,
    pub policy: String,
}

fn shell(title: &str, body: maud::Markup) -> LivePage {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    };
    LivePage { html: page.into_string(), policy: policy(STYLE) }
}

/// The state of a notice at this moment.
pub fn page(notice: &Notice, content: &Content, counts: &ItemCounts, today: NaiveDate) -> LivePage {
    let (zh, en) = state_words(notice.state);
    let rows = [
        ("文号", "Number", plain(&notice.number_text)),
        ("出具机关", "Issued by", plain(&content.office)),
        ("被检查机构", "Institution", plain(&content.institution)),
        ("出具日期", "Issued on", written(content.issued_on)),
        ("办理状态", "State", format!("{zh} · {en}")),
    ];
    let numbers = [
        ("隐患总数", "Items", counts.items),
        ("已销号", "Closed", counts.closed),
        ("未销号", "Open", counts.open),
        ("其中逾期", "Overdue", counts.overdue),
    ];
    let body = html! {
        h1 { (plain(&content.title)) }
        @if notice.state == NoticeState::Void {
            p.bad { "本文书已作废。" br; span lang="en" { "This paper has been declared void." } }
        } @else {
            p.good { "二维码与登记的内容摘要一致。" br; span lang="en" { "The code matches the digest on record." } }
        }
        dl { @for (zh, en, value) in rows { dt { (zh) " " span lang="en" { (en) } } dd { (value) } } }
        table { @for (zh, en, number) in numbers { tr { th { (zh) " " span lang="en" { (en) } } td { (number) } } } }
        p.fine { "请核对文书上印刷的摘要（SHA-256）：" br; code { (notice.digest) } }
        p.fine { "截至" (written(today)) "的状态。" span lang="en" { " As of today." } }
        @if let Some(mark) = &content.mark { p.fine { (plain(mark)) } }
    };
    shell(&content.title, body)
}

/// The same for what does not exist and for a code that does not fit: nobody learns which.
pub fn unknown() -> LivePage {
    let body = html! {
        h1 { "未找到该文书" }
        p.bad { "没有与此二维码相符的文书。请核对地址，或者向出具机关查询。" }
        p lang="en" { "No paper matches this code. Check the address, or ask the office that issued it." }
    };
    shell("未找到该文书", body)
}

fn state_words(state: NoticeState) -> (&'static str, &'static str) {
    match state {
        NoticeState::Issued => ("已出具", "issued"),
        NoticeState::Served => ("已送达", "served"),
        NoticeState::Acknowledged => ("已签收", "acknowledged"),
        NoticeState::Answered => ("已回复", "answered"),
        NoticeState::Void => ("已作废", "void"),
    }
}
