//! The little HTTP that the command speaks itself: is a server there yet?

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::process::Process;

/// Waits until `address` answers HTTP, whatever the status, and gives up when `server` ends or `patience` is over.
///
/// # Errors
/// When the server ends first, or does not answer in time.
pub fn wait_until_answering(
    server: &Process,
    address: SocketAddr,
    patience: Duration,
) -> Result<()> {
    let agent = agent(patience);
    let started = Instant::now();
    loop {
        if let Some(status) = server.try_wait()? {
            bail!(
                "{} ended before it answered ({status}); its messages are above",
                server.name()
            );
        }
        let Err(error) = agent.get(format!("http://{address}/")).call() else {
            return Ok(());
        };
        if started.elapsed() > patience {
            return Err(error).with_context(|| {
                format!(
                    "{} does not answer at http://{address} after {} s",
                    server.name(),
                    patience.as_secs()
                )
            });
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Wakes the object of an app on workerd, which applies migrations then. A native server has done so before it answers.
///
/// # Errors
/// When the object refuses to start, or does not answer in time.
pub fn wake(address: SocketAddr, key: &str, patience: Duration) -> Result<()> {
    // A batch is the object's to read, and no app has a function of this name: nothing else happens.
    let reply = agent(patience)
        .post(format!("http://{address}/rpc"))
        .header("X-EdgePod-Key", key)
        .send(r#"{"calls":[{"name":"-"}]}"#)
        .with_context(|| format!("http://{address} does not answer"))?;
    if reply.status().is_server_error() {
        bail!("the object does not start; its message is above");
    }
    Ok(())
}

fn agent(patience: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(patience))
        .build()
        .into()
}

/// How this machine reaches what listens on `address`.
pub(crate) fn local(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// How others reach what listens on `address`: by this machine's own address, where that is all of them.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    // Nothing is sent: the system only says from which of its addresses it would be.
    let own = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    match own {
        Ok(own) if !own.ip().is_unspecified() => SocketAddr::new(own.ip(), address.port()),
        _ => local(address),
    }
}

/// A port of 127.0.0.1 that is free now, at `wish` or as soon as possible after it.
///
/// # Errors
/// When no port is free.
pub fn free_port(wish: u16) -> Result<u16> {
    (wish..=wish.saturating_add(100))
        .chain([0])
        .find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
        .and_then(|listener| listener.local_addr().ok())
        .map(|address| address.port())
        .context("no port of 127.0.0.1 is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_all_is_reached_by_one() {
        let of = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(local(of("0.0.0.0:7")), of("127.0.0.1:7"));
        assert_eq!(local(of("[::]:7")), of("[::1]:7"));
        for address in ["127.0.0.1:7", "192.0.2.7:7"] {
            assert_eq!(local(of(address)), of(address));
            assert_eq!(reachable(of(address)), of(address));
        }
        let own = reachable(of("0.0.0.0:7"));
        assert!(!own.ip().is_unspecified() && own.port() == 7);
    }
}
