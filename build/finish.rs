//! What is done to the generator's output before it is written.
//!
//! Each step checks that it found what it changes. A version of the generator with another shape of output then fails
//! the build instead of losing `#[non_exhaustive]` or a hook without a word.

use openapiv3::OpenAPI;
use proc_macro2::{Span, TokenStream};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Expr, File, Ident, ImplItem, ImplItemFn, Item, ItemMod, Lit, LitStr, parse_quote};

use super::doc;
use super::fault::Fault;
use super::names::loose;
use super::read::Node;

/// The generator's tokens as the text of a module.
pub fn finish(file: &str, document: &Node, spec: &OpenAPI, tokens: TokenStream) -> Result<String, Vec<Fault>> {
    let code = syn::parse2(tokens).map_err(|error| vec![changed(&format!("Rust: {error}"))])?;
    let mut module = Module { file, document, code, faults: Vec::new() };
    module.check_hooks();
    module.remove_unused();
    module.mark_types();
    let operations = module.operations(spec);
    module.streamline(operations.len());
    module.allow_unused();
    DocCleaner.visit_file_mut(&mut module.code);
    module.add_constants(&operations);
    if module.faults.is_empty() { Ok(prettyplease::unparse(&module.code)) } else { Err(module.faults) }
}

/// A fault of the kind that only another version of the generator brings.
fn changed(missing: &str) -> Fault {
    Fault::whole(format!(
        "progenitor's output is not what build/finish.rs expects: no {missing}; compare it with the last version's"
    ))
}

/// One operation of the generated client.
struct Operation {
    /// What the client hands to the hooks as `OperationInfo::operation_id`.
    id: String,
    method: String,
    path: String,
}

/// The module that is being finished.
struct Module<'a> {
    file: &'a str,
    document: &'a Node,
    code: File,
    faults: Vec<Fault>,
}

impl Module<'_> {
    /// The hooks must be left for this crate to implement.
    fn check_hooks(&mut self) {
        let implemented = self.code.items.iter().any(|item| {
            let Item::Impl(block) = item else {
                return false;
            };
            block
                .trait_
                .as_ref()
                .and_then(|(path, _)| path.segments.last())
                .is_some_and(|segment| segment.ident == "ClientHooks")
        });
        if implemented {
            self.faults.push(changed("client without `impl ClientHooks`"));
        }
    }

    /// Removes `Client::new`, which panics and sets time-outs of its own, and the `prelude`; nobody may use them.
    fn remove_unused(&mut self) {
        let items = &mut self.code.items;
        let before = items.len();
        items.retain(|item| !matches!(item, Item::Mod(module) if module.ident == "prelude"));
        if items.len() + 1 != before {
            self.faults.push(changed("module `prelude`"));
        }

        let mut removed = 0;
        for block in items.iter_mut().filter_map(client_impl) {
            let before = block.len();
            block.retain(|item| !matches!(item, ImplItem::Fn(method) if method.sig.ident == "new"));
            removed += before - block.len();
        }
        if removed != 1 {
            self.faults.push(changed("single `Client::new`"));
        }
    }

    /// Marks the types as open to more fields and variants, and says in their documentation where they come from.
    fn mark_types(&mut self) {
        let schemas = self.schema_names();
        let mut made = Vec::new();
        for item in types(&mut self.code) {
            let (ident, attributes) = match item {
                Item::Struct(item) => {
                    document_fields(item.fields.iter_mut());
                    (&item.ident, &mut item.attrs)
                }
                Item::Enum(item) => {
                    document_variants(item);
                    (&item.ident, &mut item.attrs)
                }
                _ => continue,
            };
            let schema = schemas.iter().find(|name| loose(name) == loose(&ident.to_string()));
            let origin = origin(self.file, schema.map(String::as_str));
            describe_type(ident, attributes, &origin);
            attributes.push(parse_quote!(#[non_exhaustive]));
            made.extend(schema.cloned());
        }
        for schema in schemas.iter().filter(|schema| !made.contains(schema)) {
            self.faults.push(changed(&format!("type for the schema `{schema}`")));
        }
    }

    /// A document describes more than the crate calls and decodes: error bodies, ways to get a token.
    fn allow_unused(&mut self) {
        let reason: Attribute = parse_quote!(#[allow(dead_code, reason = "the document describes more than is used")]);
        for item in &mut self.code.items {
            match item {
                Item::Mod(module) if module.ident == "types" => module.attrs.push(reason.clone()),
                Item::Impl(block) if block.trait_.is_none() => block.attrs.push(reason.clone()),
                _ => {}
            }
        }
    }

    fn schema_names(&self) -> Vec<String> {
        let schemas = self.document.get("components").and_then(|components| components.get("schemas"));
        let entries = schemas.map(Node::entries).unwrap_or_default();
        entries.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The operations as the generated client names them.
    ///
    /// The generator makes its methods in the order of the document's operations, which each method's documentation
    /// confirms.
    fn operations(&mut self, spec: &OpenAPI) -> Vec<Operation> {
        let methods: Vec<ImplItemFn> = self
            .code
            .items
            .iter_mut()
            .filter_map(client_impl)
            .flat_map(|items| items.iter())
            .filter_map(|item| match item {
                ImplItem::Fn(method) if method.sig.asyncness.is_some() => Some(method.clone()),
                _ => None,
            })
            .collect();
        let declared: Vec<_> = spec.operations().collect();
        if methods.len() != declared.len() {
            self.faults.push(changed("one method for each operation"));
        }
        let mut operations = Vec::new();
        for (method, (path, verb, _)) in methods.iter().zip(declared) {
            let verb = verb.to_ascii_uppercase();
            match operation_id(method) {
                Some(id) if documentation(&method.attrs).contains(&format!("`{verb}` request to `{path}`")) => {
                    operations.push(Operation { id, method: verb, path: path.to_owned() });
                }
                _ => self.faults.push(changed(&format!("`OperationInfo` for {verb} {path} where it is expected"))),
            }
        }
        operations
    }

    /// Has each request's URL made from one that was parsed before, and not from text that is parsed anew; and sends no
    /// `api-version`, which the generator invents and no vendor knows.
    fn streamline(&mut self, operations: usize) {
        let mut streamliner = Streamliner::default();
        streamliner.visit_file_mut(&mut self.code);
        if streamliner.urls != operations {
            self.faults.push(changed("`format!` of each URL"));
        }
        if streamliner.versions != operations {
            self.faults.push(changed("header `api-version` in each request"));
        }
    }

    /// Adds what the rest of the crate needs to know of the document.
    fn add_constants(&mut self, operations: &[Operation]) {
        let ids = operations.iter().map(|operation| &operation.id);
        let methods = operations.iter().map(|operation| &operation.method);
        let paths = operations.iter().map(|operation| &operation.path);
        let about = format!("The operations of `{}`, by the id that the hooks are given.", self.file);
        self.code.items.push(parse_quote! {
            #[doc = #about]
            pub(crate) const OPERATIONS: &[crate::transport::Operation] = &[
                #(crate::transport::Operation { id: #ids, method: #methods, path: #paths }),*
            ];
        });

        let server = self.document.get("servers").and_then(|servers| {
            let url = servers.items().first()?.get("url")?.text()?;
            Some(url.trim_end_matches('/'))
        });
        let Some(server) = server else {
            return self.faults.push(changed("server"));
        };
        let about = format!("The server of `{}`, without a slash at its end.", self.file);
        // A template such as `https://{portal}` is no default that a configuration could fall back on.
        let unused: Option<Attribute> = server
            .contains('{')
            .then(|| parse_quote!(#[allow(dead_code, reason = "a template: its users say where their server is")]));
        self.code.items.push(parse_quote! {
            #[doc = #about]
            #unused
            pub(crate) const SERVER: &str = #server;
        });
        self.add_urls_elsewhere();
    }

    /// Adds the whole URL of each operation that is on a server of its own, of which no client is made.
    fn add_urls_elsewhere(&mut self) {
        let urls: Vec<(Ident, String)> = self.document.get("paths").map(urls_elsewhere).unwrap_or_default();
        for (name, url) in urls {
            let about = format!("An operation of `{}` on a server of its own.", self.file);
            self.code.items.push(parse_quote! {
                #[doc = #about]
                pub(crate) const #name: &str = #url;
            });
        }
    }
}

/// The operations of the paths that have servers of their own: the name of a constant, and the URL.
fn urls_elsewhere(paths: &Node) -> Vec<(Ident, String)> {
    let mut urls = Vec::new();
    for (path, item) in paths.entries() {
        let server = item.get("servers").and_then(|servers| servers.items().first()?.get("url")?.text());
        let Some(server) = server else { continue };
        for (_, operation) in item.entries() {
            if let Some(id) = operation.get("operationId").and_then(Node::text) {
                let name = format!("{}_URL", screaming(id));
                urls.push((Ident::new(&name, Span::call_site()), format!("{}{path}", server.trim_end_matches('/'))));
            }
        }
    }
    urls
}

/// `fetchToken` as `FETCH_TOKEN`.
fn screaming(id: &str) -> String {
    let mut name = String::new();
    for c in id.chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    }
    name
}

/// The items of `impl Client`.
fn client_impl(item: &mut Item) -> Option<&mut Vec<ImplItem>> {
    match item {
        Item::Impl(block) if block.trait_.is_none() => Some(&mut block.items),
        _ => None,
    }
}

/// The items of `mod types`.
fn types(code: &mut File) -> impl Iterator<Item = &mut Item> {
    let module = code.items.iter_mut().find_map(|item| match item {
        Item::Mod(ItemMod { ident, content, .. }) if ident == "types" => content.as_mut(),
        _ => None,
    });
    module.into_iter().flat_map(|(_, items)| items.iter_mut())
}

/// The line that leads from a type to the document.
fn origin(file: &str, schema: Option<&str>) -> String {
    match schema {
        Some(schema) => format!("Mirrors the schema `{schema}` in `{file}`."),
        None => format!("Mirrors a part of a schema in `{file}`."),
    }
}

/// Puts the origin behind the description, or in its place if it only repeats the type's name.
fn describe_type(ident: &Ident, attributes: &mut Vec<Attribute>, origin: &str) {
    let text = documentation(attributes);
    let text = text.trim();
    let text =
        if text == format!("`{ident}`") || text.is_empty() { origin.to_owned() } else { format!("{text}\n\n{origin}") };
    set_documentation(attributes, &text);
}

/// Gives each field that has no description its name in the document.
fn document_fields<'a>(fields: impl Iterator<Item = &'a mut syn::Field>) {
    for field in fields {
        let name = field.ident.as_ref().map(Ident::to_string);
        name_if_undocumented(name, &mut field.attrs);
    }
}

fn document_variants(item: &mut syn::ItemEnum) {
    for variant in &mut item.variants {
        name_if_undocumented(Some(variant.ident.to_string()), &mut variant.attrs);
        document_fields(variant.fields.iter_mut().filter(|field| field.ident.is_some()));
    }
}

fn name_if_undocumented(name: Option<String>, attributes: &mut Vec<Attribute>) {
    if documentation(attributes).trim().is_empty() {
        let text = match wire_name(attributes).or(name) {
            Some(name) => format!("`{name}`"),
            None => String::from("The value."),
        };
        set_documentation(attributes, &text);
    }
}

/// The name in `#[serde(rename = "…")]`.
fn wire_name(attributes: &[Attribute]) -> Option<String> {
    let mut name = None;
    for attribute in attributes.iter().filter(|it| it.path().is_ident("serde")) {
        // An attribute that does not parse has no name to find.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                name = Some(meta.value()?.parse::<syn::LitStr>()?.value());
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<Expr>()?;
            }
            Ok(())
        });
    }
    name
}

/// The documentation in `#[doc = "…"]`s.
fn documentation(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_text).collect();
    lines.join("\n")
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let pair = attribute.meta.require_name_value().ok()?;
    match &pair.value {
        Expr::Lit(literal) if pair.path.is_ident("doc") => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn set_documentation(attributes: &mut Vec<Attribute>, text: &str) {
    attributes.retain(|attribute| doc_text(attribute).is_none());
    attributes.insert(0, parse_quote!(#[doc = #text]));
}

/// The text that a method passes to the hooks as `OperationInfo { operation_id: "…" }`.
fn operation_id(method: &ImplItemFn) -> Option<String> {
    let mut finder = IdFinder(None);
    finder.visit_impl_item_fn(method);
    finder.0
}

struct IdFinder(Option<String>);

impl<'ast> Visit<'ast> for IdFinder {
    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if let (syn::Member::Named(name), Expr::Lit(literal)) = (&field.member, &field.expr)
            && name == "operation_id"
            && let Lit::Str(text) = &literal.lit
        {
            self.0 = Some(text.value());
        }
    }
}

/// Changes how requests are put together, and counts what it changed.
#[derive(Default)]
struct Streamliner {
    urls: usize,
    versions: usize,
}

impl VisitMut for Streamliner {
    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        let is_url = matches!(&local.pat, syn::Pat::Ident(pattern) if pattern.ident == "url");
        if let Some(init) = &mut local.init
            && is_url
            && let Some(path) = path_below_base(&init.expr)
        {
            *init.expr = parse_quote!(self.inner.url(&#path));
            self.urls += 1;
        }
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        let before = block.stmts.len();
        block.stmts.retain(|statement| !appends_version(statement));
        self.versions += before - block.stmts.len();
        syn::visit_mut::visit_block_mut(self, block);
    }
}

/// `format!("/path", …)` of `format!("{}/path", self.baseurl, …)`.
fn path_below_base(expression: &Expr) -> Option<Expr> {
    let Expr::Macro(call) = expression else { return None };
    let arguments = call.mac.parse_body_with(Punctuated::<Expr, syn::Token![,]>::parse_terminated).ok()?;
    let mut arguments = arguments.into_iter();
    let Some(Expr::Lit(syn::ExprLit { lit: Lit::Str(template), .. })) = arguments.next() else { return None };
    let template = LitStr::new(template.value().strip_prefix("{}")?, template.span());
    let Some(Expr::Field(syn::ExprField { member: syn::Member::Named(base), .. })) = arguments.next() else {
        return None;
    };
    let is_expected = call.mac.path.is_ident("format") && base == "baseurl";
    is_expected.then(|| parse_quote!(format!(#template, #(#arguments),*)))
}

/// `header_map.append(HeaderName::from_static("api-version"), …)`.
fn appends_version(statement: &syn::Stmt) -> bool {
    let syn::Stmt::Expr(Expr::MethodCall(call), _) = statement else { return false };
    let Some(Expr::Call(name)) = call.args.first() else { return false };
    let name: Option<LitStr> = name.args.first().and_then(|name| syn::parse2(quote::quote!(#name)).ok());
    call.method == "append" && name.is_some_and(|name| name.value() == "api-version")
}

/// Makes rustdoc content with every description.
struct DocCleaner;

impl VisitMut for DocCleaner {
    fn visit_attribute_mut(&mut self, attribute: &mut Attribute) {
        if let Some(text) = doc_text(attribute) {
            let text = doc::clean(&text);
            *attribute = parse_quote!(#[doc = #text]);
        }
    }
}
