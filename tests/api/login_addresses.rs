//! Whose word about a client's address counts.

use crate::on_both_databases;
use crate::support::TestApp;
use crate::support::doors::sql;
use anlao_testbed::tally;
use reqwest::Method;
use serde_json::json;

/// Headers that a client may write itself.
const FORGED: [&[(&str, &str)]; 12] = [
    &[("x-forwarded-for", "198.51.100.1")],
    &[("x-forwarded-for", "198.51.100.1, 198.51.100.2")],
    &[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "198.51.100.2")],
    &[("x-forwarded-for", "2001:db8::1")],
    &[("x-forwarded-for", "[2001:db8::1]:443")],
    &[("x-forwarded-for", "::ffff:198.51.100.1")],
    &[("x-forwarded-for", "rubbish, , \"")],
    &[("forwarded", "for=198.51.100.1;proto=https")],
    &[("forwarded", "for=\"[2001:db8::1]\"")],
    &[("x-real-ip", "198.51.100.1")],
    &[
        ("true-client-ip", "198.51.100.1"),
        ("cf-connecting-ip", "198.51.100.1"),
        ("client-ip", "198.51.100.1"),
    ],
    &[("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.2"), ("x-real-ip", "198.51.100.3")],
];

/// The address in the trail, and the one row that guesses from it are counted by.
async fn seen(app: &TestApp, headers: &[(&str, &str)], name: usize) -> String {
    let anyone = app.anonymous();
    let form = json!({ "username": format!("nobody-{name}"), "password": "窗台上的花盆每天早上要浇一次水" });
    let mut request = anyone.request(Method::POST, "/auth/login").json(&form);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    anyone.send(request).await.expect(401);
    sql(app, "SELECT address AS line FROM audit_entries WHERE action = 'session.refused' ORDER BY seq DESC LIMIT 1").await.remove(0)
}

on_both_databases! {
    /// Nobody is trusted unless the operator says so: what is forged changes neither the trail nor the count.
    forged_addresses_change_nothing, app => {
        let mut wrong = 0;
        for (at, headers) in FORGED.iter().enumerate() {
            wrong += u64::from(seen(app, headers, at).await != "127.0.0.1");
        }
        tally("11", &format!("forged client addresses believed ({:?})", app.backend), FORGED.len() as u64, wrong);
        assert_eq!(wrong, 0);
        assert_eq!(sql(app, "SELECT CAST(guesses AS text) AS line FROM login_throttles WHERE kind = 'address'").await, ["12"]);
    }
}

on_both_databases! { under [("trusted_proxies", "127.0.0.0/8, 10.0.0.0/8, ::1")];
    /// Behind a trusted proxy the client is what that proxy appended, and nothing further left.
    a_trusted_proxy_is_believed, app => {
        let table: [(&[(&str, &str)], &str); 7] = [
            (&[("x-forwarded-for", "203.0.113.7")], "203.0.113.7"),
            (&[("x-forwarded-for", "6.6.6.6, 203.0.113.7")], "203.0.113.7"),
            (&[("x-forwarded-for", "6.6.6.6, 203.0.113.7, 10.1.2.3")], "203.0.113.7"),
            (&[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.7")], "203.0.113.7"),
            (&[("x-forwarded-for", "2001:db8::7")], "2001:db8::7"),
            (&[("forwarded", "for=6.6.6.6"), ("x-real-ip", "6.6.6.6")], "127.0.0.1"),
            (&[("x-forwarded-for", "203.0.113.7, unknown")], "127.0.0.1"),
        ];
        for (at, (headers, expected)) in table.iter().enumerate() {
            assert_eq!(seen(app, headers, at).await, *expected, "{headers:?}");
        }
    }
}
