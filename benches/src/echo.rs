//! The two servers: the same JSON in and out, once bare, once as a function with an instance for each user.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use nat::{Builder, Context, Function, register_per_user_function};
use nat_core::{Config, Registry, Runtime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Said {
    message: String,
}

#[derive(Serialize, JsonSchema)]
struct Echoed {
    message: String,
    count: u64,
}

struct Echo(AtomicU64);

/// Says what it heard, and how often it heard something.
#[register_per_user_function(input_type = Said, single_output_type = Echoed)]
async fn bench_echo(_settings: (), _builder: &Builder) -> nat::Result<Echo> {
    Ok(Echo(AtomicU64::new(0)))
}

impl Function for Echo {
    type Input = Said;
    type Output = Echoed;

    async fn call(&self, _ctx: &Context, said: Said) -> nat::Result<Echoed> {
        Ok(Echoed { message: said.message, count: self.0.fetch_add(1, Ordering::Relaxed) })
    }
}

const FILE: &str = "
general:
  max_users: 2000000
  front_end: {_type: fastapi, host: 127.0.0.1, port: 0}
workflow: {_type: bench_echo}
";

/// Serves until killed; the address is the first line of standard output.
pub(crate) fn serve(kind: &str) -> ExitCode {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let served = built.map_err(|error| error.to_string()).and_then(|runtime| match kind {
        "axum" => runtime.block_on(axum_echo()).map_err(|error| error.to_string()),
        "nat" => runtime.block_on(nat_echo()),
        other => Err(format!("there is no server `{other}`")),
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::report::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn axum_echo() -> std::io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let echo = async |axum::Json(said): axum::Json<Said>| {
        axum::Json(Echoed { message: said.message, count: COUNT.fetch_add(1, Ordering::Relaxed) })
    };
    let app = axum::Router::new().route("/generate", axum::routing::post(echo));
    let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    crate::report::say(&listener.local_addr()?.to_string());
    axum::serve(listener, app).await
}

async fn nat_echo() -> Result<(), String> {
    let registry = Registry::linked().map_err(|errors| format!("{errors:?}"))?;
    let config = Config::parse(FILE, None, &registry).map_err(|errors| errors.to_string())?;
    let server = nat_server::Server::bind(&config).await.map_err(|error| error.to_string())?;
    let runtime =
        Runtime::start(&config, &registry, CancellationToken::new()).await.map_err(|error| error.to_string())?;
    for address in server.addresses() {
        crate::report::say(&address.to_string());
    }
    server.run(runtime, std::future::pending()).await;
    Ok(())
}
