//! The links between the pages of the guide. Rustdoc checks their pages, but not their headings.

use std::{collections::BTreeMap, fs, path::Path};

/// Returns the text of each page, by the name of its module.
fn pages() -> BTreeMap<String, String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let files = fs::read_dir(docs.join("guide")).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.push(docs.join("porting-from-flask-socketio.md"));
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap();
            (name.replace('-', "_"), fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// Returns the headings of a page, as links name them.
fn anchors(page: &str) -> Vec<String> {
    // Every other part is code, where `#` begins something else.
    let prose = page.split("```").step_by(2);
    prose
        .flat_map(str::lines)
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
        .collect()
}

/// Returns the page and the heading that a link names, if it is a link within the guide.
fn target<'a>(link: &'a str, here: &'a str) -> Option<(String, Option<&'a str>)> {
    let (path, heading) = match link.split_once('#') {
        Some((path, heading)) => (path, Some(heading)),
        None => (link, None),
    };
    let page = match (
        path.strip_prefix("crate::guide::"),
        path.strip_prefix("guide/"),
    ) {
        (Some(page), _) => page.to_owned(),
        (_, Some(file)) => file.strip_suffix(".md")?.replace('-', "_"),
        _ if path.is_empty() => here.to_owned(),
        _ => return None,
    };
    Some((page, heading))
}

#[test]
fn every_link_within_the_guide_leads_to_a_heading() {
    let pages = pages();
    let mut broken = Vec::new();
    let mut links = 0;
    for (name, text) in &pages {
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            let Some((page, heading)) = target(link, name) else {
                continue;
            };
            links += 1;
            let found = pages.get(&page).is_some_and(|page| {
                heading.is_none_or(|heading| anchors(page).iter().any(|anchor| anchor == heading))
            });
            if !found {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(links > 50, "only {links} links were found");
}
