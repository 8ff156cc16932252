//! A browser's login without a page of the app's own: docs/routes.md has it.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use edgepod::{
    http::{Bytes, Request, Response, StatusCode, header},
    prelude::*,
};

fn see_other(place: &str, cookie: &Cookie<'_>) -> Result<Response<Bytes>> {
    Ok(Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, place)
        .header(header::SET_COOKIE, cookie.to_string())
        .body(Bytes::new())?)
}

fn session_cookie(token: String) -> Cookie<'static> {
    Cookie::build(("__Host-session", token))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}

/// Signs in.
#[edgepod::route(POST, "/login")]
async fn login(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    if request.body() != "password=correct horse" {
        return Err(Error::unauthorized("That is not the password."));
    }
    let token = ctx.sign_jwt(
        serde_json::json!({ "sub": "ada" }),
        Duration::from_secs(86_400),
    )?;
    see_other("/home", &session_cookie(token))
}

fn signed_in(env: &edgepod::Env, request: &Request<Bytes>) -> Option<Claims> {
    let sent = request.headers().get(header::COOKIE)?.to_str().ok()?;
    let mut cookies = Cookie::split_parse(sent).flatten();
    let session = cookies.find(|cookie| cookie.name() == "__Host-session")?;
    edgepod::verify_jwt(session.value(), env).ok()
}

/// Greets whoever is signed in.
#[edgepod::route(GET, "/home")]
async fn home(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<String>> {
    let user =
        signed_in(&ctx.env, &request).ok_or_else(|| Error::unauthorized("Sign in at /login."))?;
    let page = format!("<h1>Hello {}</h1>", user.subject().unwrap_or_default());
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .body(page)?)
}

/// Signs out.
#[edgepod::route(POST, "/logout", at = "gateway")]
async fn logout(_: &GatewayCtx, _: Request<Bytes>) -> Result<Response<Bytes>> {
    let mut cookie = session_cookie(String::new());
    cookie.set_max_age(cookie::time::Duration::ZERO);
    see_other("/", &cookie)
}

#[cfg(test)]
mod tests {
    use edgepod::testing::TestApp;

    use super::*;

    #[edgepod::test]
    async fn who_signs_in_is_sent_on_and_known_there(app: TestApp) {
        let login = |body: &'static str| Request::post("/login").body(body);
        assert_eq!(app.request(login("password=guess")?).await.status(), 401);
        let reply = app.request(login("password=correct horse")?).await;
        assert_eq!(reply.status(), StatusCode::SEE_OTHER);
        assert_eq!(reply.headers()["location"], "/home");
        let cookie = reply.headers()["set-cookie"].to_str()?.to_owned();
        assert!(
            cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"),
            "{cookie}"
        );
        let (pair, _) = cookie.split_once(';').expect("attributes");
        let home = |cookie: &str| {
            let sent = format!("theme=dark; {cookie}");
            Request::get("/home").header("cookie", sent).body("")
        };
        assert_eq!(app.request(home(pair)?).await.body(), "<h1>Hello ada</h1>");
        let forged = app.request(home("__Host-session=forged")?).await;
        assert_eq!(forged.status(), 401);
    }

    #[edgepod::test]
    async fn a_stream_is_read_to_its_end(app: TestApp) {
        let reply = app
            .request(Request::get("/streams/object/3").body("")?)
            .await;
        assert_eq!(reply.body().len(), 3 * 64 * 1024);
    }
}
