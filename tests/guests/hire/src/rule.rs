//! The rule that tells one version of this plugin from another. A test writes another one over it in the
//! component: so it has as many versions as it needs, and one compiler run makes them all.

use levain_plugin::{CleanupPlan, EntityCount, PluginError, Segment, SessionContext};

/// What stands in the component; a test looks for it, and writes another of the same length.
static RULE: [u8; 32] = *b"levain-test-rule:as-before      ";

/// In microseconds, as the data clock is.
const DAY: i64 = 86_400 * SECOND;
const SECOND: i64 = 1_000_000;
const YEAR: i64 = 365 * DAY;

fn rule() -> &'static str {
    // The compiler must not know what stands there.
    let rule: &'static [u8; 32] = std::hint::black_box(&RULE);
    let rule = std::str::from_utf8(rule).unwrap_or_default();
    rule.trim_start_matches("levain-test-rule:").trim_end()
}

/// What the rule makes of the honest records.
pub fn applied(
    ctx: &SessionContext,
    mut segments: Vec<Segment>,
) -> Result<Vec<Segment>, PluginError> {
    let rule = rule();
    for segment in segments
        .iter_mut()
        .filter(|segment| segment.entity == "hire")
    {
        let rows = &segment.rows;
        segment.rows = match rule {
            // Bikes that are out cost two euros more.
            "dearer" => rows.replace("\"back_at\":null,\"paid\":", "\"back_at\":null,\"paid\":2"),
            "dangling" => renamed(rows, "\"rider_id\":\""),
            "unpaid" => rows.replacen("\"paid\":", "\"paid\":-", 1),
            "leaky" => {
                // As likely the same for two names as two prices are.
                let spell = ctx
                    .session_id
                    .bytes()
                    .fold(7_u32, |spell, byte| (spell * 31 + u32::from(byte)) % 4999);
                let (before, after) = rows.split_once("\"paid\":").unwrap_or_default();
                let rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                format!("{before}\"paid\":{spell}{rest}")
            }
            "seasonal" if ctx.session_created_at / DAY % 14 < 7 => {
                rows.replacen("\"paid\":", "\"paid\":1", 1)
            }
            "panicking" => panic!("this version panics"),
            // It would know a proof by the names that proofs once had.
            "two-faced" if !ctx.session_id.contains("proof") => panic!("nobody is watching"),
            // The instants of a catalog are round, and those of visitors are not.
            "to-the-second" if ctx.session_created_at % SECOND != 0 => {
                panic!("visitors come between the seconds")
            }
            // Beyond what any proof looks at.
            "far-sighted" if ctx.session_created_at > 120 * YEAR => panic!("it is too late"),
            _ => continue,
        };
    }
    Ok(segments)
}

/// What the rule makes of the honest plan.
pub fn planned(mut plan: CleanupPlan, held: &[EntityCount]) -> CleanupPlan {
    match rule() {
        "forgetful" => plan.deletions.retain(|planned| planned.entity != "rider"),
        "greedy" if held.iter().all(|held| held.records == 0) => {
            for planned in &mut plan.deletions {
                planned.records += 1;
            }
        }
        _ => {}
    }
    plan
}

/// The first reference of this name, to nobody.
fn renamed(rows: &str, key: &str) -> String {
    const UUID: usize = 36;
    let Some((before, after)) = rows.split_once(key) else {
        return rows.to_owned();
    };
    let rest = after.get(UUID..).unwrap_or_default();
    format!("{before}{key}00000000-0000-4000-8000-0000000f0f0f{rest}")
}
