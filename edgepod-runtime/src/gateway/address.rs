//! Where a client is.

use std::net::{IpAddr, SocketAddr};

/// The address of a client whose connection comes from `connection`, with so many proxies before this process.
///
/// Each proxy adds the address that it heard from at the end of `X-Forwarded-For`: what stands before those is the client's
/// own invention. `forwarded` are the values of that header, in their order.
///
/// ```
/// use edgepod_runtime::gateway::client_address;
/// let proxy = [127, 0, 0, 1].into();
/// let client = client_address(proxy, ["1.1.1.1, 192.0.2.7"], 1);
/// assert_eq!(client.to_string(), "192.0.2.7");
/// assert_eq!(client_address(proxy, ["1.1.1.1, 192.0.2.7"], 0), proxy);
/// ```
pub fn client_address<'a>(
    connection: IpAddr,
    forwarded: impl IntoIterator<Item = &'a str, IntoIter: DoubleEndedIterator>,
    proxies: usize,
) -> IpAddr {
    if proxies == 0 {
        return connection;
    }
    let mut entries = forwarded
        .into_iter()
        .rev()
        .flat_map(|value| value.rsplit(','));
    entries
        .nth(proxies - 1)
        .and_then(|entry| parse(entry.trim()))
        .unwrap_or(connection)
}

/// An address, which some proxies give with its port.
fn parse(entry: &str) -> Option<IpAddr> {
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    entry
        .parse()
        .ok()
        .or_else(|| entry.parse().ok().map(|address: SocketAddr| address.ip()))
        .or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_invents_stands_before_what_proxies_say() {
        let connection = IpAddr::from([10, 0, 0, 1]);
        let client = |forwarded: &[&str], proxies| {
            client_address(connection, forwarded.iter().copied(), proxies).to_string()
        };
        let forwarded = ["6.6.6.6", "192.0.2.7,198.51.100.1"];
        for (proxies, expected) in [
            (0, "10.0.0.1"),
            (1, "198.51.100.1"),
            (2, "192.0.2.7"),
            (3, "6.6.6.6"),
            // Whoever came past a proxy has no address but the connection's.
            (4, "10.0.0.1"),
        ] {
            assert_eq!(client(&forwarded, proxies), expected, "{proxies}");
        }
        for (entry, expected) in [
            ("192.0.2.7:4711", "192.0.2.7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            (" 2001:db8::7 ", "2001:db8::7"),
            ("unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(client(&[entry], 1), expected, "{entry:?}");
        }
        assert_eq!(client(&[], 1), "10.0.0.1");
    }
}
