//! The watch mode: a file that changes is proven and serves, or is refused, and either is told at once.

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{ADMIN_KEY, Cycles, Host, version};

#[test]
fn a_component_that_is_written_serves_or_is_told_why_not() {
    let (cycles, data) = (Cycles::new(), TempDir::new().unwrap());
    let directory = cycles.plugins.to_str().unwrap();
    let flags = [("--watch", directory)];
    let host = Host::serve_with(
        &Cycles::catalog(),
        &cycles.plugins,
        data.path(),
        &flags,
        &[],
    );
    host.until_logged("watching for components");
    cycles.write("hire.wasm", &version("dangling"));
    host.until_logged("refused: what served before serves on");
    host.until_logged("[clone] broken_reference");
    cycles.write("hire.wasm", b"half a fil");
    host.until_logged("it is not WebAssembly");
    cycles.write("hire.wasm", &version("panicking"));
    host.until_logged("[clone] trap");
    // No visitor met any of that: nobody is woken for it.
    let metrics = host.metrics();
    for counted in [
        "demo_cloning_errors_total",
        "demo_service_clone_duration_seconds_count",
        "levain_plugin_call_errors_total",
    ] {
        for series in metrics.series(counted) {
            assert_eq!(metrics.value(series), 0.0, "{series}");
        }
    }
    cycles.write("hire.wasm", &version("dearer"));
    host.until_logged("proven, and serving");
    host.until_logged("hire.hire: 0 added, 0 removed, 3 changed (paid)");
    let key = [("x-admin-api-key", ADMIN_KEY)];
    let (_, shown) = host.call(Method::GET, "/api/plugins/hire", &key, &Value::Null);
    assert_eq!(shown["active"]["made_by"], "levain serve --watch");
    assert_eq!(shown["active"]["revision"], json!(2));
    host.stop();
}
