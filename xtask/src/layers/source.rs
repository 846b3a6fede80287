//! The modules of a crate, and which of them each file names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, Meta, UseTree};

use crate::step;

/// The files of a crate, the root first.
pub(super) struct Crate {
    pub(super) files: Vec<Module>,
    pub(super) uses: Vec<Use>,
}

/// A module in a file of its own.
pub(super) struct Module {
    pub(super) shown: String,
    parent: Option<usize>,
    name: String,
    /// In the order in which they are declared.
    children: Vec<usize>,
    /// Names that a `use` brings into this module, and the paths that they stand for.
    brought: BTreeMap<String, Vec<String>>,
    paths: Vec<(Vec<String>, usize)>,
}

/// One file names something of another.
pub(super) struct Use {
    pub(super) user: usize,
    pub(super) used: usize,
    pub(super) name: String,
    pub(super) line: usize,
}

impl Crate {
    /// Reads a crate from the file of its root.
    ///
    /// # Errors
    /// Where a file that a `mod` declares is not there or is not Rust.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut files = vec![];
        let folder = root.parent().context("a file stands in a folder")?;
        read_module(&mut files, root, folder, None, String::new())?;
        let mut modules = Self {
            files,
            uses: vec![],
        };
        // The root is a table of contents: it may name everything.
        for user in 1..modules.files.len() {
            modules.find_uses(user);
        }
        Ok(modules)
    }

    pub(super) fn arrows(&self) -> BTreeSet<(usize, usize)> {
        self.uses
            .iter()
            .map(|found| (found.user, found.used))
            .collect()
    }

    /// The two modules, declared in one place, that stand in the wrong order for this use.
    pub(super) fn against_order(&self, found: &Use) -> Option<(&str, &str)> {
        let (user, used) = (self.line_of(found.user), self.line_of(found.used));
        let same = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
        let (user, used) = (*user.get(same)?, *used.get(same)?);
        let siblings = &self.files[self.files[user].parent?].children;
        let rank = |module| siblings.iter().position(|sibling| *sibling == module);
        (rank(used) > rank(user)).then(|| (&*self.files[user].name, &*self.files[used].name))
    }

    /// A module and those that it stands in, the outermost first.
    fn line_of(&self, module: usize) -> Vec<usize> {
        let mut line = vec![];
        let mut next = Some(module);
        while let Some(module) = next {
            line.insert(0, module);
            next = self.files[module].parent;
        }
        line
    }

    fn find_uses(&mut self, user: usize) {
        let mut found = BTreeMap::new();
        for (path, line) in &self.files[user].paths {
            if let Some(used) = self.resolve(user, path, 0).filter(|used| *used != user) {
                let name = path.last().cloned().unwrap_or_default();
                found.entry((used, name)).or_insert(*line);
            }
        }
        let uses = found.into_iter().map(|((used, name), line)| Use {
            user,
            used,
            name,
            line,
        });
        self.uses.extend(uses);
    }

    /// The file in which what a path names is defined, where it is in this crate.
    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<usize> {
        let first = path.first()?;
        let (mut at, mut rest) = match first.as_str() {
            "crate" => (0, &path[1..]),
            "self" => (from, &path[1..]),
            "super" => (self.files[from].parent?, &path[1..]),
            name if self.child(from, name).is_some() => (from, path),
            _ => return None,
        };
        while let Some(name) = rest.first() {
            if name == "super" {
                at = self.files[at].parent?;
            } else if let Some(child) = self.child(at, name) {
                at = child;
            } else {
                break;
            }
            rest = &rest[1..];
        }
        let Some(name) = rest.first() else {
            return Some(at);
        };
        // A re-export leads on to where the name is defined.
        if depth < 8 {
            let module = &self.files[at];
            if let Some(path) = module.brought.get(name) {
                return self.resolve(at, path, depth + 1).or(Some(at));
            }
        }
        Some(at)
    }

    fn child(&self, of: usize, name: &str) -> Option<usize> {
        let mut children = self.files[of].children.iter().copied();
        children.find(|child| self.files[*child].name == name)
    }
}

/// Reads a file and, behind it, those of the modules that it declares.
fn read_module(
    files: &mut Vec<Module>,
    path: &Path,
    folder: &Path,
    parent: Option<usize>,
    name: String,
) -> Result<usize> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let file = syn::parse_file(&text).with_context(|| path.display().to_string())?;
    let mut names = Names::default();
    names.visit_file(&file);
    let this = files.len();
    let shown = path.strip_prefix(step::root()).unwrap_or(path);
    files.push(Module {
        shown: shown.display().to_string(),
        parent,
        name,
        children: vec![],
        brought: names.brought,
        paths: names.paths,
    });
    for declared in names.modules {
        let path = folder.join(format!("{declared}.rs"));
        let child = read_module(files, &path, &folder.join(&declared), Some(this), declared)?;
        files[this].children.push(child);
    }
    Ok(this)
}

/// Every path of a file that could lead to another one.
#[derive(Default)]
struct Names {
    modules: Vec<String>,
    brought: BTreeMap<String, Vec<String>>,
    paths: Vec<(Vec<String>, usize)>,
}

impl Names {
    fn flatten(&mut self, before: &[String], tree: &UseTree) {
        let mut path = before.to_vec();
        let mut leaf = |name: &syn::Ident, known: &syn::Ident| {
            if name != "self" {
                path.push(name.to_string());
            }
            self.paths.push((path.clone(), name.span().start().line));
            let known = if known == "self" {
                path.last().cloned()
            } else {
                Some(known.to_string())
            };
            self.brought
                .extend(known.map(|known| (known, path.clone())));
        };
        match tree {
            UseTree::Name(name) => leaf(&name.ident, &name.ident),
            UseTree::Rename(rename) => leaf(&rename.ident, &rename.rename),
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.flatten(&path, &inner.tree);
            }
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|tree| self.flatten(&path, tree)),
            UseTree::Glob(glob) => {
                self.paths
                    .push((path.clone(), glob.star_token.spans[0].start().line));
            }
        }
    }

    /// `crate::a::b` and its like between the tokens of a macro, which nobody has parsed.
    fn in_macro(&mut self, tokens: TokenStream) {
        let (mut path, mut line, mut colons) = (vec![], 0, 0);
        for token in tokens {
            match token {
                TokenTree::Punct(colon) if colon.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.add(std::mem::take(&mut path), line);
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                }
                other => {
                    self.add(std::mem::take(&mut path), line);
                    if let TokenTree::Group(group) = other {
                        self.in_macro(group.stream());
                    }
                }
            }
            colons = 0;
        }
        self.add(path, line);
    }

    fn add(&mut self, path: Vec<String>, line: usize) {
        if path.len() > 1 {
            self.paths.push((path, line));
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        if !only_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.content.is_none() {
            self.modules.push(item.ident.to_string());
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.flatten(&[], &item.tree);
    }

    /// `pub(in crate::a)` says who may look in, not whom this file needs.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        let line = path
            .segments
            .first()
            .map_or(0, |part| part.ident.span().start().line);
        self.add(names, line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.in_macro(called.tokens.clone());
        visit::visit_macro(self, called);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        _ => &[],
    }
}

fn only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        _ => false,
    })
}
