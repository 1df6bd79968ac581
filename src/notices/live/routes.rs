//! `GET /n/{id}?d=…`: open to everybody who holds the paper, limited like every other address.

use super::{LivePage, page, unknown};
use crate::access::Public;
use crate::http::{page_for_people, path_id};
use crate::ids::NoticeId;
use crate::notices::model::Notice;
use crate::notices::{queries, rules, view};
use crate::refusal::Outcome;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;

/// The digits of the digest that the code carries. Anything else in the query is as good as no code.
fn carried(query: &str) -> Option<&str> {
    query.strip_prefix("d=").filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

pub async fn live(public: Public, req: HttpRequest) -> Outcome<HttpResponse> {
    let asked = path_id(&req, "id").map(NoticeId).zip(carried(req.query_string()).map(str::to_owned));
    let Some((id, digits)) = asked else { return Ok(answer(false, unknown())) };
    let (office, now) = (Arc::clone(public.office()), public.now());
    let today = office.date(now);
    let found = public
        .read(move |conn| {
            let notice = queries::find_any(conn, id)?;
            let fits = |notice: &Notice| rules::is_digest(&digits, &notice.digest);
            let Some(notice) = notice.filter(fits) else { return Ok(None) };
            let content = view::content(&notice)?;
            let hazards = queries::hazards_of(conn, id)?;
            let states: Vec<_> =
                hazards.into_iter().map(|(_, status, deadline)| (status, deadline)).collect();
            Ok(Some(page(&notice, &content, &rules::count(&states, today), today)))
        })
        .await?;
    Ok(match found {
        Some(page) => answer(true, page),
        None => answer(false, unknown()),
    })
}

fn answer(found: bool, page: LivePage) -> HttpResponse {
    page_for_people(found, page.html, &page.policy)
}
