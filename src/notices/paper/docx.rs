//! A paper as a DOCX file (ECMA-376), to be worked on and printed by a word processor.
//!
//! The form is fixed and small, so the parts are written here: the libraries that make such files number their parts by
//! counters of the process (other bytes every time), take no JPEG, and do not repeat the head of a table. Escaping is
//! maud's, as in the page; every element is written with its end, as XML wants it.

use super::code::Code;
use super::words::{CODE_WORDS, Line, VOID_WORDS, caption, cells, columns, grouped, is_long, photos};
use super::{Paper, live_address, plain};
use crate::notices::content::{Content, Item, Paragraph, written};
use crate::refusal::{Failure, Outcome};
use anlao_imaging::{Limits, inspect};
use bytes::Bytes;
use maud::{Markup, PreEscaped, html};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

pub const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

const DECLARATION: PreEscaped<&str> =
    PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
const W: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const R: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const KINDS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Widths of the five columns; 8844 together, in twentieths of a point.
const COLUMNS: [usize; 5] = [640, 3000, 1600, 1744, 1860];
/// English metric units in a millimetre.
const EMU: u64 = 36_000;

/// A picture in the file: its part, what it shows, its size in EMU.
struct Picture {
    part: String,
    bytes: Vec<u8>,
    size: (u64, u64),
}

/// The file.
pub fn document(paper: &Paper<'_>) -> Outcome<Vec<u8>> {
    let pictures = pictures(paper);
    let body = body(paper, &pictures);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // No clock: the same paper is the same file.
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o644);
    let parts = [
        ("[Content_Types].xml", content_types()),
        ("_rels/.rels", package_relations()),
        ("docProps/core.xml", properties(paper)),
        ("word/_rels/document.xml.rels", relations(&pictures)),
        ("word/document.xml", body),
        ("word/styles.xml", styles()),
        ("word/header1.xml", header(paper.content)),
        ("word/footer1.xml", footer(paper.digest)),
    ];
    let written = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        for (name, part) in parts {
            zip.start_file(name, options)?;
            zip.write_all(part.into_string().as_bytes())?;
        }
        for picture in &pictures {
            zip.start_file(format!("word/{}", picture.part), options)?;
            zip.write_all(&picture.bytes)?;
        }
        Ok(zip.finish()?.into_inner())
    };
    written().map_err(|_error| Failure::Internal("a document could not be packed"))
}

/// The code first, then the photos that can be shown, in their order.
fn pictures(paper: &Paper<'_>) -> Vec<Picture> {
    let code = Code::of(&live_address(paper.content, paper.digest)).and_then(|code| code.png(8));
    let code = code.map(|bytes| Picture { part: "media/code.png".into(), bytes, size: (30 * EMU, 30 * EMU) });
    let shown = photos(paper.content).enumerate().filter_map(|(at, (_, photo))| {
        let jpeg = paper.pictures.get(&photo.sha256)?;
        Some(Picture { part: photo_part(at), size: fitted(jpeg), bytes: jpeg.to_vec() })
    });
    code.into_iter().chain(shown).collect()
}

fn photo_part(at: usize) -> String {
    format!("media/photo{}.jpg", at + 1)
}

/// The size of a picture within 48 × 42 mm, as wide as it is high when its head cannot be read.
fn fitted(jpeg: &Bytes) -> (u64, u64) {
    const WIDEST: u64 = 48;
    const HIGHEST: u64 = 42;
    let facts = inspect(Cursor::new(jpeg), &Limits::default()).ok();
    let side = |side: Option<u32>| side.map(u64::from).filter(|side| *side > 0);
    let sides = facts.and_then(|facts| Some((side(facts.width)?, side(facts.height)?)));
    let (width, height) = sides.unwrap_or((1, 1));
    if width * HIGHEST > height * WIDEST {
        (WIDEST * EMU, WIDEST * EMU * height / width)
    } else {
        (HIGHEST * EMU * width / height, HIGHEST * EMU)
    }
}

fn content_types() -> Markup {
    const OFFICE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
    let parts =
        [("document", "document.main"), ("styles", "styles"), ("header1", "header"), ("footer1", "footer")];
    html! {
        (DECLARATION)
        Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types" {
            Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" {}
            Default Extension="xml" ContentType="application/xml" {}
            Default Extension="png" ContentType="image/png" {}
            Default Extension="jpg" ContentType="image/jpeg" {}
            @for (part, kind) in parts {
                Override PartName=(format!("/word/{part}.xml")) ContentType=(format!("{OFFICE}.{kind}+xml")) {}
            }
            Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml" {}
        }
    }
}

fn package_relations() -> Markup {
    const CORE: &str =
        "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
    html! {
        (DECLARATION)
        Relationships xmlns=(PACKAGE) {
            Relationship Id="rId1" Type=(format!("{KINDS}/officeDocument")) Target="word/document.xml" {}
            Relationship Id="rId2" Type=(CORE) Target="docProps/core.xml" {}
        }
    }
}

fn relations(pictures: &[Picture]) -> Markup {
    html! {
        (DECLARATION)
        Relationships xmlns=(PACKAGE) {
            @for part in ["styles", "header1", "footer1"] {
                Relationship Id=(format!("r-{part}")) Type=(format!("{KINDS}/{}", part.trim_end_matches('1'))) Target=(format!("{part}.xml")) {}
            }
            @for picture in pictures {
                Relationship Id=(relation(&picture.part)) Type=(format!("{KINDS}/image")) Target=(picture.part) {}
            }
        }
    }
}

/// The id of the relation to a picture: `media/photo3.jpg` is `r-photo3`.
fn relation(part: &str) -> String {
    let name = part.trim_start_matches("media/").split('.').next().unwrap_or_default();
    format!("r-{name}")
}

fn properties(paper: &Paper<'_>) -> Markup {
    let Content { title, number, office, issued_at, .. } = paper.content;
    html! {
        (DECLARATION)
        cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
            xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {
            dc:title { (plain(title)) " " (plain(number)) }
            dc:creator { (plain(office)) }
            dc:description { "SHA-256 " (paper.digest) }
            dcterms:created xsi:type="dcterms:W3CDTF" { (issued_at.utc().format("%Y-%m-%dT%H:%M:%SZ")) }
        }
    }
}

/// The fonts of official papers: body, headings, titles.
const FONTS: [&str; 3] = ["仿宋", "黑体", "方正小标宋简体"];

fn fonts(east: &str) -> Markup {
    html! { w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia=(east) w:cs="Times New Roman" {} }
}

/// A style: its fonts, its size in half points, whether it is bold, how it is aligned and indented.
fn style(id: &str, east: &str, size: u32, bold: bool, align: &str, first_line: u32, line: u32) -> Markup {
    html! {
        w:style w:type="paragraph" w:styleId=(id) {
            w:name w:val=(id) {}
            w:pPr {
                @if id == "heading" { w:keepNext {} }
                // No gaps between numbers and characters: 2026年3月1日.
                w:autoSpaceDE w:val="0" {}
                w:autoSpaceDN w:val="0" {}
                w:spacing w:before="0" w:after="0" w:line=(line) w:lineRule="exact" {}
                w:ind w:firstLineChars=(first_line) w:firstLine=(first_line * size / 10) {}
                w:jc w:val=(align) {}
            }
            w:rPr {
                (fonts(east))
                @if bold { w:b {} }
                w:sz w:val=(size) {}
                w:szCs w:val=(size) {}
            }
        }
    }
}

fn styles() -> Markup {
    let [body, heading, title] = FONTS;
    html! {
        (DECLARATION)
        w:styles xmlns:w=(W) {
            w:docDefaults { w:rPrDefault { w:rPr { (fonts(body)) w:sz w:val="28" {} w:szCs w:val="28" {} w:lang w:val="en-US" w:eastAsia="zh-CN" {} } } }
            (style("office", title, 44, false, "center", 0, 720))
            (style("title", title, 48, true, "center", 0, 800))
            (style("number", body, 28, false, "center", 0, 640))
            (style("plain", body, 28, false, "both", 0, 520))
            (style("text", body, 28, false, "both", 200, 520))
            (style("heading", heading, 28, true, "left", 200, 520))
            (style("centred", body, 28, false, "center", 0, 560))
            (style("cell", body, 21, false, "left", 0, 320))
            (style("cellHead", heading, 21, true, "center", 0, 320))
            (style("cellCentred", body, 21, false, "center", 0, 320))
            (style("fine", body, 18, false, "left", 0, 280))
            (style("fineRight", body, 18, false, "right", 0, 280))
            (style("page", body, 28, false, "center", 0, 400))
            // A picture stands in its line: the line must grow with it.
            w:style w:type="paragraph" w:styleId="picture" { w:name w:val="picture" {} w:pPr { w:spacing w:before="0" w:after="0" {} w:jc w:val="center" {} } }
        }
    }
}

/// The runs of a text; its lines stay lines.
fn runs(text: &str, strong: bool, small: bool) -> Markup {
    html! {
        @for (at, line) in plain(text).split('\n').enumerate() {
            w:r {
                @if strong || small {
                    w:rPr {
                        @if strong { w:b {} }
                        @if small { w:sz w:val="17" {} w:szCs w:val="17" {} }
                    }
                }
                @if at > 0 { w:br {} }
                w:t xml:space="preserve" { (line) }
            }
        }
    }
}

fn written_as(style: &str, text: &str) -> Markup {
    html! { w:p { w:pPr { w:pStyle w:val=(style) {} } (runs(text, false, false)) } }
}

fn section(of: &Paragraph) -> Markup {
    html! { (written_as("heading", &of.heading)) (written_as("text", &of.text)) }
}

fn body(paper: &Paper<'_>, pictures: &[Picture]) -> Markup {
    let Paper { content, .. } = paper;
    html! {
        (DECLARATION)
        w:document xmlns:w=(W) xmlns:r=(R) xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
            xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" {
            w:body {
                @if paper.void { (written_as("office", &format!("【{VOID_WORDS}】"))) }
                (written_as("office", &content.office))
                (written_as("title", &content.title))
                w:p {
                    w:pPr { w:pStyle w:val="number" {} w:pBdr { w:bottom w:val="single" w:sz="12" w:space="6" w:color="000000" {} } }
                    (runs(&content.number, false, false))
                }
                (written_as("plain", &content.addressee))
                (written_as("text", &content.opening))
                @for one in &content.before_items { (section(one)) }
                @if !content.items.is_empty() {
                    (written_as("heading", &content.items_heading))
                    (items(content))
                }
                @for one in &content.sections { (section(one)) }
                @for text in content.paragraphs.iter().chain(&content.closing) { (written_as("text", text)) }
                (issuer(content))
                (signatures(content))
                (check(paper, pictures))
                (shown(paper, pictures))
                w:sectPr {
                    w:headerReference w:type="default" r:id="r-header1" {}
                    w:footerReference w:type="default" r:id="r-footer1" {}
                    w:pgSz w:w="11906" w:h="16838" {}
                    w:pgMar w:top="1701" w:right="1474" w:bottom="1588" w:left="1588" w:header="850" w:footer="850" w:gutter="0" {}
                }
            }
        }
    }
}

fn table(widths: &[usize], lined: bool, rows: Markup) -> Markup {
    let edge = if lined { "single" } else { "nil" };
    html! {
        w:tbl {
            w:tblPr {
                w:tblW w:w=(widths.iter().sum::<usize>()) w:type="dxa" {}
                w:tblBorders {
                    w:top w:val=(edge) w:sz="6" {}
                    w:left w:val=(edge) w:sz="6" {}
                    w:bottom w:val=(edge) w:sz="6" {}
                    w:right w:val=(edge) w:sz="6" {}
                    w:insideH w:val=(edge) w:sz="6" {}
                    w:insideV w:val=(edge) w:sz="6" {}
                }
                w:tblLayout w:type="fixed" {}
                w:tblCellMar { w:left w:w="80" w:type="dxa" {} w:right w:w="80" w:type="dxa" {} }
            }
            w:tblGrid { @for width in widths { w:gridCol w:w=(width) {} } }
            (rows)
        }
        // Two tables in a row would become one.
        (written_as("fine", ""))
    }
}

fn cell(width: usize, content: Markup) -> Markup {
    cell_at("center", width, content)
}

fn cell_at(height: &str, width: usize, content: Markup) -> Markup {
    html! { w:tc { w:tcPr { w:tcW w:w=(width) w:type="dxa" {} w:vAlign w:val=(height) {} } (content) } }
}

fn items(content: &Content) -> Markup {
    let heads = columns(content.kind);
    let rows = html! {
        w:tr {
            w:trPr { w:cantSplit {} w:tblHeader {} }
            @for (head, width) in heads.iter().zip(COLUMNS) { (cell(width, written_as("cellHead", head))) }
        }
        @for (at, item) in content.items.iter().enumerate() { (row(content, at + 1, item)) }
    };
    table(&COLUMNS, true, rows)
}

fn row(content: &Content, number: usize, item: &Item) -> Markup {
    let [first, widths @ ..] = COLUMNS;
    let cells = cells(content.kind, item);
    html! {
        w:tr {
            @if !is_long(&cells) { w:trPr { w:cantSplit {} } }
            (cell_at("top", first, written_as("cellCentred", &number.to_string())))
            @for (lines, width) in cells.iter().zip(widths) {
                (cell_at("top", width, html! {
                    @for line in lines.iter().filter(|line| !line.text.is_empty()) { (worded(line)) }
                    // A cell without a paragraph is not a cell.
                    @if lines.iter().all(|line| line.text.is_empty()) { (written_as("cell", "")) }
                }))
            }
        }
    }
}

fn worded(line: &Line) -> Markup {
    html! { w:p { w:pPr { w:pStyle w:val="cell" {} } (runs(&line.text, line.strong, line.small)) } }
}

/// The right half of the page: office, place for the seal, date.
fn issuer(content: &Content) -> Markup {
    let side = |text: &str| {
        html! {
            w:p {
                w:pPr { w:pStyle w:val="centred" {} w:keepNext {} w:keepLines {} w:ind w:left="3400" {} }
                (runs(text, false, false))
            }
        }
    };
    html! { (side("")) (side(&content.office)) (side("（印　章）")) (side(&written(content.issued_on))) (side("")) }
}

fn signatures(content: &Content) -> Markup {
    const WIDTHS: [usize; 4] = [2122, 2300, 2122, 2300];
    if content.signatures.is_empty() {
        return html! {};
    }
    let [label, blank, ..] = WIDTHS;
    let rows = html! {
        @for pair in content.signatures.chunks(2) {
            w:tr {
                w:trPr { w:cantSplit {} w:trHeight w:val="680" {} }
                @for at in 0..2 {
                    (cell(label, written_as("cellCentred", pair.get(at).map_or("", String::as_str))))
                    (cell(blank, written_as("cell", "")))
                }
            }
        }
    };
    table(&WIDTHS, true, rows)
}

fn check(paper: &Paper<'_>, pictures: &[Picture]) -> Markup {
    const WIDTHS: [usize; 2] = [2000, 6844];
    let [code, words] = WIDTHS;
    let picture = pictures.iter().find(|picture| picture.part == "media/code.png");
    let rows = html! {
        w:tr {
            w:trPr { w:cantSplit {} }
            (cell(code, html! { w:p { w:pPr { w:pStyle w:val="picture" {} } @if let Some(picture) = picture { (drawing(picture, 1)) } } }))
            (cell(words, html! {
                (written_as("fine", CODE_WORDS[0]))
                (written_as("fine", CODE_WORDS[1]))
                (written_as("fine", &grouped(paper.digest)))
                (written_as("fine", &live_address(paper.content, paper.digest)))
            }))
        }
    };
    table(&WIDTHS, false, rows)
}

fn shown(paper: &Paper<'_>, pictures: &[Picture]) -> Markup {
    const WIDTHS: [usize; 3] = [2948; 3];
    let all: Vec<_> = photos(paper.content).enumerate().collect();
    if all.is_empty() {
        return html! {};
    }
    let rows = html! {
        @for group in all.chunks(3) {
            w:tr {
                w:trPr { w:cantSplit {} }
                @for at in 0..3 {
                    (cell(2948, match group.get(at) {
                        Some((place, (number, photo))) => {
                            let part = photo_part(*place);
                            let picture = pictures.iter().find(|picture| picture.part == part);
                            let [first, second] = caption(*number, photo);
                            html! {
                                @match picture {
                                    Some(picture) => w:p { w:pPr { w:pStyle w:val="picture" {} } (drawing(picture, place + 2)) }
                                    None => { (written_as("fine", "原件已保存，无法生成预览")) }
                                }
                                (written_as("fine", &first))
                                (written_as("fine", &second))
                            }
                        }
                        None => written_as("fine", ""),
                    }))
                }
            }
        }
    };
    html! {
        w:p { w:pPr { w:pStyle w:val="heading" {} w:pageBreakBefore {} } (runs("附：现场照片", false, false)) }
        (table(&WIDTHS, false, rows))
    }
}

/// A picture in its line; `number` is its own in the document.
fn drawing(picture: &Picture, number: usize) -> Markup {
    const URI: &str = "http://schemas.openxmlformats.org/drawingml/2006/picture";
    let (width, height) = picture.size;
    html! {
        w:r { w:drawing {
            wp:inline distT="0" distB="0" distL="0" distR="0" {
                wp:extent cx=(width) cy=(height) {}
                wp:docPr id=(number) name=(picture.part) {}
                a:graphic { a:graphicData uri=(URI) {
                    pic:pic {
                        pic:nvPicPr { pic:cNvPr id=(number) name=(picture.part) {} pic:cNvPicPr {} }
                        pic:blipFill { a:blip r:embed=(relation(&picture.part)) {} a:stretch { a:fillRect {} } }
                        pic:spPr {
                            a:xfrm { a:off x="0" y="0" {} a:ext cx=(width) cy=(height) {} }
                            a:prstGeom prst="rect" { a:avLst {} }
                        }
                    }
                } }
            }
        } }
    }
}

fn header(content: &Content) -> Markup {
    html! {
        (DECLARATION)
        w:hdr xmlns:w=(W) {
            w:p {
                w:pPr { w:pStyle w:val="fine" {} w:tabs { w:tab w:val="right" w:pos="8844" {} } }
                (runs(&content.number, false, false))
                @if let Some(mark) = &content.mark { w:r { w:tab {} } (runs(mark, false, false)) }
            }
        }
    }
}

fn footer(digest: &str) -> Markup {
    let digits = grouped(digest.get(..16).unwrap_or(digest));
    html! {
        (DECLARATION)
        w:ftr xmlns:w=(W) {
            w:p {
                w:pPr { w:pStyle w:val="page" {} }
                (runs("— ", false, false))
                w:fldSimple w:instr="PAGE" { w:r { w:t { "1" } } }
                (runs(" —", false, false))
            }
            (written_as("fineRight", &format!("摘要 {digits}")))
        }
    }
}
