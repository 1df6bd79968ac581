//! A paper as a page that needs nothing else: for reading, and for printing on A4 from any browser. Escaping is maud's.

use super::code::Code;
use super::words::{CODE_WORDS, Line, VOID_WORDS, caption, cells, columns, grouped, is_long, photos};
use super::{Paper, live_address, plain};
use crate::canonical::sha256;
use crate::notices::content::{Content, Item, Paragraph, written};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// A page, and the policy under which it may be shown: its own style, its own pictures, and nothing that runs.
pub struct Page {
    pub html: String,
    pub policy: String,
}

pub fn page(paper: &Paper<'_>) -> Page {
    let Paper { content, digest, void, .. } = paper;
    let style = format!("{STYLE}{}", margins(content, digest));
    let body = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (plain(&content.title)) " " (plain(&content.number)) }
                style { (PreEscaped(style.as_str())) }
            }
            body {
                article {
                    @if let Some(mark) = &content.mark { p.mark { (plain(mark)) } }
                    @if *void { p.void { (VOID_WORDS) } }
                    p.office { (plain(&content.office)) }
                    h1 { (plain(&content.title)) }
                    p.number { (plain(&content.number)) }
                    p.addressee { (plain(&content.addressee)) }
                    p.text { (plain(&content.opening)) }
                    @for one in &content.before_items { (paragraph(one)) }
                    @if !content.items.is_empty() {
                        h2 { (plain(&content.items_heading)) }
                        (items(content))
                    }
                    @for one in &content.sections { (paragraph(one)) }
                    @for text in content.paragraphs.iter().chain(&content.closing) { p.text { (plain(text)) } }
                    (issuer(content))
                    (signatures(content))
                    (check(content, digest))
                    (shown(paper))
                }
            }
        }
    };
    Page { html: body.into_string(), policy: policy(&style) }
}

/// Only this very style may be applied, and pictures come from the page itself.
pub fn policy(style: &str) -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; sandbox",
        BASE64.encode(sha256(style.as_bytes()))
    )
}

/// What stands in the margins of every printed page: number, mark, page number and the beginning of the digest, so
/// that no page of one paper passes for a page of another.
fn margins(content: &Content, digest: &str) -> String {
    let small = "font: 9pt/12pt FangSong, STFangsong, \"Noto Serif CJK SC\", SimSun, serif; color: #555;";
    let mark = content.mark.as_deref().unwrap_or_default();
    let digits = digest.get(..16).unwrap_or(digest);
    format!(
        "@page {{ @top-left {{ content: {}; {small} }} @top-right {{ content: {}; {small} }} \
         @bottom-center {{ content: \"— \" counter(page) \" —\"; font: 14pt SimSun, \"Noto Serif CJK SC\", serif; }} \
         @bottom-right {{ content: {}; {small} }} }}\n",
        quoted(&plain(&content.number)),
        quoted(&plain(mark)),
        quoted(&format!("摘要 {}", grouped(digits))),
    )
}

/// A text as a CSS string. Whatever is not a letter or a digit is written as its number, so nothing ends the string,
/// the style or the element around it.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("\\{:x} ", u32::from(c)) })
        .collect();
    format!("\"{escaped}\"")
}

fn paragraph(of: &Paragraph) -> Markup {
    html! {
        h2 { (plain(&of.heading)) }
        p.text { (plain(&of.text)) }
    }
}

fn items(content: &Content) -> Markup {
    let [n, f, b, r, d] = columns(content.kind);
    html! {
        table.items {
            thead { tr { th.n { (n) } th.f { (f) } th.b { (b) } th.r { (r) } th.d { (d) } } }
            tbody { @for (at, item) in content.items.iter().enumerate() { (row(content, at + 1, item)) } }
        }
    }
}

fn row(content: &Content, number: usize, item: &Item) -> Markup {
    let cells = cells(content.kind, item);
    html! {
        tr.long[is_long(&cells)] {
            td { (number) }
            @for lines in &cells { td { @for line in lines { (worded(line)) } } }
        }
    }
}

fn worded(line: &Line) -> Markup {
    html! { @if !line.text.is_empty() { div.strong[line.strong].small[line.small] { (line.text) } } }
}

fn issuer(content: &Content) -> Markup {
    html! {
        div.issue {
            p { (plain(&content.office)) }
            p.seal { "（印　章）" }
            p { (written(content.issued_on)) }
        }
    }
}

fn signatures(content: &Content) -> Markup {
    html! {
        @if !content.signatures.is_empty() {
            table.sign {
                @for pair in content.signatures.chunks(2) {
                    tr {
                        @for label in pair { td { (plain(label)) } td {} }
                        @if pair.len() == 1 { td {} td {} }
                    }
                }
            }
        }
    }
}

fn check(content: &Content, digest: &str) -> Markup {
    let address = live_address(content, digest);
    html! {
        div.check {
            @if let Some(code) = Code::of(&address) {
                svg viewBox=(format!("0 0 {0} {0}", code.side())) role="img" aria-label=(CODE_WORDS[0]) {
                    path d=(code.path()) {}
                }
            }
            div {
                p { (CODE_WORDS[0]) }
                p { (CODE_WORDS[1]) }
                p.digits { (grouped(digest)) }
                p.digits { (plain(&address)) }
            }
        }
    }
}

fn shown(paper: &Paper<'_>) -> Markup {
    let photos: Vec<_> = photos(paper.content).collect();
    html! {
        @if !photos.is_empty() {
            section.photos {
                h2 { "附：现场照片" }
                div.grid {
                    @for (number, photo) in photos {
                        @let [first, second] = caption(number, photo);
                        figure {
                            @match paper.pictures.get(&photo.sha256) {
                                Some(jpeg) => {
                                    img src=(format!("data:image/jpeg;base64,{}", BASE64.encode(jpeg))) alt=(first);
                                }
                                None => { div.gone { "原件已保存，无法生成预览" } }
                            }
                            figcaption { (first) br; (second) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_ends_a_css_string() {
        assert_eq!(super::quoted("民1\"</style>\\"), "\"民1\\22 \\3c \\2f style\\3e \\5c \"");
    }
}
