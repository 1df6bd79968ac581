//! Which address a request comes from, when proxies stand in front.
//!
//! Anyone can write `X-Forwarded-For`. What a trusted proxy appended is believed, from the right, up to the
//! first address that is not a trusted proxy; everything left of it is hearsay. `Forwarded`, `X-Real-IP` and
//! their like are not read at all.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use ipnet::{IpNet, Ipv6Net};
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The networks of the proxies in front of this server; nobody by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// From a list like `10.0.0.0/8, 127.0.0.1, fd00::/8`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks = parts.map(|part| {
            let network = part.parse::<IpNet>().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_error| format!("{part} is not an address or a network like 10.0.0.0/8"))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The address of the client behind `peer`. Pure, but for its types.
pub fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &TrustedProxies) -> Option<IpAddr> {
    let mut client = peer?.to_canonical();
    let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).map(|line| line.to_str().unwrap_or("?")).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !trusted.hold(client) {
            break;
        }
        // What cannot be read ends the trail at the proxy that passed it on.
        let Some(address) = read(hop.trim()) else { break };
        client = address;
    }
    Some(client)
}

/// The client of a request to a server that was given its [`TrustedProxies`] as application data.
pub fn client_of(req: &HttpRequest) -> Option<IpAddr> {
    let peer = req.peer_addr().map(|peer| peer.ip());
    match req.app_data::<TrustedProxies>() {
        Some(trusted) => client_address(peer, req.headers(), trusted),
        None => peer.map(|peer| peer.to_canonical()),
    }
}

/// What limits are counted by: the address, or for IPv6 its /64, which one household or machine owns whole.
pub fn client_network(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V4(four) => IpNet::from(IpAddr::V4(four)),
        IpAddr::V6(six) => Ipv6Net::new_assert(six, 64).trunc().into(),
    }
}

/// An address with or without port and brackets.
fn read(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client(peer: &str, trusted: &str, headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let trusted = TrustedProxies::parse(trusted).unwrap();
        client_address(Some(peer.parse().unwrap()), &map, &trusted).unwrap().to_string()
    }

    #[test]
    fn the_address_is_what_a_trusted_proxy_says() {
        const FOR: &str = "x-forwarded-for";
        type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);
        let table: [Case; 18] = [
            // Nobody is trusted: nothing that is said counts.
            ("203.0.113.9", "", &[(FOR, "198.51.100.1")], "203.0.113.9"),
            ("203.0.113.9", "10.0.0.0/8", &[(FOR, "198.51.100.1")], "203.0.113.9"),
            // A trusted proxy names the client.
            ("10.0.0.1", "10.0.0.0/8", &[(FOR, "198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", "10.0.0.1", &[(FOR, "198.51.100.1:4711")], "198.51.100.1"),
            // What the client wrote itself stands to the left and is not read.
            ("10.0.0.1", "10.0.0.0/8", &[(FOR, "127.0.0.1, 198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", "10.0.0.0/8", &[(FOR, "10.9.9.9, 198.51.100.1")], "198.51.100.1"),
            // Two proxies of ours.
            ("10.0.0.1", "10.0.0.0/8", &[(FOR, "6.6.6.6, 198.51.100.1, 10.0.0.2")], "198.51.100.1"),
            // Two lines are one list.
            ("10.0.0.1", "10.0.0.0/8", &[(FOR, "6.6.6.6"), (FOR, "198.51.100.1")], "198.51.100.1"),
            // Other headers are never read.
            ("10.0.0.1", "10.0.0.0/8", &[("forwarded", "for=6.6.6.6"), ("x-real-ip", "6.6.6.6")], "10.0.0.1"),
            (
                "10.0.0.1",
                "10.0.0.0/8",
                &[("x-real-ip", "6.6.6.6"), ("true-client-ip", "6.6.6.6"), (FOR, "198.51.100.1")],
                "198.51.100.1",
            ),
            // IPv6, with and without brackets, and IPv4 in its clothes.
            ("fd00::1", "fd00::/8", &[(FOR, "2001:db8::7")], "2001:db8::7"),
            ("fd00::1", "fd00::/8", &[(FOR, "[2001:db8::7]:443")], "2001:db8::7"),
            ("fd00::1", "fd00::/8", &[(FOR, "[2001:db8::7]")], "2001:db8::7"),
            ("::ffff:10.0.0.1", "10.0.0.0/8", &[(FOR, "::ffff:198.51.100.1")], "198.51.100.1"),
            ("::ffff:203.0.113.9", "", &[], "203.0.113.9"),
            // Rubbish ends the trail at the last hop that is known.
            ("10.0.0.1", "10.0.0.0/8", &[(FOR, "198.51.100.1, rubbish")], "10.0.0.1"),
            ("10.0.0.1", "10.0.0.0/8", &[(FOR, "")], "10.0.0.1"),
            // Everybody is trusted: the first of the list.
            ("10.0.0.1", "0.0.0.0/0", &[(FOR, "6.6.6.6, 198.51.100.1")], "6.6.6.6"),
        ];
        for (peer, trusted, headers, expected) in table {
            assert_eq!(client(peer, trusted, headers), expected, "{peer} {trusted} {headers:?}");
        }
    }

    #[test]
    fn networks_are_told_from_nonsense() {
        assert!(TrustedProxies::parse("10.0.0.0/8, ::1 ,fd00::/8,").is_ok());
        for wrong in ["localhost", "10.0.0.0/33", "10.0.0", "*"] {
            assert!(TrustedProxies::parse(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_household_counts_as_one() {
        let network = |text: &str| client_network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:aaaa::1"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2:bbbb::2"), "2001:db8:1:2::/64");
        assert_ne!(network("2001:db8:1:3::1"), network("2001:db8:1:2::1"));
        assert_eq!(network("::ffff:198.51.100.1"), "198.51.100.1/32");
    }
}
