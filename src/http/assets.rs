//! The web app, embedded in the binary; a placeholder page stands in where it was not built.

use crate::refusal::{Code, Failure};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct WebApp;

const PLACEHOLDER: &str = include_str!("../../web/placeholder.html");

/// Serves a file of the web app; any other page address is the app's own and gets its first page.
pub async fn asset(req: HttpRequest) -> Result<HttpResponse, Failure> {
    let path = req.path().trim_start_matches('/');
    if let Some(file) = WebApp::get(path) {
        return Ok(embedded(path, file));
    }
    let is_page = !path.starts_with("api/") && !path.rsplit('/').next().unwrap_or_default().contains('.');
    if !is_page {
        return Err(Code::NotFound.into());
    }
    Ok(match WebApp::get("index.html") {
        Some(file) => embedded("index.html", file),
        None => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(PLACEHOLDER),
    })
}

fn embedded(path: &str, file: rust_embed::EmbeddedFile) -> HttpResponse {
    let fixed = path.starts_with("assets/");
    let caching = if fixed { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok()
        .content_type(file.metadata.mimetype())
        .insert_header((header::CACHE_CONTROL, caching))
        .insert_header((header::ETAG, format!("\"{}\"", hex::encode(file.metadata.sha256_hash()))))
        .body(file.data)
}

/// `/docs` is where people look; the pages live one level below.
pub async fn docs_redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}
