//! `levain plugin list` and `levain plugin show`.

use clap::Args;
use ureq::http::Method;

use super::responses::{Plugin, Plugins, Version};
use crate::cli::client::{Call, Client, plugin_path};
use crate::cli::ending::Ending;
use crate::cli::failure::Failure;
use crate::cli::host::AdminArguments;
use crate::cli::output::Output;
use crate::cli::text::{Column, Grid, NOTHING, grouped, short_digest};

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArguments {
    #[command(flatten)]
    admin: AdminArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArguments {
    /// The domain
    domain: String,
    #[command(flatten)]
    admin: AdminArguments,
}

/// Lists what serves.
pub(super) fn list(arguments: &ListArguments, output: &Output) -> Result<Ending, Failure> {
    let admin = &arguments.admin;
    let key = admin.key()?;
    let call = Call::new(Method::GET, "/api/plugins").with_admin_key(key.as_ref());
    let response = Client::new(&admin.host.url).call(call)?;
    if admin.host.json {
        output.data(response.text.trim_end());
        return Ok(Ending::Well);
    }
    let plugins: Plugins = response.read()?;
    let mut grid = Grid::new(&[
        Column::Left("domain"),
        Column::Left("health"),
        Column::Left("component"),
        Column::Right("bytes"),
        Column::Left("wit"),
        Column::Right("since revision"),
        Column::Left("by"),
    ]);
    for plugin in &plugins.plugins {
        grid.line(line(plugin));
    }
    output.data(&grid.to_string());
    output.data(&format!("revision {}", plugins.revision));
    Ok(Ending::Well)
}

fn line(plugin: &Plugin) -> Vec<String> {
    let nothing = || NOTHING.to_owned();
    let active = plugin.active.as_ref();
    vec![
        plugin.domain.clone(),
        plugin.health.clone(),
        active.map_or_else(nothing, |active| short_digest(&active.digest)),
        plugin.size_bytes.map_or_else(nothing, grouped),
        plugin.wit_version.clone().unwrap_or_else(nothing),
        active.map_or_else(nothing, |active| active.revision.to_string()),
        active
            .and_then(|active| active.made_by.clone())
            .unwrap_or_else(nothing),
    ]
}

/// Shows the versions of one domain.
pub(super) fn show(arguments: &ShowArguments, output: &Output) -> Result<Ending, Failure> {
    let admin = &arguments.admin;
    let key = admin.key()?;
    let path = plugin_path(&arguments.domain, "")?;
    let call = Call::new(Method::GET, &path).with_admin_key(key.as_ref());
    let response = Client::new(&admin.host.url).call(call)?;
    if admin.host.json {
        output.data(response.text.trim_end());
        return Ok(Ending::Well);
    }
    let plugin: Plugin = response.read()?;
    let mut lines = vec![format!("{}: {}", plugin.domain, plugin.health)];
    lines.extend(plugin.reason.clone());
    if let Some(active) = &plugin.active {
        lines.push(format!("serves   {}", sentence(active)));
    }
    let earlier = plugin.earlier.iter();
    lines.extend(earlier.map(|version| format!("earlier  {}", sentence(version))));
    output.data(&lines.join("\n"));
    if !plugin.earlier.is_empty() {
        output.hint(&format!("levain plugin rollback {}", plugin.domain));
    }
    Ok(Ending::Well)
}

fn sentence(version: &Version) -> String {
    let of = |text: &Option<String>| text.clone().unwrap_or_else(|| NOTHING.to_owned());
    format!(
        "{}  revision {} ({}), {}, by {}",
        version.digest,
        version.revision,
        of(&version.cause),
        of(&version.made_at),
        of(&version.made_by)
    )
}
